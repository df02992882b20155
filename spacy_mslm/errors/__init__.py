"""Every message of the package, coded, each with the next step.

Codes by room: 1xx notes, 2xx weak, 3xx corpus, 4xx masking and nn, 5xx pipeline,
6xx scoring and report, 7xx stages, runners and command line, 8xx experiments. No
message may carry text of a note.
"""

from typing import Any

from .corpus import CorpusErrors
from .experiments import ExperimentErrors
from .nn import CoreErrors
from .notes import NotesErrors
from .pipeline import PipelineErrors
from .report import ReportErrors
from .stages import StagesErrors
from .weak import WeakErrors


class MslmError(ValueError):
    """A failure the user can mend: one line with a code and the next step."""


class _Coded(type):
    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith("_") and isinstance(value, str):
            return f"[{name}] {value}"
        return value


class Errors(
    NotesErrors,
    WeakErrors,
    CorpusErrors,
    CoreErrors,
    PipelineErrors,
    ReportErrors,
    StagesErrors,
    ExperimentErrors,
    metaclass=_Coded,
):
    """What goes wrong, by code: `Errors.M101` is the message with its code."""


class Notes(metaclass=_Coded):
    """What a log says without anything being wrong."""

    N501 = "component '{name}': mask weights: term {entity:.3f}, base {base:.3f}."
    N502 = (
        "encoder '{source}': the checkpoint has no masked-LM head; a fresh one trains "
        "with the other heads."
    )
    N503 = (
        "component '{name}': entities are learnt from masked text alone "
        "(detection_view = masked), as the paper writes it. Such a model learns where "
        "masks are and finds little or nothing in clean text, which is all that it "
        "will read. For use, set detection_view = clean."
    )
    N504 = "batches are sorted by words, not by pieces: {reason}"
    N505 = (
        "encoder from scratch: {kind}, {number:,} parameters, random weights of seed "
        "{seed}; pieces of '{source}'."
    )
    N520 = (
        "{path}: no terms in {docs} documents, so masks fall on words alone (plain "
        "masked-LM training)."
    )
    N521 = (
        "encoder '{source}': the checkpoint has no masked-LM head, a fresh one is "
        "trained; the loss before says nothing."
    )
    N522 = "going on from update {update} of {updates}."
    N523 = "{path}: finished before with the same settings and data; nothing was done."
    N524 = "mask weights: term {entity:.3f}, base {base:.3f}."
    N525 = (
        "mask weights are equal: as many pieces of terms are masked as of other words, "
        "or more, so that eq. 3 makes both 0.5. Errors on terms cost no more: mask "
        "fewer terms, or give --weighting a number."
    )
