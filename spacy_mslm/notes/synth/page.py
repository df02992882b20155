"""Text with its mentions: pieces are joined and wrapped, offsets stay right."""

from dataclasses import dataclass, field, replace

from ...types import CharSpan
from .deck import MentionKind

WIDTH = 75


@dataclass(frozen=True, slots=True)
class Mention:
    """A gold span and how it is written."""

    span: CharSpan
    kind: MentionKind

    def moved(self, by: int) -> "Mention":
        start, end = self.span.start + by, self.span.end + by
        return Mention(replace(self.span, start=start, end=end), self.kind)


@dataclass(slots=True)
class Page:
    """Text under construction; `mentions` are offsets into `text`, in order."""

    text: str = ""
    mentions: list[Mention] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Append; a full stop after "q.d." is not written twice."""
        if self.text.endswith("."):
            text = text.removeprefix(".")
        self.text += text

    def add_mention(self, surface: str, label: str, concept_id: str, kind: MentionKind):
        start = len(self.text)
        span = CharSpan(start, start + len(surface), label, "gold", concept_id)
        self.text += surface
        self.mentions.append(Mention(span, kind))

    def add_page(self, page: "Page") -> None:
        self.mentions += [mention.moved(len(self.text)) for mention in page.mentions]
        self.text += page.text

    def words(self) -> int:
        return len(self.text.split())

    def capitalise(self) -> None:
        self.text = self.text[:1].upper() + self.text[1:]

    def wrap(self) -> None:
        """Break lines at `WIDTH` columns, inside mentions and placeholders too.

        A blank becomes a line break, so no offset moves.
        """
        self.text = wrap(self.text)


def wrap(text: str, width: int = WIDTH) -> str:
    """`text` of the same length, with blanks turned into breaks; long words stay."""
    chars = list(text)
    line_start, last_blank = 0, -1
    for place, char in enumerate(text):
        if char == "\n":
            line_start, last_blank = place + 1, -1
        elif char == " ":
            if place - line_start <= width and text[line_start:place].strip():
                last_blank = place
        elif place - line_start >= width and last_blank >= 0:
            chars[last_blank] = "\n"
            line_start, last_blank = last_blank + 1, -1
    return "".join(chars)
