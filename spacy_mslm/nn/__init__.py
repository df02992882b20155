"""The torch core: encoder, windows, heads, losses, one step, one predict (no spaCy)."""

from .batch import Batch as Batch
from .batch import count_kinds as count_kinds
from .batch import make_batch as make_batch
from .documents import Annotation as Annotation
from .documents import ScoredSpan as ScoredSpan
from .documents import WordDoc as WordDoc
from .encoder import LoadedEncoder as LoadedEncoder
from .encoder import load_encoder as load_encoder
from .encoder import longest_window as longest_window
from .heads import HeadSettings as HeadSettings
from .kernels import keep_few_kernels
from .loss import LossParts as LossParts
from .loss import LossWeights as LossWeights
from .network import MslmNetwork as MslmNetwork
from .optimizer import parameter_groups as parameter_groups
from .optimizer import warmup_linear as warmup_linear
from .predict import predict as predict
from .step import Objective as Objective
from .step import step as step

keep_few_kernels()
