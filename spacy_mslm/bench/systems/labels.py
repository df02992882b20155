"""Labelling notes with a terminology: this project's labeller and its peers.

`options["peer"]`: "ours" (`MedcatLabeller`: paragraphs, overlaps, clusters), "medcat"
(its own `get_entities`, a note at a time), "phrases" (spaCy's PhraseMatcher over its
English tokenizer) or "edsnlp" (its matcher). All have the same names of the same
concepts; `options["concepts"]` is the folder of `concepts build`, `options["names"]` a
file of them, one a line.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..spec import Spec, TakeTurn, Turn


def label(spec: Spec) -> TakeTurn:
    """Each turn labels all texts and counts the spans found."""
    find = {
        "ours": _ours,
        "medcat": _medcat,
        "phrases": _phrases,
        "edsnlp": _edsnlp,
    }[spec.options["peer"]](spec)
    texts = spec.plain_texts()

    def turn(words: int) -> Turn:
        return Turn(found=find(texts))

    return turn


def _ours(spec: Spec) -> Callable[[list[str]], int]:
    from ...stages.labelling.concepts import load_labeller
    from ...stages.labelling.label import find_spans
    from ...types import DropCounts, Note

    drops = DropCounts()
    folder = Path(spec.options["concepts"])
    labeller = load_labeller(folder, min_score=0.0, drops=drops)

    def find(texts: list[str]) -> int:
        notes = (Note(str(i), str(i), text) for i, text in enumerate(texts))
        return sum(len(find_spans(labeller, n, "longest", drops)) for n in notes)

    return find


def _medcat(spec: Spec) -> Callable[[list[str]], int]:
    from ...stages.labelling.concepts import load_labeller
    from ...types import DropCounts

    folder = Path(spec.options["concepts"])
    # The same concepts and settings: what differs is who calls it, and how.
    labeller: Any = load_labeller(folder, min_score=0.0, drops=DropCounts())
    cat = labeller.cat

    def find(texts: list[str]) -> int:
        return sum(len(cat.get_entities(t).get("entities", ())) for t in texts)

    return find


def _phrases(spec: Spec) -> Callable[[list[str]], int]:
    import spacy
    from spacy.matcher import PhraseMatcher
    from spacy.util import filter_spans

    nlp: Any = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("name", list(nlp.tokenizer.pipe(_names(spec))))

    def find(texts: list[str]) -> int:
        return sum(
            len(filter_spans(matcher(doc, as_spans=True))) for doc in nlp.pipe(texts)
        )

    return find


def _edsnlp(spec: Spec) -> Callable[[list[str]], int]:
    import edsnlp

    nlp: Any = edsnlp.blank("eds")
    terms = {"name": _names(spec)}
    nlp.add_pipe("eds.matcher", config={"terms": terms, "attr": "LOWER"})

    def find(texts: list[str]) -> int:
        return sum(len(doc.ents) for doc in nlp.pipe(texts))

    return find


def _names(spec: Spec) -> list[str]:
    return Path(spec.options["names"]).read_text(encoding="utf8").splitlines()
