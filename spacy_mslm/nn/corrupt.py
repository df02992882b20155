"""What the encoder sees at masked positions."""

import numpy as np

from ..types import Corruption, IntArray, MaskKind
from .batch import Kinds
from .pieces import PieceTokenizer


def corrupt(
    ids: IntArray,
    kinds: Kinds,
    tokenizer: PieceTokenizer,
    corruption: Corruption,
    rng: np.random.Generator,
) -> IntArray:
    """(N,) ids with masked pieces hidden; `ids` itself stays as it is.

    Random pieces are drawn from the vocabulary without specials. Pieces of one word
    are drawn apart from each other, as in BERT.
    """
    masked = np.flatnonzero(kinds != MaskKind.NONE)
    shown = ids.copy()
    shown[masked] = tokenizer.specials.mask
    if corruption.mask < 1:
        draw = rng.random(len(masked))
        at_random = masked[draw < corruption.random]
        kept = masked[draw >= 1 - corruption.keep]
        shown[at_random] = rng.choice(tokenizer.ordinary, size=len(at_random))
        shown[kept] = ids[kept]
    return shown
