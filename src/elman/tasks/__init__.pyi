from .classifier import Classifier as Classifier
from .forecaster import Forecaster as Forecaster
from .generator import Generator as Generator
from .loading import load as load
from .regressor import Regressor as Regressor
from .tagger import Tagger as Tagger
from .transcriber import Transcriber as Transcriber
