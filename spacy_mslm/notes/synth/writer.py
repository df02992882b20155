"""Writes one note: picks sections and templates, fills them, lays them out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from .deck import Deck, MentionKind
from .fillers import Persona, fill
from .page import Page
from .templates import MENTION_SLOTS, SectionPlan, Template, TemplateBook
from .vocabulary import Choice, Vocabulary

# Words to aim at; the last sentence may go beyond.
TARGET_WORDS = (128, 198)
OPTIONAL_SECTION = 0.6
FAVOURITE_MENTION = 0.5
# How often a sentence or item holds mentions, where its section has both sorts.
WITH_MENTION = {"prose": 0.75, "list": 0.85, "lines": 0.5, "inline": 0.75}
INLINE_HEADING = 0.4
CAPITAL_TREATMENTS = 0.4
CAPITAL_ITEMS = 0.5
_TRIES = 10


@dataclass(slots=True)
class _Section:
    plan: SectionPlan
    items: list[Page] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.items) >= self.plan.items[1]


class NoteWriter:
    """Writes the notes of one patient from one part's templates and vocabulary."""

    def __init__(
        self,
        book: TemplateBook,
        vocabulary: Vocabulary,
        deck: Deck,
        rng: Random,
        taken: dict[str, str],
    ) -> None:
        self._book = book
        self._vocabulary = vocabulary
        self._deck = deck
        self._rng = rng
        self._taken = taken

    def write(
        self,
        layout: Sequence[SectionPlan],
        persona: Persona,
        favourites: Sequence[str],
    ) -> tuple[Page, dict[str, list[str]]]:
        """A note's page, and the kinds, templates and headings that it is made of."""
        self._persona, self._favourites = persona, favourites
        self._capital_treatments = self._rng.random() < CAPITAL_TREATMENTS
        sections = self._fill_sections(layout)
        page, headings = self._lay_out(sections)
        used = sorted({name for section in sections for name in section.used})
        kinds = [str(mention.kind) for mention in page.mentions]
        return page, {"kinds": kinds, "templates": used, "headings": headings}

    def _fill_sections(self, layout: Sequence[SectionPlan]) -> list[_Section]:
        """First every section's fewest items, then more until the note is long."""
        rng = self._rng
        sections = [
            _Section(plan)
            for plan in layout
            if plan.always or rng.random() < OPTIONAL_SECTION
        ]
        words = 0
        for section in sections:
            for _ in range(section.plan.items[0]):
                words += self._add_item(section)
        target = rng.randint(*TARGET_WORDS)
        while words < target:
            unfinished = [section for section in sections if not section.full]
            if not unfinished:
                break
            words += self._add_item(rng.choice(unfinished))
        return sections

    def _add_item(self, section: _Section) -> int:
        template = self._pick(section)
        item = self._render(template)
        section.used.add(template.template_id)
        section.items.append(item)
        return item.words()

    def _pick(self, section: _Section) -> Template:
        """A template of the section, an opener first; lists may repeat theirs."""
        name, rng = section.plan.section, self._rng
        say, fill_in = self._book.say.get(name, ()), self._book.fill.get(name, ())
        openers = [template for template in say if template.opens]
        if openers and not section.items:
            return rng.choice(openers)
        chance = WITH_MENTION[section.plan.style]
        speak = bool(say) and (not fill_in or rng.random() < chance)
        group = [t for t in (say if speak else fill_in) if not t.opens]
        if section.plan.style != "list" or not speak:
            group = [t for t in group if t.template_id not in section.used] or group
        return rng.choice(group)

    def _render(self, template: Template) -> Page:
        page = Page()
        used: set[str] = set()
        for place, piece in enumerate(template.pieces):
            if place % 2 == 0:
                page.add(piece)
            elif piece in MENTION_SLOTS:
                self._mention(page, MENTION_SLOTS[piece], used)
            else:
                page.add(fill(piece, self._persona, self._rng))
        return page

    def _mention(self, page: Page, label: str, used: set[str]) -> None:
        kind = self._deck.deal(self._vocabulary.kinds(label))
        choice = self._choose(label, kind, used)
        used.add(choice.concept_id)
        surface = choice.surface
        capital = label == "Treatments" and self._capital_treatments
        if kind != MentionKind.ABBREVIATION and (capital or page.text.endswith(". ")):
            surface = surface[:1].upper() + surface[1:]
        page.add_mention(surface, label, choice.concept_id, kind)

    def _choose(self, label: str, kind: MentionKind, used: set[str]) -> Choice:
        """A concept that its sentence does not name yet, if one is soon found."""
        for _ in range(_TRIES):
            liked = self._rng.random() < FAVOURITE_MENTION
            favourites = self._favourites if liked else ()
            choice = self._vocabulary.choose(label, kind, favourites, self._rng)
            if choice.concept_id not in used:
                break
        if kind == MentionKind.MISSPELT:
            return self._vocabulary.slip(choice, self._rng, self._taken)
        return choice

    def _lay_out(self, sections: Sequence[_Section]) -> tuple[Page, list[str]]:
        page, headings = Page(), []
        for section in sections:
            if page.text:
                page.add("\n\n")
            options = self._book.headings.get(section.plan.section, ())
            heading = self._rng.choice(options) if options else ""
            if heading:
                headings.append(heading)
            page.add_page(self._section_page(section, heading))
        page.add("\n")
        return page, headings

    def _section_page(self, section: _Section, heading: str) -> Page:
        style, rng = section.plan.style, self._rng
        page = Page()
        inline = style == "inline" or (
            style == "prose" and rng.random() < INLINE_HEADING
        )
        if heading:
            page.add(heading + (" " if inline and heading.endswith(":") else "\n"))
        if style == "list":
            self._add_list(page, section.items)
        else:
            self._add_sentences(page, section.items, style)
        page.wrap()
        return page

    def _add_list(self, page: Page, items: Sequence[Page]) -> None:
        mark = self._rng.choice(("{}. ", "{}) ", "- ", "* ", ""))
        capital = self._rng.random() < CAPITAL_ITEMS
        for number, item in enumerate(items, start=1):
            if number > 1:
                page.add("\n")
            page.add(mark.format(number))
            if capital:
                item.capitalise()
            page.add_page(item)

    def _add_sentences(self, page: Page, items: Sequence[Page], style: str) -> None:
        for number, item in enumerate(items):
            if number:
                page.add("\n" if style == "lines" else " ")
            if style == "prose":
                item.capitalise()
            page.add_page(item)
