"""Prediction sees clean text only: no gold annotation changes it in any way."""

import random

import pytest
from spacy.tokens import Span
from spacy.training import Example

TEXTS = [
    "Patient has fever and chest pain .",
    "Given aspirin daily for chest\npain .",
    "The patient denies cough . Metformin was given .",
    "Seen by [**Known lastname 9001**] for acute cough .",
    "He is at home .",
    "No fever . On metformin at home .",
]


def gold_variants(nlp, text, rng):
    """References: none, no entity, one over all, random, missing words, right ones."""
    bare = nlp.make_doc(text)
    yield bare
    for kind in ("empty", "one", "random", "missing", "right"):
        doc = nlp.make_doc(text)
        spans, missing = [], []
        if kind == "one":
            spans = [Span(doc, 0, len(doc), "Treatments")]
        if kind == "random":
            edges = sorted(rng.sample(range(len(doc) + 1), 4))
            spans = [Span(doc, edges[0], edges[1], rng.choice(["Symptoms", "X"]))]
            spans.append(Span(doc, edges[2], edges[3], "Treatments"))
        if kind == "missing":
            missing = [Span(doc, 0, len(doc) // 2)]
        if kind == "right":
            spans = [Span(doc, e.start, e.end, e.label_) for e in nlp(text).ents]
        doc.set_ents(spans, missing=missing)
        for group in ("gold", "medcat", "ner_scores"):
            doc.spans[group] = spans
        doc.spans["ner_scores"].attrs["scores"] = [0.123] * len(spans)
        doc.user_data["gold"] = [(s.start, s.end) for s in spans]
        yield doc


def read(docs):
    return [
        [(e.start, e.end, e.label_, e._.confidence) for e in doc.ents] for doc in docs
    ]


@pytest.fixture
def nlp(trained):
    return trained


@pytest.fixture
def evaluated(nlp, monkeypatch):
    """`evaluated(examples)`: F1 and predictions; `nlp.evaluate` works on copies."""
    ner = nlp.get_pipe("ner")
    scorer, seen = ner.scorer, []

    def kept(examples, **kwargs):
        seen[:] = list(examples)
        return scorer(seen, **kwargs)

    monkeypatch.setattr(ner, "scorer", kept)

    def evaluate(examples):
        f1 = nlp.evaluate(examples, batch_size=len(TEXTS))["ents_f"]
        return f1, read(example.predicted for example in seen)

    return evaluate


def test_gold_on_the_documents_themselves_changes_no_prediction(nlp):
    rng = random.Random(0)
    clean = read(nlp.pipe(TEXTS, batch_size=len(TEXTS)))
    assert sum(map(len, clean)) > 5
    variants = [list(gold_variants(nlp, text, rng)) for text in TEXTS]
    for corpus in zip(*variants, strict=True):
        assert read(nlp.pipe(corpus, batch_size=len(TEXTS))) == clean


def test_gold_permuted_over_a_corpus_changes_no_prediction(nlp, evaluated):
    """Through `nlp.evaluate`, as `spacy train` and `spacy benchmark` do."""
    rng = random.Random(1)
    clean = read(nlp.pipe(TEXTS, batch_size=len(TEXTS)))
    variants = [list(gold_variants(nlp, text, rng)) for text in TEXTS]
    scores = set()
    for _ in range(4):
        examples = [
            Example(nlp.make_doc(text), rng.choice(kinds))
            for text, kinds in zip(TEXTS, variants, strict=True)
        ]
        f1, predictions = evaluated(examples)
        assert predictions == clean
        scores.add(f1)
    assert len(scores) > 1  # the gold did differ


def test_gold_with_the_predicted_document_itself_as_reference(nlp, evaluated):
    """An Example whose two sides are one annotated Doc, as careless callers make."""
    rng = random.Random(2)
    clean = read(nlp.pipe(TEXTS, batch_size=len(TEXTS)))
    docs = [list(gold_variants(nlp, text, rng))[3] for text in TEXTS]
    examples = [Example(doc, doc) for doc in docs]
    assert evaluated(examples)[1] == clean


def test_training_masks_are_not_left_on_for_prediction(make_nlp, train_nlp):
    nlp = make_nlp()
    train_nlp(nlp, updates=2, drop=0.5)
    seen = []
    network = nlp.get_pipe("ner").network
    mask = network.tokenizer.specials.mask
    network.encoder.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["input_ids"]), with_kwargs=True
    )
    first, second = (read(nlp.pipe(TEXTS)) for _ in range(2))
    assert first == second and seen
    assert all((ids != mask).all() for ids in seen)
