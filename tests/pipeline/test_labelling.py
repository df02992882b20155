"""An existing pipeline as a source of labels."""

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.labelling import PipelineLabeller, entity_labels
from spacy_mslm.types import CharSpan, DropCounts, Note

TEXT = "Asthma \n treated with aspirin."


def ruled(*labels):
    nlp = spacy.blank("en")
    patterns = [{"label": "DIS", "pattern": "Asthma"}]
    patterns += [{"label": "CHEM", "pattern": "aspirin", "id": "c1"}]
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([p for p in patterns if p["label"] in labels])
    return nlp


def found(labeller, text=TEXT):
    return list(labeller.find(Note("n", "p", text)))


def test_all_labels_as_they_are_or_renamed():
    nlp = ruled("DIS", "CHEM")
    assert entity_labels(nlp) == ["CHEM", "DIS"]
    plain = PipelineLabeller(nlp, model="m")
    assert plain.labels == ("CHEM", "DIS")
    assert found(plain) == [
        CharSpan(0, 6, "DIS", "pipeline"),
        CharSpan(22, 29, "CHEM", "pipeline"),
    ]
    drops = DropCounts()
    renamed = PipelineLabeller(nlp, {"DIS": "Diseases"}, model="m", drops=drops)
    assert renamed.labels == ("Diseases",)
    assert [span.label for span in found(renamed)] == ["Diseases"]
    assert drops == {"pipeline entity of a label that is not asked for": 1}


def test_confidences_are_scores_and_may_be_too_low(trained):
    text = "Patient has fever and chest pain ."
    labeller = PipelineLabeller(trained, model="m")
    spans = found(labeller, text)
    assert [text[s.start : s.end] for s in spans] == ["fever", "chest pain"]
    assert all(0 < span.score < 1 for span in spans)
    least = max(span.score for span in spans)
    drops = DropCounts()
    strict = PipelineLabeller(trained, model="m", min_score=least, drops=drops)
    assert len(found(strict, text)) == 1
    assert drops == {"score below the least": 1}


def test_white_space_at_an_edge_is_no_part_of_a_span():
    nlp = spacy.blank("en")

    @Language.component("greedy_test_pipe", assigns=["doc.ents"])
    def greedy(doc):
        doc.set_ents([doc.char_span(0, 9, label="D", alignment_mode="expand")])
        return doc

    nlp.add_pipe("greedy_test_pipe")
    (span,) = found(PipelineLabeller(nlp, {"D": "D"}, model="m"))
    assert TEXT[span.start : span.end] == "Asthma"


def test_a_pipeline_that_finds_nothing_or_not_that_is_refused():
    with pytest.raises(MslmError, match=r"\[M564\] m: .*components: none"):
        PipelineLabeller(spacy.blank("en"), model="m")
    with pytest.raises(MslmError, match=r"\[M563\].* m knows no type X .*CHEM"):
        PipelineLabeller(ruled("CHEM"), {"CHEM": "T", "X": "T"}, model="m")


def test_a_pipeline_that_changes_the_text_is_refused():
    nlp = ruled("CHEM")
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=text.split())
    with pytest.raises(MslmError, match=r"\[M565\] m: "):
        found(PipelineLabeller(nlp, model="m"))
