"""`decoder = "crf"`: the component learns, stores and serves chains of tags."""

import pytest


@pytest.fixture(scope="module", params=["typed", "untyped"])
def learnt(request, make_nlp, train_nlp):
    nlp = make_nlp(decoder="crf", tagging=request.param)
    train_nlp(nlp, updates=60)
    return nlp


def found(doc):
    return [(e.start, e.end, e.label_) for e in doc.ents]


def test_it_learns_and_its_confidences_are_probabilities(learnt, gold_corpus):
    examples = gold_corpus(learnt)
    docs = [learnt(example.reference.text) for example in examples]
    right = [
        found(d) == found(e.reference) for d, e in zip(docs, examples, strict=True)
    ]
    assert sum(right) >= 4
    assert all(0 < e._.confidence <= 1 for doc in docs for e in doc.ents)
    assert learnt.get_pipe("ner").network.crf.transitions.abs().max() > 0


def test_stored_and_read_it_predicts_the_same(learnt, gold_corpus, make_nlp):
    tagging = "typed" if learnt.get_pipe("ner").network.head_settings.typed else None
    values = {"tagging": tagging} if tagging else {}
    other = make_nlp(decoder="crf", **values).from_bytes(learnt.to_bytes())
    for example in gold_corpus(learnt):
        text = example.reference.text
        assert found(other(text)) == found(learnt(text))


def test_another_decoder_is_told(make_nlp):
    with pytest.raises(Exception, match=r"decoder"):
        make_nlp(decoder="viterbi")
