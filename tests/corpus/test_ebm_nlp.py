"""EBM-NLP: three layers of 0 and 1 a token become sentences with tags."""

from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.ebm_nlp import (
    CUT,
    IN_GOLD,
    OVERLAPS,
    UNLABELLED,
    is_dev,
    read_ebm_nlp,
    split_documents,
)
from spacy_mslm.corpus.iob import IobSentence
from spacy_mslm.errors import MslmError
from spacy_mslm.types import DropCounts

# By its hash the one is a dev document, the other is not.
DEV, TRAIN = "18", "19"


@pytest.fixture
def write(tmp_path, write_ebm_nlp):
    def document(*layers, pmid=TRAIN, part="train", tokens="in men . Pain ?", **phase):
        return write_ebm_nlp(tmp_path, part, pmid, tokens, *layers, **phase)

    return document


def read(folder, split="train", **options):
    drops = DropCounts()
    return list(read_ebm_nlp(folder, split, drops=drops, **options)), dict(drops)


NONE = "00000"


def test_runs_of_1_are_spans_and_a_full_stop_ends_a_sentence(write):
    sentences, drops = read(write("11000", NONE, "00010"))
    assert sentences == [
        IobSentence(("in", "men", "."), ("B-Participants", "I-Participants", "O")),
        IobSentence(("Pain", "?"), ("B-Outcomes", "O")),
    ]
    assert drops == {}


def test_a_sentence_ends_whatever_the_spans_are(write):
    sentences, drops = read(write(NONE, "01110", NONE))
    assert [s.spans() for s in sentences] == [
        [(1, 3, "Interventions")],
        [(0, 1, "Interventions")],
    ]
    assert drops == {CUT: 1}
    bare, _ = read(write(NONE, NONE, NONE))
    assert [s.words for s in sentences] == [s.words for s in bare]
    sentences, _ = read(write("01100", NONE, "00010"))
    assert [s.spans() for s in sentences] == [
        [(1, 3, "Participants")],
        [(0, 1, "Outcomes")],
    ]


@pytest.mark.parametrize(
    ("layers", "kept", "dropped"),
    [
        (("1100", "0111", "0000"), [(1, 4, "Interventions")], ["Participants"]),
        # As long: participants before interventions before outcomes.
        (("0110", "0110", "0110"), [(1, 3, "Participants")],
         ["Interventions", "Outcomes"]),
        (("0000", "0011", "1110"), [(0, 3, "Outcomes")], ["Interventions"]),
        (("0000", "0110", "0011"), [(1, 3, "Interventions")], ["Outcomes"]),
        # One span can push out two; side by side they stay.
        (("1001", "1111", "0000"), [(0, 4, "Interventions")], ["Participants"] * 2),
        (("1100", "0000", "0011"), [(0, 2, "Participants"), (2, 4, "Outcomes")], []),
        # What overlaps only a span that is left out stays.
        (("1110", "0011", "0001"), [(0, 3, "Participants"), (3, 4, "Outcomes")],
         ["Interventions"]),
    ],
)  # fmt: skip
def test_the_longest_of_overlapping_spans_stays(write, layers, kept, dropped):
    [sentence], drops = read(write(*layers, tokens="a b c d"))
    assert sentence.spans() == kept
    assert drops == {f"{k} {OVERLAPS}": dropped.count(k) for k in dropped}


def test_splits_are_told_by_folder_and_by_the_hash_of_the_pmid(write):
    write("10000", NONE, NONE, pmid=DEV)
    write(NONE, "10000", NONE, pmid=TRAIN)
    folder = write(NONE, NONE, "10000", pmid="7", part="test/gold")
    for split, pmid in {"train": TRAIN, "dev": DEV, "test": "7"}.items():
        assert split_documents(folder, split) == [pmid]
    splits = ("train", "dev", "test")
    found = {split: read(folder, split)[0][0].tags[0] for split in splits}
    assert found == {
        "train": "B-Interventions",
        "dev": "B-Participants",
        "test": "B-Outcomes",
    }


def test_dev_is_about_a_tenth():
    assert 0.09 < sum(is_dev(str(pmid)) for pmid in range(10_000)) / 10_000 < 0.11


def test_documents_of_two_layers_and_of_the_gold_are_no_train_documents(write):
    write(NONE, NONE, NONE)
    write(NONE, None, NONE, pmid="1")
    write(NONE, None, NONE, pmid=DEV)
    for part in ("train", "test/gold"):
        folder = write(NONE, NONE, NONE, pmid="2", part=part)
    write(NONE, None, None, pmid="3", part="test/gold")
    drops = DropCounts()
    assert split_documents(folder, "train", drops=drops) == [TRAIN]
    assert drops == {UNLABELLED: 1, IN_GOLD: 1}
    drops = DropCounts()
    assert split_documents(folder, "test", drops=drops) == ["2"]
    assert drops == {UNLABELLED: 1}


def test_finer_labels(write):
    folder = write("33240", "00007", "00040", phase="hierarchical_labels")
    sentences, drops = read(folder, fine=True)
    assert [(s.words, s.spans()) for s in sentences] == [
        (
            ("in", "men", "."),
            [(0, 2, "Participants-Sample-size"), (2, 3, "Participants-Sex")],
        ),
        (
            ("Pain", "?"),
            [(0, 1, "Participants-Condition"), (1, 2, "Interventions-Control")],
        ),
    ]
    assert drops == {f"Outcomes {OVERLAPS}": 1}
    with pytest.raises(MslmError, match=r"^\[M342\].*starting_spans"):
        read(folder)


def test_line_ends_blank_rows_at_the_end_and_hidden_files(write):
    folder = write("11000", NONE, NONE)
    for path in folder.rglob(f"{TRAIN}.*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    # As unpacking on a Mac leaves beside every file.
    part = folder / "annotations/aggregated/starting_spans/participants/train"
    (part / "._7.AGGREGATED.ann").write_bytes(b"\x00\x05\x16\x07")
    sentences, drops = read(folder)
    assert [s.words for s in sentences] == [("in", "men", "."), ("Pain", "?")]
    assert drops == {}


ROW_2 = r"19\.AGGREGATED\.ann row 2: "


@pytest.mark.parametrize(
    ("layers", "tokens", "message"),
    [
        (("0200", "0000", "0000"), "a b c d", rf"M347\] \S*participants\S*{ROW_2}.*1"),
        (("0000", "0000", "0x00"), "a b c d", rf"M347\] \S*outcomes\S*{ROW_2}"),
        (("0000", ["0", ""] + ["0"] * 2, "0000"), "a b c d", rf"M347\] .*{ROW_2}"),
        (("0000", ["0", "0 0", "0"], "0000"), "a b c d", rf"M347\] .*{ROW_2}"),
        (("0", "0000", "0000"), "a b c d", rf"M346\] .*{ROW_2}1 rows for 4 tokens"),
        (("00", "00", "000"), "a b", r"M346\] .* row 3: 3 rows for 2 tokens"),
        (("0", "0", "0"), ["SECRET one"], r"M345\] \S*documents/19\.tokens row 1: "),
        (("0", "0", "0"), ["SECRET\tone"], r"M345\] \S*19\.tokens row 1: "),
        (("00", "00", "00"), ["SECRET", "", "one"], r"M345\] .*\.tokens row 2: "),
        (("00", "00", "00"), ["a", "-DOCSTART-"], r"M345\] .*\.tokens row 2: "),
        (("", "", ""), [], r"M345\] .*\.tokens row 1: "),
    ],
)
def test_bad_rows_are_named_and_never_quoted(write, layers, tokens, message):
    folder = write(*layers, tokens=tokens)
    with pytest.raises(MslmError, match=rf"^\[{message}") as caught:
        read(folder)
    assert "SECRET" not in str(caught.value) and "\n" not in str(caught.value)


def test_bytes_that_are_not_utf_8(write):
    folder = write(NONE, NONE, NONE)
    tokens = folder / "documents" / f"{TRAIN}.tokens"
    tokens.write_bytes(b"in\nm\xe9n\n.\nPain\n?\n")
    with pytest.raises(MslmError, match=r"^\[M301\] .*19\.tokens row 2: byte 2 "):
        read(folder)


def test_what_is_not_the_corpus(write, tmp_path):
    with pytest.raises(MslmError, match=r"^\[M701\]"):
        read(tmp_path / "none")
    with pytest.raises(MslmError, match=r"^\[M342\] \S*documents: "):
        read(tmp_path)
    (tmp_path / "documents").mkdir()
    with pytest.raises(
        MslmError, match=r"^\[M342\] \S*participants/test/gold: .*2\.00"
    ):
        read(tmp_path)
    folder = write(NONE, NONE, None)
    with pytest.raises(MslmError, match=r"^\[M343\] .*'train'"):
        read(folder)
    write(NONE, NONE, NONE)
    with pytest.raises(MslmError, match=r"^\[M343\] .*'dev'"):
        read(folder, "dev")
    with pytest.raises(MslmError, match=r"^\[M348\] .*train, dev, test\.$"):
        read(folder, "devel")
    (folder / "documents" / f"{TRAIN}.tokens").unlink()
    with pytest.raises(MslmError, match=r"^\[M344\] \S*documents/19\.tokens: "):
        read(folder)


TOKEN = st.sampled_from(".?!") | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\f\v\ufeff-#"),
    min_size=1,
    max_size=4,
)


@st.composite
def documents(draw):
    tokens = draw(st.lists(TOKEN, min_size=1, max_size=12))
    codes = st.text("01", min_size=len(tokens), max_size=len(tokens))
    return tokens, [draw(codes) for _ in range(3)]


def runs(codes):
    spans, start = set(), 0
    for code, group in groupby(codes):
        end = start + len(list(group))
        spans |= {(start, end)} if code == "1" else set()
        start = end
    return spans


def cut_at(start, end, label, ends):
    """The parts of a span between the sentences' ends."""
    edges = [start, *sorted(e for e in ends if start < e < end), end]
    return [(a, b, label) for a, b in pairwise(edges)]


@given(st.lists(documents(), min_size=1, max_size=3))
def test_every_token_once_and_spans_disjoint(tmp_path_factory, write_ebm_nlp, made):
    folder = tmp_path_factory.mktemp("ebm")
    labels = ("Participants", "Interventions", "Outcomes")
    wanted, kept = [], []
    for i, (tokens, layers) in enumerate(made):
        write_ebm_nlp(folder, "test/gold", str(i), tokens, *layers)
        offset = sum(len(before) for before, _ in made[:i])
        for label, codes in zip(labels, layers, strict=True):
            wanted += [(a + offset, b + offset, label) for a, b in runs(codes)]
    sentences, drops = read(folder, "test")
    words = [word for sentence in sentences for word in sentence.words]
    assert words == [token for tokens, _ in made for token in tokens]
    ends, at = set(), 0
    for sentence in sentences:
        assert sentence.words and len(sentence.words) == len(sentence.tags)
        assert not sentence.tags[0].startswith("I-")
        kept += [(a + at, b + at, label) for a, b, label in sentence.spans()]
        at += len(sentence.words)
        ends.add(at)
    # A sentence never runs on into the next document.
    assert {sum(len(t) for t, _ in made[: i + 1]) for i in range(len(made))} <= ends
    # What stays is whole but for sentence ends, and disjoint; what does not is counted,
    # and had to go.
    covered = [i for a, b, _ in kept for i in range(a, b)]
    assert len(covered) == len(set(covered))
    parts = {(a, b, of): cut_at(a, b, of, ends) for a, b, of in set(wanted)}
    assert set(kept) <= {part for of in parts.values() for part in of}
    gone = {span for span, of in parts.items() if not set(of) <= set(kept)}
    cuts = sum(len(of) - 1 for span, of in parts.items() if span not in gone)
    assert drops.pop(CUT, 0) == cuts
    assert sum(drops.values()) == len(gone)
    for a, b, label in gone:
        rank = (a - b, labels.index(label))
        assert any(
            (c - d, labels.index(other)) < rank and c < b and a < d
            for c, d, other in parts.keys() - gone
        )
    # Every mark ends its sentence.
    for i, word in enumerate(words):
        assert word not in (".", "?", "!") or i + 1 in ends
