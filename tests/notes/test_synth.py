"""Synthetic notes: gold that fits the text, exact shares, splits that share nothing."""

import csv
import io
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.records import write_jsonl
from spacy_mslm.notes.synth import MentionKind, SynthConcept, generate
from spacy_mslm.notes.synth.page import Page, wrap
from spacy_mslm.notes.synth.templates import load_book, load_layouts
from spacy_mslm.notes.synth.vocabulary import (
    Vocabulary,
    absent_concepts,
    is_abbreviation,
)
from spacy_mslm.types import Note

TABLE = Path(__file__).parents[2] / "assets" / "concepts.csv"
LABELS = {"T": "Treatments", "D": "Diseases", "S": "Symptoms"}
PLACEHOLDER = re.compile(r"\[\*\*.*?\*\*\]", re.DOTALL)
DEMO_PATIENTS = 120


def read_synth_concepts() -> list[SynthConcept]:
    names = defaultdict(list)
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names[row["cui"]].append(row["name"])
    return [
        SynthConcept(concept_id, LABELS[concept_id[5]], tuple(found))
        for concept_id, found in names.items()
    ]


@pytest.fixture(scope="module")
def concepts() -> list[SynthConcept]:
    return read_synth_concepts()


@pytest.fixture(scope="module")
def notes(concepts) -> list[Note]:
    return list(generate(concepts, patients=DEMO_PATIENTS, seed=0))


def key_of(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


def surfaces_of(notes: list[Note]) -> set[str]:
    return {key_of(note.text[s.start : s.end]) for note in notes for s in note.gold}


def of_split(notes: list[Note], *splits: str) -> list[Note]:
    return [note for note in notes if note.meta["split"] in splits]


def as_jsonl(notes: list[Note]) -> str:
    file = io.StringIO()
    write_jsonl(file, notes)
    return file.getvalue()


# Gold


def test_gold_fits_the_text(notes):
    """Each span reads as a name of its concept, one slip of the pen apart at most."""
    everything = [*read_synth_concepts(), *absent_concepts()]
    by_id = {concept.concept_id: concept for concept in everything}
    for note in notes:
        kinds = note.meta["kinds"]
        assert len(kinds) == len(note.gold) > 0
        for span, kind in zip(note.gold, kinds, strict=True):
            surface = note.text[span.start : span.end]
            concept = by_id[span.concept_id]
            assert surface == surface.strip() and span.label == concept.label
            assert span.source == "gold"
            known = key_of(surface) in map(key_of, concept.names)
            assert known == (kind != MentionKind.MISSPELT)


def test_gold_is_in_order_disjoint_and_on_word_edges(notes):
    for note in notes:
        end = 0
        for span in note.gold:
            assert end <= span.start < span.end <= len(note.text)
            before, after = note.text[span.start - 1], note.text[span.end]
            assert not before.isalnum() and not after.isalnum()
            end = span.end


def test_gold_is_complete(notes, concepts):
    """No name of a concept stands in a note outside the gold spans.

    Abbreviations count as written, as a labeller takes short names.
    """
    names = {key_of(name) for concept in [*concepts, *absent_concepts()]
             for name in concept.names if not is_abbreviation(name)}  # fmt: skip
    abbreviations = {
        name for concept in concepts for name in concept.names if is_abbreviation(name)
    }
    longest = max(len(name.split()) for name in names)
    for note in notes:
        rest = list(note.text)
        for span in note.gold:
            rest[span.start : span.end] = "|" * (span.end - span.start)
        text = PLACEHOLDER.sub("|", "".join(rest))
        assert not abbreviations & set(re.findall(r"[\w-]+", text))
        for stretch in text.split("|"):
            words = key_of(stretch).split()
            for size in range(1, longest + 1):
                found = {
                    " ".join(words[at : at + size])
                    for at in range(len(words) - size + 1)
                }
                assert not found & names, note.note_id


def test_every_note_says_that_it_is_synthetic(notes):
    assert all(note.meta["synthetic"] is True for note in notes)


# Shares


def test_shares(notes, concepts):
    """15% abbreviations, 10% misspelt, 20% absent, told from the text alone."""
    table = {c.concept_id: set(map(key_of, c.names)) for c in concepts}
    counts: Counter[str] = Counter()
    for note in notes:
        for span in note.gold:
            surface = note.text[span.start : span.end]
            if span.concept_id not in table:
                counts["absent"] += 1
            elif key_of(surface) not in table[span.concept_id]:
                counts["misspelt"] += 1
            elif is_abbreviation(surface):
                counts["abbreviation"] += 1
            else:
                counts["plain"] += 1
    told = Counter(kind for note in notes for kind in note.meta["kinds"])
    assert counts == Counter(map(str, told.elements()))
    wanted = {"abbreviation": 15, "misspelt": 10, "absent": 20, "plain": 55}
    for kind, percent in wanted.items():
        assert 100 * counts[kind] / counts.total() == pytest.approx(percent, abs=1.5)


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_shares_hold_in_every_split(notes, split):
    told = Counter(k for n in of_split(notes, split) for k in n.meta["kinds"])
    wanted = {"abbreviation": 15, "misspelt": 10, "absent": 20, "plain": 55}
    for kind, percent in wanted.items():
        assert 100 * told[kind] / told.total() == pytest.approx(percent, abs=1.5)


def test_absent_concepts_are_not_in_the_table(notes, concepts):
    names = {key_of(name) for concept in concepts for name in concept.names}
    for note in notes:
        for span, kind in zip(note.gold, note.meta["kinds"], strict=True):
            surface = key_of(note.text[span.start : span.end])
            if kind in (MentionKind.ABSENT, MentionKind.MISSPELT):
                assert surface not in names


def test_absent_list_is_large_enough():
    counts = Counter(concept.label for concept in absent_concepts())
    assert set(counts) == set(LABELS.values()) and min(counts.values()) >= 40


# Splits


def test_a_patient_is_in_one_split_and_shares_are_kept(notes):
    splits = defaultdict(set)
    for note in notes:
        splits[note.patient_id].add(note.meta["split"])
    assert all(len(found) == 1 for found in splits.values())
    counts = Counter(split for found in splits.values() for split in found)
    assert counts == {"train": 84, "dev": 12, "test": 24}


def test_test_shares_no_surface_form_with_train(notes):
    train = surfaces_of(of_split(notes, "train", "dev"))
    assert not train & surfaces_of(of_split(notes, "test"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_shared_surface_form_under_other_seeds(concepts, seed):
    """Trap: two names of different parts may be misspelt into the same form."""
    made = list(generate(concepts, patients=30, seed=seed))
    train = surfaces_of(of_split(made, "train", "dev"))
    assert not train & surfaces_of(of_split(made, "test"))


@pytest.mark.parametrize("what", ["templates", "headings"])
def test_test_shares_no_template_or_heading_with_train(notes, what):
    train, test = (
        {used.lower() for note in of_split(notes, *splits) for used in note.meta[what]}
        for splits in (("train", "dev"), ("test",))
    )
    assert train and test and not train & test


def test_template_texts_differ_too_not_only_their_ids():
    train, test = (
        {"".join(t.pieces).lower() for t in load_book(part).templates}
        for part in ("train", "test")
    )
    assert not train & test


def test_headings_stand_in_the_text(notes):
    for note in notes:
        for heading in note.meta["headings"]:
            assert re.search(rf"^{re.escape(heading)}", note.text, re.MULTILINE)


@pytest.mark.parametrize("part", ["train", "test"])
def test_templates_are_many_and_of_every_kind(part):
    book = load_book(part)
    templates = book.templates
    assert sum(bool(template.labels) for template in templates) >= 60
    assert sum(not template.labels for template in templates) >= 30
    assert len({t.template_id for t in templates}) == len(templates)
    assert all(t.labels for group in book.say.values() for t in group)
    assert not any(t.labels for group in book.fill.values() for t in group)


def test_both_parts_know_every_section():
    sections = {plan.section for plans in load_layouts().values() for plan in plans}
    for part in ("train", "test"):
        book = load_book(part)
        assert set(book.say) | set(book.fill) == sections
        assert set(book.headings) == sections - {"header"}


def test_a_misspelling_of_the_other_part_is_not_used_again(concepts):
    vocabulary = Vocabulary("test", concepts)
    choice = vocabulary.choose("Diseases", MentionKind.MISSPELT, (), Random(0))
    first = vocabulary.slip(choice, Random(7), {})
    again = vocabulary.slip(choice, Random(7), {key_of(first.surface): "test"})
    other = vocabulary.slip(choice, Random(7), {key_of(first.surface): "train"})
    assert first == again != other and first.concept_id == other.concept_id


# Shape


def test_lines_end_at_75_columns(notes):
    lines = [line for note in notes for line in note.text.splitlines()]
    assert max(map(len, lines)) <= 75
    assert max(map(len, lines)) > 70


def test_mentions_and_placeholders_wrap_over_a_line(notes):
    assert any("\n" in n.text[s.start : s.end] for n in notes for s in n.gold)
    marks = [mark for note in notes for mark in PLACEHOLDER.findall(note.text)]
    assert any("\n" in mark for mark in marks)
    assert any("\n" not in mark for mark in marks)


def test_no_gold_touches_a_placeholder(notes):
    for note in notes:
        for mark in PLACEHOLDER.finditer(note.text):
            assert not [
                s for s in note.gold if s.start < mark.end() and s.end > mark.start()
            ]


def test_note_lengths_categories_and_notes_a_patient(notes):
    words = [len(note.text.split()) for note in notes]
    assert min(words) >= 110 and max(words) <= 240
    assert 140 <= sum(words) / len(words) <= 200
    assert {note.category for note in notes} == set(load_layouts())
    per_patient = Counter(note.patient_id for note in notes)
    assert set(per_patient.values()) == {2, 3, 4}
    assert len({note.note_id for note in notes}) == len(notes)


def test_a_patient_has_one_name_and_age(notes):
    names = defaultdict(set)
    for note in notes:
        found = re.findall(r"\[\*\*Known\s+lastname\s+\d+\*\*\]", note.text)
        names[note.patient_id] |= {" ".join(name.split()) for name in found}
    assert max(map(len, names.values())) == 1


def test_headings_stand_alone_and_inline_and_lists_and_labs_occur(notes):
    text = "\n".join(note.text for note in notes)
    assert re.search(r"^[A-Z ]+:$", text, re.MULTILINE)
    assert re.search(r"^[A-Z ]+: \S", text, re.MULTILINE)
    assert re.search(r"^2\. ", text, re.MULTILINE)
    assert re.search(r"^- ", text, re.MULTILINE)
    assert re.search(r"BLOOD WBC-\d", text)
    assert re.search(r"^Na \d+ +K \d", text, re.MULTILINE)


def test_a_denied_symptom_is_a_gold_mention(notes):
    denied = [
        span
        for note in notes
        for span in note.gold
        if re.search(r"\bdenies\s$", note.text[: span.start])
    ]
    assert denied and {span.label for span in denied} == {"Symptoms"}


# Repeatable


def test_same_seed_same_bytes_and_another_seed_other_notes(concepts):
    first, again = (
        as_jsonl(list(generate(concepts, patients=8, seed=4))) for _ in range(2)
    )
    assert first == again
    assert first != as_jsonl(list(generate(concepts, patients=8, seed=5)))


def test_the_order_of_sets_in_another_process_changes_nothing():
    """Trap: string hashes differ between processes, and so does the order of sets."""
    program = (
        "import hashlib; from spacy_mslm.notes.synth import *;"
        "made = [SynthConcept(f'{label}{i}', label,"
        " (f'{label} name {i}', f'{label[0]}XQ{i}'))"
        " for label in ('Treatments', 'Diseases', 'Symptoms') for i in range(30)];"
        "notes = list(generate(made, patients=6, seed=0));"
        "print(hashlib.sha256(repr(notes).encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_an_added_concept_moves_no_other_between_the_parts(concepts):
    extra = SynthConcept("NEW:1", "Diseases", ("zzyzx fever syndrome",))
    more = [*concepts, extra]

    def part_ids(known: list[SynthConcept]) -> dict[str, set[str]]:
        made = list(generate(known, patients=60, seed=0))
        return {
            split: {s.concept_id for n in of_split(made, split) for s in n.gold}
            for split in ("train", "test")
        }

    old, new = part_ids(concepts), part_ids(more)
    assert not old["train"] & new["test"] and not old["test"] & new["train"]


# What cannot be


@pytest.mark.parametrize("patients", [-1, 0, 2])
def test_too_few_patients(concepts, patients):
    with pytest.raises(MslmError, match=r"\[M151\].*3 or more"):
        list(generate(concepts, patients=patients, seed=0))


def test_three_patients_fill_three_splits(concepts):
    made = list(generate(concepts, patients=3, seed=0))
    assert {note.meta["split"] for note in made} == {"train", "dev", "test"}


def test_a_label_without_concepts(concepts):
    left = [concept for concept in concepts if concept.label != "Symptoms"]
    with pytest.raises(MslmError, match=r"\[M152\].*Symptoms"):
        list(generate(left, patients=3, seed=0))


def test_no_abbreviations(concepts):
    long_names = [
        SynthConcept(c.concept_id, c.label, names)
        for c in concepts
        if (names := tuple(name for name in c.names if not is_abbreviation(name)))
    ]
    with pytest.raises(MslmError, match=r"\[M153\].*abbreviation"):
        list(generate(long_names, patients=3, seed=0))


def test_a_label_without_abbreviations_leaves_its_share_to_the_others(concepts):
    """Trap: cards that a label cannot play must wait, not vanish."""
    fewer = [
        SynthConcept(
            c.concept_id,
            c.label,
            tuple(
                n for n in c.names if c.label != "Symptoms" or not is_abbreviation(n)
            ),
        )
        for c in concepts
    ]
    made = list(generate(fewer, patients=40, seed=0))
    kinds = Counter(kind for note in made for kind in note.meta["kinds"])
    assert kinds["abbreviation"] / kinds.total() == pytest.approx(0.15, abs=0.015)


def test_a_name_of_two_concepts_is_never_written(concepts):
    twins = [
        SynthConcept(
            f"TWIN:{number}", "Diseases", ("quorble syndrome", f"alias{number}")
        )
        for number in range(40)
    ]
    made = list(generate([*concepts, *twins], patients=40, seed=0))
    assert "quorble syndrome" not in surfaces_of(made)
    assert any(name.startswith("alias") for name in surfaces_of(made))


# Wrapping


@given(st.text(alphabet="ab \n", max_size=400), st.integers(5, 30))
def test_wrap_only_turns_blanks_into_breaks(text, width):
    wrapped = wrap(text, width)
    assert len(wrapped) == len(text)
    for old, new in zip(text, wrapped, strict=True):
        assert old == new or (old, new) == (" ", "\n")


@given(st.lists(st.text("abc", min_size=1, max_size=8), max_size=60))
def test_wrap_keeps_to_the_width(words):
    assert max(map(len, wrap(" ".join(words), 20).split("\n"))) <= 20


def test_a_full_stop_is_not_doubled_after_an_abbreviation():
    page = Page()
    page.add("10 mg q.d.")
    page.add(". No change.")
    assert page.text == "10 mg q.d. No change."
