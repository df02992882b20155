"""Masking strategies: each takes a sentence and returns a MaskPlan (numpy only)."""

from .amount import Unit as Unit
from .joint import JointMasking as JointMasking
from .keys import text_hash as text_hash
from .pmi import PmiMasking as PmiMasking
from .spans import SpanMasking as SpanMasking
from .strategy import Strategy as Strategy
from .terms import TermMasking as TermMasking
from .tokens import TokenMasking as TokenMasking
from .weights import EQUAL as EQUAL
from .weights import Weighting as Weighting
from .weights import check_weighting as check_weighting
from .weights import mask_weights as mask_weights
