"""Headings, sentence templates and note layouts, read from the data files here.

A template is one line with slots in braces: `{T}`, `{D}`, `{S}` are mentions, any
other slot is filled by `fillers`. The files of train and test share no line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

MENTION_SLOTS = {"T": "Treatments", "D": "Diseases", "S": "Symptoms"}
_SLOT = re.compile(r"\{([^{}]+)\}")
_OPENER = "> "


@dataclass(frozen=True, slots=True)
class Template:
    """`pieces` alternate literal text and slot names, beginning with text."""

    template_id: str
    pieces: tuple[str, ...]
    opens: bool = False

    @property
    def literals(self) -> tuple[str, ...]:
        return self.pieces[::2]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(
            MENTION_SLOTS[slot] for slot in self.pieces[1::2] if slot in MENTION_SLOTS
        )


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """How a section of a category is laid out: fewest and most items."""

    section: str
    style: str
    items: tuple[int, int]
    always: bool = False


@dataclass(frozen=True)
class TemplateBook:
    """The headings and templates of one part, by section."""

    headings: Mapping[str, Sequence[str]]
    say: Mapping[str, Sequence[Template]]
    fill: Mapping[str, Sequence[Template]]

    @property
    def templates(self) -> list[Template]:
        groups = [*self.say.values(), *self.fill.values()]
        return [template for group in groups for template in group]


@cache
def load_book(part: str) -> TemplateBook:
    """The templates of `part` ("train", also used by dev notes, or "test")."""
    data = _read(f"{part}.yml")
    headings = {name: _lines(text) for name, text in data["headings"].items()}
    return TemplateBook(headings, _group(data, part, "say"), _group(data, part, "fill"))


@cache
def load_layouts() -> dict[str, tuple[SectionPlan, ...]]:
    """The sections of each category of notes, in order."""
    return {
        category: tuple(
            SectionPlan(**{**plan, "items": tuple(plan["items"])}) for plan in plans
        )
        for category, plans in _read("layouts.yml").items()
    }


def parse_template(line: str, template_id: str) -> Template:
    """A template from its line in a data file."""
    text = line.removeprefix(_OPENER)
    return Template(template_id, tuple(_SLOT.split(text)), text != line)


def _group(data: Any, part: str, group: str) -> dict[str, list[Template]]:
    return {
        section: [
            parse_template(line, f"{part}/{section}/{group}/{number}")
            for number, line in enumerate(_lines(groups.get(group, "")))
        ]
        for section, groups in data["sections"].items()
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _read(name: str) -> Any:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return yaml.safe_load(text)
