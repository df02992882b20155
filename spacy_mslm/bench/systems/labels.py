"""Labelling notes with a terminology: this project's labeller and its peers.

`options["peer"]`: "ours" (`MedcatLabeller`: paragraphs, overlaps, clusters, what the
note says), "plain" (without that last), "thorough" (MedCAT's spell check on),
"dictionary" (longest match, and what the note says), "medcat" (its own
`get_entities`, a note at a time), "phrases" (spaCy's PhraseMatcher over its English
tokenizer) or "edsnlp" (its matcher). All have the same names of the same concepts;
`options["concepts"]` is the folder of `concepts build`, `options["names"]` a file of
them, one a line.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..spec import Spec, TakeTurn, Turn


def label(spec: Spec) -> TakeTurn:
    """Each turn labels all texts and counts the spans found."""
    find = {
        "ours": _ours,
        "plain": _ours,
        "thorough": _ours,
        "dictionary": _ours,
        "medcat": _medcat,
        "phrases": _phrases,
        "edsnlp": _edsnlp,
    }[spec.options["peer"]](spec)
    texts = spec.plain_texts()

    def turn(words: int) -> Turn:
        return Turn(found=find(texts))

    return turn


def _ours(spec: Spec) -> Callable[[list[str]], int]:
    spans = our_spans(Path(spec.options["concepts"]), spec.options["peer"])
    return lambda texts: sum(map(len, spans(texts)))


def our_spans(folder: Path, peer: str) -> Callable[[list[str]], Iterator[list[Any]]]:
    """What finds the spans of each text, in the `peer` of ours that is asked for."""
    from ...stages.labelling.finding import find_spans
    from ...stages.labelling.sources import Sources, load
    from ...types import Note

    sources = Sources(concepts=folder, plain=peer == "plain")
    if peer == "dictionary":
        sources = Sources(dictionary=folder)
    [(labeller, drops)] = load(sources).values()
    if peer == "thorough":
        _medcat_of(labeller).config.general.spell_check = True

    def spans(texts: list[str]) -> Iterator[list[Any]]:
        for number, text in enumerate(texts):
            note = Note(str(number), str(number), text)
            yield find_spans(labeller, note, "longest", drops)

    return spans


def _medcat(spec: Spec) -> Callable[[list[str]], int]:
    from ...stages.labelling.sources import Sources, load

    sources = Sources(concepts=Path(spec.options["concepts"]), plain=True)
    [(labeller, _)] = load(sources).values()
    # The same concepts and settings: what differs is who calls it, and how.
    cat = _medcat_of(labeller)

    def find(texts: list[str]) -> int:
        return sum(len(cat.get_entities(t).get("entities", ())) for t in texts)

    return find


def _medcat_of(labeller: Any) -> Any:
    while not hasattr(labeller, "cat"):
        labeller = labeller.inner
    return labeller.cat


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
