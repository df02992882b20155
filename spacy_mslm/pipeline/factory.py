"""The factory `mslm_ner`: its settings with their defaults, in one place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy.language import Language
from thinc.api import Config, Model

from .component import MslmNer

DEFAULT_MODEL = Config().from_disk(Path(__file__).with_name("default.cfg"))["model"]


@Language.factory(
    "mslm_ner",
    assigns=[
        *("doc.ents", "token.ent_iob", "token.ent_type", "token.ent_kb_id"),
        "span._.confidence",
    ],
    default_config={
        "model": DEFAULT_MODEL,
        "threshold": 0.0,
        "outside_bias": 0.0,
        "spans_key": None,
        "trf_data": False,
        "scorer": {"@scorers": "spacy-mslm.MslmScorer.v1"},
    },
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_mslm_ner(
    nlp: Language,
    name: str,
    model: Model,
    threshold: float,
    outside_bias: float,
    spans_key: str | None,
    trf_data: bool,
    scorer: Callable[..., dict[str, Any]] | None,
) -> MslmNer:
    return MslmNer(
        nlp.vocab,
        model,
        name,
        threshold=threshold,
        outside_bias=outside_bias,
        spans_key=spans_key,
        trf_data=trf_data,
        scorer=scorer,
    )
