from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
import yaml
from spacy import displacy
from spacy.tokens import Span

from spacy_mslm.pipeline.colours import COLOURS

CLUSTERS = Path(__file__).parents[2] / "assets" / "clusters.yml"


def test_every_default_label_has_a_colour():
    assert set(yaml.safe_load(CLUSTERS.read_text("utf8"))) == set(COLOURS)


def luminance(colour):
    """Relative luminance (WCAG 2, its definition in the glossary)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("label", COLOURS)
def test_black_text_is_readable_on_it(label):
    assert (luminance(COLOURS[label]) + 0.05) / 0.05 > 7


def test_displacy_finds_them_by_itself():
    [entry] = entry_points(group="spacy_displacy_colors", name="spacy-mslm.Colours.v1")
    assert entry.load() is COLOURS
    doc = spacy.blank("en")("fever and aspirin")
    doc.ents = [Span(doc, 0, 1, "Symptoms"), Span(doc, 2, 3, "Treatments")]
    page = displacy.render(doc, style="ent", jupyter=False)
    assert COLOURS["Symptoms"] in page and COLOURS["Treatments"] in page
    assert COLOURS["Diseases"] not in page
