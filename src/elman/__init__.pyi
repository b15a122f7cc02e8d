__version__: str

from .equations import Cell as Cell
from .equations import Parameter as Parameter
from .equations import absolute as absolute
from .equations import cell as cell
from .equations import cos as cos
from .equations import exp as exp
from .equations import log as log
from .equations import maximum as maximum
from .equations import minimum as minimum
from .equations import relu as relu
from .equations import sigmoid as sigmoid
from .equations import sin as sin
from .equations import sqrt as sqrt
from .equations import tanh as tanh
from .equations import where as where
from .errors import EquationError as EquationError
from .errors import InputError as InputError
from .errors import MissingExtra as MissingExtra
