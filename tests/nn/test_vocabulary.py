"""Word pieces: the same bytes every time, read by transformers, no word lost."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import WordDoc, vocabulary
from spacy_mslm.nn.encoder import load_tokenizer
from spacy_mslm.nn.vocabulary import SPECIALS, hub_files, learn_pieces

KINDS = ["wordpiece", "bpe"]
TEXT = """
Aspirin 100 mg daily was given for chest pain ; chest pain and painless chest wall .
The patient's pains were given aspirin , 200mg , painfully ( 12.5 mg/kg ) naïve µg
"""
WORDS = Counter(TEXT.split() * 3)


def learn(words=WORDS, *, size=400, kind="wordpiece", lower=False, min_count=2):
    return learn_pieces(words, size=size, kind=kind, lower=lower, min_count=min_count)


def spelt(tokenizer, *words):
    return tokenizer.encode(
        list(words), is_pretokenized=True, add_special_tokens=False
    ).tokens


def test_other_processes_write_the_same_bytes():
    """Tables inside the trainer are in another order in every process; many words of
    equal count are what that shows in."""
    code = (
        "import sys, json, types\n"
        "room = sys.modules['spacy_mslm.nn'] = types.ModuleType('spacy_mslm.nn')\n"
        "room.__path__ = [sys.argv[1]]  # without torch, which takes long to load\n"
        "from spacy_mslm.nn.vocabulary import hub_files, learn_pieces\n"
        "words = json.load(sys.stdin)\n"
        "for kind in ('wordpiece', 'bpe'):\n"
        "    how = dict(kind=kind, size=900, lower=False, min_count=2)\n"
        "    made = learn_pieces(words, **how)\n"
        "    print(json.dumps(hub_files(made)))\n"
    )
    letters = "aeioubcdfgéß"
    words = {
        a + b + c + d: 3 for a in letters for b in letters for c in "xyz" for d in b
    }
    found = {
        "".join(
            f"{json.dumps(hub_files(learn(words, size=900, kind=k)))}\n" for k in KINDS
        )
    }
    for threads in ("1", "2", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(Path(vocabulary.__file__).parent)],
            input=json.dumps(dict(reversed(words.items()))),
            env={**os.environ, "RAYON_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_frequent_words_are_pieces_and_no_word_is_lost(kind, lower):
    tokenizer = learn(kind=kind, lower=lower)
    chest = "chest" if kind == "wordpiece" else "Ġchest"
    assert spelt(tokenizer, "chest") == [chest]
    for word in WORDS:
        text = "".join(p.removeprefix("##") for p in spelt(tokenizer, word))
        if kind == "wordpiece" and not lower:
            assert text == word
        assert "[UNK]" not in text
    same = spelt(tokenizer, "ASPIRIN") == spelt(tokenizer, "aspirin")
    assert same == lower


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_reads_the_folder_and_so_do_we(kind, tmp_path):
    from transformers import AutoTokenizer

    tokenizer = learn(kind=kind)
    for name, content in hub_files(tokenizer).items():
        (tmp_path / name).write_text(content, encoding="utf8")
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert theirs.is_fast and len(theirs) == tokenizer.get_vocab_size()
    ids = theirs("chest pain").input_ids
    assert theirs.convert_ids_to_tokens(ids)[:: len(ids) - 1] == ["[CLS]", "[SEP]"]
    assert [theirs.pad_token, theirs.unk_token, theirs.mask_token] == [
        *("[PAD]", "[UNK]", "[MASK]"),
    ]
    ours = load_tokenizer(str(tmp_path))
    assert vars(ours.specials) == {"pad": 0, "start": 2, "end": 3, "mask": 4}
    (pieces,) = ours([WordDoc.from_words(("chest", "pain", "[MASK]", "µg"))])
    assert pieces.has_pieces.all()
    # "[MASK]" in a note is six characters, no special piece.
    assert not {0, 2, 3, 4} & set(pieces.ids.tolist())


@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1),
        st.integers(1, 40),
        max_size=40,
    ),
    st.integers(500, 900),
    st.sampled_from(KINDS),
    st.booleans(),
)
@settings(max_examples=30)
def test_whatever_the_words_the_vocabulary_keeps_its_size(words, size, kind, lower):
    tokenizer = learn(words, size=size, kind=kind, lower=lower)
    vocabulary = tokenizer.get_vocab()
    assert len(vocabulary) <= max(size, 5 + 2 * 512)
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert [tokenizer.id_to_token(i) for i in range(5)] == list(SPECIALS)
    assert "[UNK]" not in spelt(tokenizer, "plain", "ASCII", "(12.5%)", "ok?")


def test_words_are_joined_only_where_seen_often_enough():
    words = {"zyx": 4, "qwv": 5}
    assert spelt(learn(words, min_count=5), "qwv", "zyx") == ["qwv", "z", "##y", "##x"]


def test_rare_characters_beyond_the_limit_are_unknown(monkeypatch):
    monkeypatch.setattr(vocabulary, "CHARACTERS", 95)
    tokenizer = learn({"µg": 9, "naïve": 2, "mg": 3})
    assert spelt(tokenizer, "µg") == ["µg"]
    assert spelt(tokenizer, "naïve") == ["[UNK]"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"kind": "unigram"}, "M444"), ({"size": 150}, "M408"), ({"size": 0}, "M408")],
)
def test_what_cannot_be_learnt_is_told(changes, code):
    with pytest.raises(MslmError, match=code):
        learn(**changes)
