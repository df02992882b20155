"""Wild documents, annotation and settings: a coded error or a result, nothing else.

`MSLM_FUZZ=2000` runs 2,000 cases in all; by default a twentieth of that.
"""

import itertools
import os

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Adam, ConfigValidationError

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.deid import placeholder_spans

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
CASES = int(os.environ.get("MSLM_FUZZ", "100"))


def cases(share):
    return settings(
        max_examples=max(1, round(CASES * share)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


# Everything Unicode has, lone surrogates too, and what clinical text trips over.
ODD = st.sampled_from(
    [
        *("\n", "\r\n", "\t", "\x00", "\x85", "\u2028", "\u00a0", "\u3000"),
        *("\u200b", "\u200d", "\ufeff", "\u202e", "\u0301", "\ud800", "\udfff"),
        *("\u05d0\u05d1", "\u0645\u0631\u0636", "\U0001f9a0", "\ufb01", "\u1e9e"),
        *("[**Known lastname 9001**]", "[**", "**]", "___", "_", "[MASK]", "[SEP]"),
        *("fever", "chest pain", "chest\npain", "aspirin.,2", "q.d.", "x" * 10_000),
        *("\n" * 50, " " * 50, "\u0301" * 40, "a\u0301" * 300, "1" * 3000),
    ]
)
CHARACTERS = st.characters()
PARTS = st.one_of(ODD, st.text(CHARACTERS, max_size=12), st.just(" "))
DOCUMENTS = st.lists(PARTS, max_size=25).map("".join)


def clean(text):
    """Lone surrogates are no characters; one stands for one, so offsets hold."""
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)


def check(doc, text):
    assert doc.text == clean(text)
    ents = list(doc.ents)
    assert all(a.end <= b.start for a, b in itertools.pairwise(ents))
    for ent in ents:
        assert 0 <= ent._.confidence <= 1
        assert ent.label_ in ("Symptoms", "Treatments")
        assert ent.text.strip()
        for start, end in placeholder_spans(doc.text):
            assert ent.end_char <= start or end <= ent.start_char
    kept = DocBin(docs=[doc]).to_bytes()
    (again,) = DocBin().from_bytes(kept).get_docs(doc.vocab)
    assert [(e.start, e.end, e.label_) for e in again.ents] == [
        (e.start, e.end, e.label_) for e in ents
    ]


@cases(0.4)
@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_any_text_is_read_whole(trained, texts):
    docs = list(trained.pipe(texts))
    assert len(docs) == len(texts)
    for doc, text in zip(docs, texts, strict=True):
        check(doc, text)


@st.composite
def annotated(draw):
    """Words, entities (any disjoint spans), missing words, spans that overlap."""
    words = draw(st.lists(PARTS.filter(bool).map(clean), min_size=1, max_size=12))
    edges = draw(st.lists(st.integers(0, len(words)), max_size=6, unique=True))
    edges = sorted(edges)
    labels = st.sampled_from(["Symptoms", "Treatments", "Elsewhere"])
    spans = [
        (a, b, draw(labels)) for a, b in zip(edges[::2], edges[1::2], strict=False)
    ]
    loose = draw(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), labels), max_size=4)
    )
    loose = [(a, b, c) for a, b, c in loose if a < b <= len(words)]
    kind = draw(st.sampled_from(["outside", "missing", "none"]))
    return words, spans, loose, kind


def as_example(nlp, words, spans, loose, kind):
    reference = Doc(nlp.vocab, words=words)
    if kind != "none":
        reference.set_ents([Span(reference, *span) for span in spans], default=kind)
        reference.spans["found"] = [Span(reference, *span) for span in loose]
    return Example(Doc(nlp.vocab, words=words), reference)


@pytest.fixture(scope="module")
def learners(make_nlp, gold_corpus):
    """One of each kind; every case begins with the same parameters."""
    made = []
    for values in (
        {},
        {"tagging": "typed", "detection_view": "both"},
        {"spans_key": "found", "none_class": False, "detection_view": "masked"},
        {"decoder": "crf", "tagging": "typed"},
        {"decoder": "crf", "detection_view": "both", "reduction": "sum"},
    ):
        nlp = make_nlp(max_pieces=16, **values)
        nlp.initialize(lambda nlp=nlp: gold_corpus(nlp))
        state = nlp.get_pipe("ner").network.state_dict()
        made.append((nlp, {k: v.clone() for k, v in state.items()}))
    return made


@cases(0.4)
@given(st.lists(annotated(), min_size=1, max_size=4), st.integers(0, 4))
def test_any_annotation_is_learnt_from_or_left_out(learners, items, which):
    nlp, state = learners[which]
    ner = nlp.get_pipe("ner")
    ner.network.load_state_dict(state)
    ner.shim.forget()
    examples = [as_example(nlp, *item) for item in items]
    losses = nlp.update(
        examples, sgd=Adam(1e-4), losses={}, annotates=["clinical_sentences"], drop=0.1
    )
    assert all(np.isfinite(value) and value >= 0 for value in losses.values())
    assert all(torch.isfinite(p).all() for p in ner.network.parameters())
    scores = nlp.evaluate(examples)
    shares = [v for k, v in scores.items() if isinstance(v, float) and k != "speed"]
    assert all(0 <= share <= 1 for share in shares)


NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 0.0, 1.0, 0.5, 2, 100, 1e9, -1e9, 2**40]),
    st.floats(0, 1),
    st.integers(-5, 600),
)
VALUES = st.one_of(
    NUMBERS,
    st.booleans(),
    st.none(),
    st.text(max_size=5),
    st.sampled_from(
        [
            *("paper", "ratio", "none", "clean", "masked", "both", "mean", "sum"),
            *("typed", "untyped", "auto", "float32", "bfloat16", "word", "piece"),
        ]
    ),
)
MODEL_KEYS = {
    "weighting": st.sampled_from(["paper", "ratio", "none", 4]),
    "detection_view": st.sampled_from(["clean", "masked", "both"]),
    "reduction": st.sampled_from(["mean", "sum"]),
    "mslm_weight": st.floats(0, 10),
    "detection_weight": st.floats(0, 10),
    "classification_weight": st.floats(0, 10),
    "tagging": st.sampled_from(["typed", "untyped"]),
    "none_class": st.booleans(),
    "decoder": st.sampled_from(["softmax", "crf"]),
    "detection_vector": st.integers(0, 5),
    "classification_vector": st.integers(0, 5),
    "max_pieces": st.integers(16, 512),
    "max_batch_pieces": st.integers(1, 10_000),
    "precision": st.sampled_from(["auto", "float32", "bfloat16"]),
    "heads_learn_rate": st.floats(0, 20),
    "layer_decay": st.floats(0, 1),
    "seed": st.integers(0, 2**31),
    "threshold": st.floats(0, 1),
    "outside_bias": st.floats(-100, 100),
    "spans_key": st.none() | st.text(min_size=1, max_size=5),
}


@st.composite
def configs(draw):
    """Sensible values, some of them replaced by anything at all."""
    names = draw(st.lists(st.sampled_from(sorted(MODEL_KEYS)), unique=True))
    wild = draw(st.sets(st.sampled_from(sorted(MODEL_KEYS)), max_size=2))
    values = {k: draw(VALUES if k in wild else MODEL_KEYS[k]) for k in names}
    rates = st.floats(0, 1) | NUMBERS
    kind = draw(st.sampled_from(["", "joint", "token", "none"]))
    unit = draw(st.sampled_from(["word", "piece"]))
    if kind == "joint":
        values["masking"] = {
            "@misc": "spacy-mslm.JointMasking.v1",
            "entity_rate": draw(rates),
            "base_rate": draw(rates),
            "unit": unit,
        }
    elif kind == "token":
        name = draw(st.sampled_from(["TokenMasking", "SpanMasking"]))
        values["masking"] = {
            "@misc": f"spacy-mslm.{name}.v1",
            "rate": draw(rates),
            "unit": unit,
        }
    elif kind == "none":
        values["masking"] = None
    if draw(st.booleans()):
        shares = draw(st.tuples(st.floats(-1, 2), st.floats(0, 1), st.floats(0, 1)))
        mask, random, keep = shares
        if draw(st.booleans()):
            total = abs(mask) + random + keep
            mask, random, keep = (abs(x) / total if total else x for x in shares)
        values["corruption"] = {
            "@misc": "spacy-mslm.Corruption.v1",
            "mask": mask,
            "random": random,
            "keep": keep,
        }
    return values


@cases(0.2)
@given(configs())
def test_any_settings_work_or_are_refused_by_name(make_nlp, gold_corpus, values):
    try:
        nlp = make_nlp(**values)
        examples = gold_corpus(nlp)
        nlp.initialize(lambda: examples)
    except MslmError as error:
        assert str(error).startswith("[M4") or str(error).startswith("[M5")
        return
    except ConfigValidationError:
        return
    losses = nlp.update(examples, sgd=Adam(1e-4), losses={})
    assert all(np.isfinite(value) for value in losses.values())
    for doc in nlp.pipe(["Patient has fever and chest pain .", "", "\n"]):
        assert len(doc.ents) <= len(doc)
