"""What sources dispute is learnt by nobody, and scored by nobody."""

from dataclasses import replace

import pytest
import spacy
import torch
from spacy.training import Example
from thinc.api import Adam

from spacy_mslm.corpus.docs import make_doc
from spacy_mslm.pipeline import component
from spacy_mslm.types import CharSpan, DropCounts, Note

TEXT = "Patient has fever and chest pain , given aspirin daily ."
DISPUTED = "chest pain"


def at(part, label):
    start = TEXT.index(part)
    return CharSpan(start, start + len(part), label, "medcat")


def reference(nlp, *spans, missing=True):
    """As `corpus build` makes it of a row of `label`."""
    start = TEXT.index(DISPUTED)
    return make_doc(
        nlp.make_doc,
        Note("n", "p", TEXT),
        {"medcat": spans},
        entities_from="medcat",
        drops=DropCounts(),
        entities=list(spans),
        missing=[(start, start + len(DISPUTED))] if missing else [],
    )


FOUND = (at("fever", "Symptoms"), at("aspirin", "Treatments"))
WRONG = at(DISPUTED, "Treatments")


@pytest.fixture
def build(make_nlp, gold_corpus):
    """Makes the same pipeline each time: one head of typed tags and no masks, so that
    all that is learnt is read off tags."""

    def make():
        nlp = make_nlp(masking=None, tagging="typed")
        spacy.util.fix_random_seed(0)
        nlp.initialize(lambda: gold_corpus(nlp))
        return nlp

    return make


def update(nlp, doc, sgd=None):
    torch.manual_seed(0)
    nlp.update([Example(nlp.make_doc(TEXT), doc)], sgd=sgd, drop=0.0)
    return {k: v.clone() for k, v in nlp.get_pipe("ner").network.state_dict().items()}


def learnt(build, missing=True):
    nlp = build()
    return update(nlp, reference(nlp, *FOUND, missing=missing), Adam(0.01))


def same(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(one[k], other[k]) for k in one
    )


def test_disputed_tokens_are_missing_and_the_rest_is_known(build):
    doc = reference(build(), *FOUND)
    assert [t.text for t in doc if not t.ent_iob_] == DISPUTED.split()
    assert [e.text for e in doc.ents] == ["fever", "aspirin"]


def test_wrong_tags_on_disputed_tokens_move_nothing(build, monkeypatch):
    right = learnt(build)
    assert same(learnt(build), right)
    read = component.read_annotations

    def with_wrong(examples, labels, spans_key):
        words = examples[0].predicted.char_span(WRONG.start, WRONG.end)
        wrong = (words.start, words.end, labels.index(WRONG.label))
        return [
            replace(a, spans=tuple(sorted((*a.spans, wrong))))
            for a in read(examples, labels, spans_key)
        ]

    monkeypatch.setattr(component, "read_annotations", with_wrong)
    assert same(learnt(build), right)
    # Where the words are annotated, they do.
    assert not same(learnt(build, missing=False), right)


def test_the_detection_head_gets_no_gradient_there(nlp_tiny, monkeypatch):
    network = nlp_tiny.get_pipe("ner").network
    detect, seen = network.detect, []

    def watched(vectors):
        logits = detect(vectors)
        logits.retain_grad()
        seen.append(logits)
        return logits

    monkeypatch.setattr(network, "detect", watched)
    doc = reference(nlp_tiny, *FOUND)
    update(nlp_tiny, doc)
    (logits,) = seen
    moved = (logits.grad.abs().sum(dim=1) > 0).tolist()
    assert moved == [bool(token.ent_iob_) for token in doc]


def test_a_dev_score_neither_rewards_nor_punishes_what_is_found_there(build):
    vanilla = build()
    doc = reference(vanilla, *FOUND)
    scores = []
    for spans in (FOUND, (*FOUND, at(DISPUTED, "Symptoms")), (*FOUND, WRONG)):
        predicted = reference(vanilla, *spans, missing=False)
        scores.append(vanilla.get_pipe("ner").score([Example(predicted, doc)]))
    assert scores[0]["ents_f"] == 1.0
    assert scores[1] == scores[0] and scores[2] == scores[0]
