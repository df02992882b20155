"""Mentions in each other's place: what changes, what stays, and that it is learnt."""

from collections import Counter
from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_mslm.corpus.docs import DocBinWriter
from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.augment import swap_mentions, swapped

NLP = spacy.blank("en")


def make(words: str, ents: list[tuple[int, int, str]], missing: list[int] = ()) -> Doc:
    doc = Doc(NLP.vocab, words=words.split())
    doc.set_ents(
        [Span(doc, *ent) for ent in ents],
        missing=[doc[i : i + 1] for i in missing],
        default="outside",
    )
    return doc


DOCS = [
    make("given aspirin for severe chest pain", [(1, 2, "T"), (3, 6, "S")]),
    make("given sodium valproate", [(1, 3, "T")]),
    make("no fever today", [(1, 2, "S")]),
    make("nothing here", []),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("augment") / "train"
    with DocBinWriter(folder, shard_size=10) as writer:
        for doc in DOCS:
            writer.add(doc)
    return str(folder)


def texts(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def run(augment, doc: Doc) -> Example:
    [example] = augment(NLP, Example(NLP.make_doc(doc.text), doc))
    return example


def test_mentions_of_the_corpus_take_the_places_of_their_label(corpus):
    augment = swap_mentions(chance=1.0, corpus=corpus, seed=0)
    seen = Counter()
    for _ in range(60):
        reference = run(augment, DOCS[0]).reference
        (drug, kind), (sign, other) = texts(reference)
        assert (kind, other) == ("T", "S")
        seen[drug] += 1
        assert sign in ("severe chest pain", "fever")
        assert reference.text == f"given {drug} for {sign} "
    assert seen.keys() == {"aspirin", "sodium valproate"}


def test_the_predicted_side_is_the_new_text_without_entities(corpus):
    augment = swap_mentions(chance=1.0, corpus=corpus, seed=0)
    for _ in range(20):
        example = run(augment, DOCS[0])
        assert example.predicted.text == example.reference.text
        assert not example.predicted.ents
        aligned = example.get_aligned_ner()
        assert len(aligned) == len(example.predicted)
        assert None not in aligned


def test_a_chance_of_none_and_of_some(corpus):
    never = swap_mentions(chance=0.0, corpus=None, seed=0)
    example = Example(NLP.make_doc(DOCS[0].text), DOCS[0])
    assert [*never(NLP, example)] == [example]
    half = swap_mentions(chance=0.5, corpus=corpus, seed=0)
    changed = sum(
        texts(run(half, DOCS[2]).reference)[0][0] != "fever" for _ in range(400)
    )
    # One of two signs of the corpus is another one.
    assert 70 < changed < 130


def test_the_same_seed_draws_the_same(corpus):
    first, second, other = (
        [run(swap, DOCS[0]).reference.text for _ in range(20)]
        for swap in (
            swap_mentions(chance=0.7, corpus=corpus, seed=n) for n in (3, 3, 4)
        )
    )
    assert first == second != other


def test_what_nobody_annotated_stays_so_and_groups_move_along(corpus):
    doc = make("old aspirin helps a chest pain", [(1, 2, "T"), (4, 6, "S")], [0, 3])
    doc.spans["medcat"] = SpanGroup(
        doc,
        spans=[
            Span(doc, 1, 2, "T", kb_id="C1"),
            Span(doc, 4, 5, "S"),
            Span(doc, 0, 6, "S"),
            Span(doc, 2, 3, "S", kb_id="C2"),
        ],
    )
    made = swapped(doc, {(1, 2): (("a", "b"), (True,)), (4, 6): (("x",), ())})
    assert made.text == "old a b helps a x "
    assert texts(made) == [("a b", "T"), ("x", "S")]
    assert [t.ent_iob for t in made] == [0, 3, 1, 2, 0, 3]
    group = [(s.text, s.label_, s.kb_id_) for s in made.spans["medcat"]]
    # One ended inside what was replaced.
    assert group == [
        ("a b", "T", ""),
        ("old a b helps a x", "S", ""),
        ("helps", "S", "C2"),
    ]
    assert doc.text == "old aspirin helps a chest pain "


@given(
    st.lists(st.integers(0, 9), max_size=6, unique=True),
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=5),
)
def test_words_outside_mentions_are_untouched(edges, drawn):
    places = list(pairwise(sorted(edges)))[::2]
    doc = make(" ".join(f"w{i}" for i in range(10)), [(s, e, "X") for s, e in places])
    mentions = {
        place: (tuple(words), (True,) * (len(words) - 1))
        for place, words in zip(places, drawn, strict=False)
    }
    made = swapped(doc, mentions)
    assert [len(ent) for ent in made.ents] == [
        len(mentions[place][0]) if place in mentions else place[1] - place[0]
        for place in places
    ]
    outside = [t.text for t in made if not t.ent_type_]
    assert outside == [t.text for t in doc if not t.ent_type_]


def test_a_label_without_mentions_and_unknown_spaces(corpus):
    augment = swap_mentions(chance=1.0, corpus=corpus, seed=0)
    strange = make("a gene here", [(1, 2, "G")])
    assert run(augment, strange).reference is strange
    loose = Doc(NLP.vocab, words=["given", "aspirin", "-", "x"])
    loose.has_unknown_spaces = True
    loose.ents = [Span(loose, 1, 2, "T")]
    for _ in range(20):
        example = Example(Doc(NLP.vocab, words=[t.text for t in loose]), loose)
        [example] = augment(NLP, example)
        words = [t.text for t in example.predicted]
        assert words == [t.text for t in example.reference]
        assert words[-2:] == ["-", "x"]


def test_in_a_config_each_epoch_is_drawn_anew(corpus):
    augment = registry.resolve(
        {
            "a": {
                "@augmenters": "spacy-mslm.SwapMentions.v1",
                **{"chance": 1.0, "corpus": corpus, "seed": 0},
            }
        }
    )["a"]
    reader = Corpus(corpus, augmenter=augment)
    epochs = [tuple(e.reference.text for e in reader(NLP)) for _ in range(8)]
    assert len({*epochs}) > 1
    assert {len(epoch) for epoch in epochs} == {len(DOCS)}


@pytest.mark.parametrize("chance", [-0.1, 1.1])
def test_a_chance_out_of_range(chance):
    with pytest.raises(MslmError, match="M401"):
        swap_mentions(chance=chance, corpus=None, seed=0)


def test_no_corpus_there(tmp_path):
    augment = swap_mentions(chance=1.0, corpus=str(tmp_path / "gone"), seed=0)
    with pytest.raises(MslmError, match="M701"):
        run(augment, DOCS[0])
