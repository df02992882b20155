"""An existing spaCy pipeline as a source of weak labels."""

from collections.abc import Iterator, Mapping

from spacy.language import Language

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from ..weak.labeller import Labeller
from .confidence import confidence

SOURCE = "pipeline"
OTHER_LABEL = "pipeline entity of a label that is not asked for"


class PipelineLabeller(Labeller):
    """The entities (`doc.ents`) that `nlp` finds in the text of a note.

    `names`: its labels -> ours; others are left out and counted in `drops`. Without it
    all labels stay as they are. A span's score is its confidence where the pipeline
    tells one, else 1; spans below `min_score` are counted. Raises M563 for a name that
    the pipeline does not know, M564 where it finds no entities; `find` raises M565
    where it changes the text.
    """

    name = SOURCE

    def __init__(
        self,
        nlp: Language,
        names: Mapping[str, str] | None = None,
        *,
        model: str,
        min_score: float = 0.0,
        drops: DropCounts | None = None,
    ) -> None:
        known = entity_labels(nlp)
        if not known and not names:
            pipes = ", ".join(nlp.pipe_names) or "none"
            raise MslmError(Errors.M564.format(model=model, pipes=pipes))
        if known and (unknown := ", ".join(sorted(set(names or ()) - {*known}))):
            shown = ", ".join(known)
            raise MslmError(Errors.M563.format(model=model, label=unknown, known=shown))
        self.nlp = nlp
        self.model = model
        self.names = dict(names or zip(known, known, strict=True))
        self.labels = tuple(dict.fromkeys(self.names.values()))
        self.min_score = min_score
        self.drops = DropCounts() if drops is None else drops

    def find(self, note: Note) -> Iterator[CharSpan]:
        doc = self.nlp(note.text)
        if doc.text != note.text:
            raise MslmError(Errors.M565.format(model=self.model))
        for entity in doc.ents:
            label = self.names.get(entity.label_)
            if label is None:
                self.drops[OTHER_LABEL] += 1
                continue
            known = confidence(entity)
            score = 1.0 if known is None else round(min(1.0, known), 6)
            if score < self.min_score:
                self.drops["score below the least"] += 1
                continue
            text = note.text[entity.start_char : entity.end_char]
            start = entity.start_char + len(text) - len(text.lstrip())
            end = start + len(text.strip())
            yield CharSpan(start, end, label, self.name, entity.kb_id_, score)


def entity_labels(nlp: Language) -> list[str]:
    """The labels that the pipeline's components say they set in `doc.ents`."""
    labels: set[str] = set()
    for name in nlp.pipe_names:
        if "doc.ents" in nlp.get_pipe_meta(name).assigns:
            labels.update(nlp.pipe_labels.get(name, ()))
    return sorted(labels)
