"""Wirings of the unrolled network: many to one, in step, encoder then decoder, one to many, and one without memory."""

from elman.models.encoder_decoder import EncoderDecoder
from elman.models.feedforward import Feedforward
from elman.models.in_step import InStep
from elman.models.many_to_one import ManyToOne
from elman.models.one_to_many import OneToMany
from elman.models.search import Hypothesis
from elman.models.steps_ahead import StepsAhead

__all__ = ["EncoderDecoder", "Feedforward", "Hypothesis", "InStep", "ManyToOne", "OneToMany", "StepsAhead"]
