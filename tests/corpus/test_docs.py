import inspect
import os
import subprocess
import sys
import textwrap

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.docs import (
    BLANK,
    INSIDE_WORD,
    OUTSIDE,
    OVERLAPPING,
    iob_to_doc,
    make_doc,
    read_docs,
    write_docbins,
)
from spacy_mslm.corpus.iob import IobSentence
from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note

NLP = spacy.blank("en")
NLP.max_length = 10**9
TEXT = "Pt has chest\npain  and fever. nondiabetic"


def built(text, spans=(), *, gold=(), meta=None, source="medcat", **options):
    drops = DropCounts()
    note = Note("n1", "p1", text, "Nursing", meta or {}, tuple(gold))
    doc = make_doc(
        NLP.make_doc,
        note,
        {source: spans},
        entities_from=source,
        drops=drops,
        **options,
    )
    return doc, drops


def at(text, part, label="Symptoms", **fields):
    start = text.index(part)
    return CharSpan(start, start + len(part), label, **fields)


def test_spans_entities_scores_and_ids():
    spans = [at(TEXT, "fever", concept_id="C2", score=0.5), at(TEXT, "chest\npain")]
    doc, drops = built(TEXT, spans)
    assert [(e.text, e.label_, e.kb_id_) for e in doc.ents] == [
        ("chest\npain", "Symptoms", ""),
        ("fever", "Symptoms", "C2"),
    ]
    assert doc.spans["medcat"].attrs["scores"] == [1.0, 0.5]
    assert doc.text == TEXT and not drops
    assert doc.user_data == {
        "note_id": "n1",
        "patient_id": "p1",
        "category": "Nursing",
    }


def test_tokens_outside_entities_are_o_and_not_missing():
    for spans in ([], [at(TEXT, "fever")]):
        doc, _ = built(TEXT, spans, gold=[at(TEXT, "diabetic")])
        assert all(token.ent_iob_ in ("O", "B", "I") for token in doc)


def test_tokens_of_a_span_inside_words_are_missing_not_o():
    inside = "has non-smo"  # ends inside "smoking", and holds an entity
    doc, _ = built("Pt has non-smoking", [at("Pt has non-smoking", inside)])
    assert [t.text for t in doc if not t.ent_iob_] == ["has", "non", "-", "smoking"]
    doc, _ = built(
        "Pt has non-smoking",
        [at("Pt has non-smoking", inside), at("Pt has non-smoking", "has")],
    )
    assert [t.ent_iob_ for t in doc] == ["O", "B", "", "", ""]


def test_given_entities_stand_for_those_of_a_source_and_missing_is_no_o():
    spans = [at(TEXT, "chest\npain")]
    start = TEXT.index("pain")
    doc, drops = built(
        TEXT, spans, entities=[at(TEXT, "chest")], missing=[(start, start + 9)]
    )
    assert [e.text for e in doc.ents] == ["chest"]
    assert [s.text for s in doc.spans["medcat"]] == ["chest\npain"]
    open_ = [token.text for token in doc if not token.ent_iob_]
    assert open_ == ["pain", " ", "and"] and not drops


def test_missing_never_takes_a_token_of_an_entity_and_may_lie_anywhere():
    doc, _ = built(TEXT, [at(TEXT, "fever")], missing=[(0, 10**6), (-5, 0), (7, 7)])
    assert [t.text for t in doc if t.ent_iob_] == ["fever"]
    doc, _ = built("", missing=[(0, 3)])
    assert len(doc) == 0


def test_a_span_that_votes_made_is_counted_where_it_fits_no_words():
    span = CharSpan(0, 4, "Symptoms", "majority")
    doc, drops = built("nondiabetic", [], entities=[span])
    assert drops == {f"majority {INSIDE_WORD}": 1}
    assert [t.ent_iob_ for t in doc] == [""]


def test_marks_are_kept_beside_the_scores_of_every_group_but_gold():
    fever, pain = at(TEXT, "fever"), at(TEXT, "pain")
    marks = {(fever.start, fever.end): (True, False)}
    doc, _ = built(TEXT, [fever, pain], gold=[fever], marks=marks)
    group = doc.spans["medcat"]
    assert [s.text for s in group] == ["pain", "fever"]
    assert group.attrs["negated"] == [False, True]
    assert group.attrs["family"] == [False, False]
    assert "negated" not in doc.spans["gold"].attrs
    doc, _ = built(TEXT, [fever])
    assert "negated" not in doc.spans["medcat"].attrs


def test_white_space_at_edges_is_trimmed():
    doc, drops = built(TEXT, [at(TEXT, "pain  "), at(TEXT, "\npain"), at(TEXT, "  ")])
    assert [s.text for s in doc.spans["medcat"]] == ["pain", "pain"]
    assert drops == {f"medcat {BLANK}": 1, OVERLAPPING: 1}


def test_edge_inside_a_word_is_left_out_counted_and_kept_for_scoring():
    span = at(TEXT, "diabetic", "Diseases")
    doc, drops = built(TEXT, gold=[span])
    assert list(doc.spans["gold"]) == []
    assert drops == {f"gold {INSIDE_WORD}": 1}
    assert doc.spans["gold"].attrs["misaligned"] == [[span.start, span.end, "Diseases"]]


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 3), (0, 10_000)])
def test_offsets_outside_the_text_are_counted(start, end):
    doc, drops = built(TEXT, [CharSpan(start, end, "X")])
    assert drops == {f"medcat {OUTSIDE}": 1} and not doc.ents


def test_overlapping_gold_is_kept_as_spans():
    gold = [at(TEXT, "chest"), at(TEXT, "chest\npain")]
    doc, drops = built(TEXT, gold=gold)
    assert {s.text for s in doc.spans["gold"]} == {"chest", "chest\npain"}
    assert not drops and not doc.ents


def test_overlap_left_by_the_policy_keeps_the_first_and_is_counted():
    spans = [at(TEXT, "chest"), at(TEXT, "chest\npain")]
    doc, drops = built(TEXT, spans)
    assert [e.text for e in doc.ents] == ["chest\npain"]
    assert drops == {OVERLAPPING: 1}
    doc, drops = built(TEXT, spans, resolve=lambda found: [min(found)])
    assert [e.text for e in doc.ents] == ["chest"]
    assert len(doc.spans["medcat"]) == 2 and not drops


@pytest.mark.parametrize(
    ("meta", "there"),
    [({}, False), ({"gold": True}, True), ({"synthetic": True}, True)],
)
def test_no_gold_is_not_empty_gold(meta, there):
    doc, _ = built("plain", meta=meta)
    assert ("gold" in doc.spans) is there


def test_empty_note(tmp_path):
    doc, drops = built("", [CharSpan(0, 1, "X")], meta={"gold": True})
    assert len(doc) == 0 and drops == {f"medcat {OUTSIDE}": 1}
    write_docbins(tmp_path / "c", [doc])
    (read,) = read_docs(tmp_path, NLP.vocab)
    assert read.text == "" and "gold" in read.spans


def test_two_megabytes():
    text = "no acute distress .\n" * 100_000
    doc, _ = built(text, [CharSpan(len(text) - 11, len(text) - 3, "X")])
    assert doc.text == text and doc.ents[0].text == "distress"


def test_round_trip_keeps_everything(tmp_path):
    gold = [at(TEXT, "fever", concept_id="C1"), at(TEXT, "diabetic")]
    doc, _ = built(TEXT, [at(TEXT, "chest\npain", score=0.25)], gold=gold)
    assert write_docbins(tmp_path / "c", [doc] * 5, shard_size=2) == 5
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == [
        "0000.spacy",
        "0001.spacy",
        "0002.spacy",
    ]
    read = list(read_docs(tmp_path / "c", spacy.blank("en").vocab))
    assert len(read) == 5
    for other in read:
        assert other.text == TEXT and other.user_data == doc.user_data
        assert [t.ent_iob_ for t in other] == [t.ent_iob_ for t in doc]
        for key in ("gold", "medcat"):
            assert list(map(str, other.spans[key])) == list(map(str, doc.spans[key]))
            assert other.spans[key].attrs == doc.spans[key].attrs
        assert other.spans["gold"][0].kb_id_ == "C1"


def test_no_docs_leave_one_empty_shard(tmp_path):
    write_docbins(tmp_path / "c", [])
    assert list(read_docs(tmp_path / "c", NLP.vocab)) == []


def test_shards_never_mix_with_older_ones(tmp_path):
    write_docbins(tmp_path, [])
    with pytest.raises(MslmError, match="M306"):
        write_docbins(tmp_path, [])


@pytest.mark.parametrize("keep", [0, 1, 10, -1])
def test_a_shard_cut_short_is_named(tmp_path, keep):
    write_docbins(tmp_path, [built(TEXT)[0]])
    shard = tmp_path / "0000.spacy"
    shard.write_bytes(shard.read_bytes()[:keep])
    with pytest.raises(MslmError, match=r"\[M308\] .*0000.spacy: "):
        list(read_docs(tmp_path, NLP.vocab))


def test_nothing_to_read(tmp_path):
    with pytest.raises(MslmError, match="M307"):
        list(read_docs(tmp_path, NLP.vocab))
    with pytest.raises(MslmError, match="M701"):
        list(read_docs(tmp_path / "none", NLP.vocab))


def test_iob_sentence_keeps_its_tokens(tmp_path):
    words = ("can't", "-", "2", "x\u200b", "\u00a0", "mg/dl")
    tags = ("B-X", "I-X", "B-X", "O", "O", "B-Y")
    doc = iob_to_doc(NLP.vocab, IobSentence(words, tags))
    write_docbins(tmp_path, [doc])
    for found in (doc, next(read_docs(tmp_path, spacy.blank("en").vocab))):
        assert found.has_unknown_spaces
        assert tuple(t.text for t in found) == words
        expected = [(0, 2, "X"), (2, 3, "X"), (5, 6, "Y")]
        assert [(e.start, e.end, e.label_) for e in found.ents] == expected
        gold = [(s.start, s.end, s.label_) for s in found.spans["gold"]]
        assert gold == expected


def test_same_bytes_in_a_process_of_another_hash_seed(tmp_path):
    def build(folder):
        nlp = spacy.blank("en")
        spans = {k: [CharSpan(0, 5, f"L{k}", k, f"C{k}", 0.5)] for k in "cab"}
        notes = (Note(f"{i}", "p", f"alpha beta-{i} x{i}, {i} mg") for i in range(30))
        docs = (
            make_doc(nlp.make_doc, n, spans, entities_from="a", drops=DropCounts())
            for n in notes
        )
        write_docbins(folder, docs, shard_size=20)

    source = textwrap.dedent(inspect.getsource(build))
    imports = "".join(
        f"from {module} import {names}\n"
        for module, names in [
            ("spacy_mslm.corpus.docs", "make_doc, write_docbins"),
            ("spacy_mslm.types", "CharSpan, DropCounts, Note"),
        ]
    )
    code = f"import sys, spacy\n{imports}{source}build(sys.argv[1])\n"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        check=True,
    )
    build(tmp_path / "here")
    for shard in ("0000.spacy", "0001.spacy"):
        here = (tmp_path / "here" / shard).read_bytes()
        assert here == (tmp_path / "there" / shard).read_bytes()


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(-3, 63), st.integers(-3, 63)), max_size=8),
)
def test_wild_text_and_offsets(text, offsets):
    spans = [CharSpan(a, b, "X", "medcat") for a, b in offsets]
    doc, drops = built(text, spans)
    assert doc.text == text
    group = doc.spans["medcat"]
    lost = drops.total() - drops[f"medcat {OVERLAPPING}"]
    assert len(group) + lost == len(spans)
    assert all(str(s) == str(s).strip() != "" for s in group)
