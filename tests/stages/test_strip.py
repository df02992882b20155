"""What is packaged: no masked-LM head, none of the notes' words, the same entities."""

import json

import pytest
import spacy
from safetensors.torch import load_file

from spacy_mslm.errors import MslmError
from spacy_mslm.stages.shipping.strip import fresh_strings, strip, without_places

NAMES = "Zwetschgenbaum was seen by Dr. Quaxling on ward 4711 for chest pain ."


@pytest.fixture
def stripped(trained, tmp_path):
    """A pipeline that has met words of its own, written and stripped."""
    nlp = spacy.util.load_model_from_config(trained.config, auto_fill=True)
    nlp.from_bytes(trained.to_bytes())
    nlp(NAMES)
    nlp.to_disk(tmp_path / "model")
    strings = json.loads((tmp_path / "model/vocab/strings.json").read_text("utf8"))
    assert {"Zwetschgenbaum", "Quaxling", "4711"} <= set(strings)
    assert strip(tmp_path / "model", tmp_path / "out") == 1
    return tmp_path / "out"


def test_no_word_of_a_note_is_in_any_file(stripped):
    strings = json.loads((stripped / "vocab" / "strings.json").read_text("utf8"))
    known = set(spacy.blank("en").vocab.strings)
    assert set(strings) - known == {"Symptoms", "Treatments"}
    for path in stripped.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(w in content for w in (b"Zwetschgen", b"Quaxling", b"4711"))


def test_it_reads_as_before(stripped, trained):
    nlp = spacy.load(stripped)
    texts = ["Patient has fever and chest pain .", NAMES, "", "Given aspirin daily ."]
    for a, b in zip(nlp.pipe(texts), trained.pipe(texts), strict=True):
        assert a.text == b.text
        assert [(e.start, e.end, e.label_) for e in a.ents] == [
            (e.start, e.end, e.label_) for e in b.ents
        ]
        assert [t.lower_ for t in a] == [t.lower_ for t in b]


def test_no_masked_lm_tensor_is_left(stripped):
    names = set(load_file(stripped / "ner" / "model.safetensors"))
    assert names and not any(name.startswith("mlm.") for name in names)


def test_vectors_keep_their_words(trained, tmp_path):
    nlp = spacy.util.load_model_from_config(trained.config, auto_fill=True)
    nlp.from_bytes(trained.to_bytes())
    nlp.vocab.reset_vectors(width=2)
    nlp.vocab.set_vector("vectorword", [1.0, 2.0])
    nlp("Quaxling")
    nlp.to_disk(tmp_path / "model")
    strip(tmp_path / "model", tmp_path / "out")
    kept = spacy.load(tmp_path / "out").vocab
    assert kept["vectorword"].vector.tolist() == [1.0, 2.0]
    strings = json.loads((tmp_path / "out/vocab/strings.json").read_text("utf8"))
    assert "vectorword" in strings and "Quaxling" not in strings


def test_no_path_of_the_machine_is_left_in_the_config(trained, tmp_path):
    config = trained.config.copy()
    config["components"]["ner"]["model"]["masking"] = {
        "@misc": "spacy-mslm.PmiMasking.v1",
        "vocabulary": "/secure/somebody/pmi.tsv",
        "rate": 0.1,
        "budget": None,
    }
    config["corpora"]["train"]["path"] = "/secure/somebody/train"
    config["initialize"]["components"]["ner"] = {"concepts": "~/concepts"}
    text = without_places(config).to_str(interpolate=False)
    assert "somebody" not in text and "~" not in text
    assert '"pmi.tsv"' in text and '"concepts"' in text


def test_a_component_that_needs_the_words_is_refused(trained, tmp_path):
    nlp = spacy.util.load_model_from_config(trained.config, auto_fill=True)
    nlp.from_bytes(trained.to_bytes())
    nlp.to_disk(tmp_path / "model")

    class Lemmatizer:
        labels = (3, 4)

    nlp._components.append(("trainable_lemmatizer", Lemmatizer()))
    with pytest.raises(MslmError, match=r"\[M792\] component 'trainable_lemmatizer'"):
        fresh_strings(nlp)


def test_with_context_the_package_marks_negation_and_asks_for_what_it_needs(
    trained, tmp_path
):
    pytest.importorskip("negspacy")
    trained.to_disk(tmp_path / "model")
    strip(tmp_path / "model", tmp_path / "out", context=True)
    nlp = spacy.load(tmp_path / "out")
    assert nlp.pipe_names[-1] == "clinical_context"
    text = "Patient denies cough . Given aspirin daily ."
    for doc in (nlp(text), *nlp.pipe([text])):
        marks = [(e.text, e._.negated, e._.family) for e in doc.ents]
        assert ("cough", True, False) in marks and ("aspirin", False, False) in marks
        assert all(entity._.confidence for entity in doc.ents)
    meta = json.loads((tmp_path / "out" / "meta.json").read_text("utf8"))
    assert meta["requirements"] == ["negspacy>=1.1"]
    strip(tmp_path / "out", tmp_path / "again", context=True)
    assert spacy.load(tmp_path / "again").pipe_names == nlp.pipe_names
