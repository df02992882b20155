"""What a config hides, printed; the vocabulary of collocations, written."""

import json
import shutil

import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from thinc.api import Config
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.masking.pmi import read_ngrams
from spacy_mslm.stages.corpora.masks import masked_sentences, total
from spacy_mslm.stages.corpora.pmi import build_pmi_vocabulary


@pytest.fixture(scope="module")
def corpus(make_nlp, gold_corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks") / "corpus"
    (folder / "train").mkdir(parents=True)
    (folder / "test").mkdir()
    docs = [example.reference for example in gold_corpus(make_nlp())]
    DocBin(docs=docs * 3).to_disk(folder / "train" / "0.spacy")
    DocBin(docs=docs * 50).to_disk(folder / "test" / "0.spacy")
    return folder


@pytest.fixture
def config(tiny_encoder, tmp_path, pytestconfig):
    def write(name="mslm", **masking):
        values = Config().from_disk(pytestconfig.rootpath / "configs" / f"{name}.cfg")
        values["paths"]["encoder"] = str(tiny_encoder)
        model = values["components"]["ner"]["model"]
        model["masking"] = masking or model["masking"]
        values.to_disk(tmp_path / "config.cfg")
        return tmp_path / "config.cfg"

    return write


def test_terms_and_other_words_are_told_apart_and_counted(config, corpus):
    path = config(
        **{"@misc": "spacy-mslm.JointMasking.v1"},
        entity_rate=1.0,
        base_rate=0.3,
        unit="word",
    )
    shown = list(masked_sentences(path, corpus, sentences=3, seed=0, update=0))
    first = shown[0]
    assert first.text.count("[TERM]") == 3 and "fever" not in first.text
    assert first.entity >= 3 and first.base == first.text.count("[MASK]")
    text = total(shown)
    assert text.startswith("3 sentences, ") and " of terms, " in text
    assert sum(s.entity + s.base for s in shown) < sum(s.pieces for s in shown)
    again = list(masked_sentences(path, corpus, sentences=3, seed=0, update=0))
    other = list(masked_sentences(path, corpus, sentences=3, seed=0, update=1))
    assert again == shown != other


def test_placeholders_are_shown_in_their_one_form_and_never_masked(config, corpus):
    path = config(
        **{"@misc": "spacy-mslm.TokenMasking.v1"}, rate=1.0, unit="word", budget=None
    )
    shown = list(masked_sentences(path, corpus, sentences=9, seed=0, update=0))
    assert any("_" in s.text.split() for s in shown)
    assert all(set(s.text.split()) <= {"[MASK]", "_"} for s in shown)


@pytest.mark.parametrize(("name", "code"), [("vanilla", "M771"), (None, "M770")])
def test_configs_without_masks_say_so(config, corpus, tmp_path, name, code):
    path = tmp_path / "other.cfg"
    path.write_text('[nlp]\nlang = "en"\n')
    with pytest.raises(MslmError, match=code):
        list(
            masked_sentences(
                config(name) if name else path, corpus, sentences=1, seed=0, update=0
            )
        )


def test_a_bad_rate_is_refused_before_anything_is_read(config, corpus):
    path = config(
        **{"@misc": "spacy-mslm.JointMasking.v1"},
        entity_rate=0.5,
        base_rate="often",
        unit="word",
    )
    with pytest.raises(MslmError, match=r"\[M770\].*base_rate"):
        list(masked_sentences(path, corpus, sentences=1, seed=0, update=0))


def test_command_prints_masks(config, corpus):
    arguments = ["masks", str(config("uniform_mlm")), str(corpus), "--n", "2"]
    result = CliRunner().invoke(register_commands(), arguments)
    assert result.exit_code == 0, result.output
    assert "[MASK]" in result.output and "2 sentences" in result.output


def test_vocabulary_is_of_train_alone_and_its_counts_hold_no_text(corpus, tmp_path):
    out = tmp_path / "pmi.tsv"
    about = build_pmi_vocabulary(corpus, out, min_count=3, longest=3, top=0)
    ngrams = read_ngrams(str(out))
    assert ("chest", "pain") in ngrams and len(ngrams) == about["kept"]
    rows = [line.split("\t") for line in out.read_text().splitlines()]
    assert [float(r[1]) for r in rows] == sorted(float(r[1]) for r in rows)[::-1]
    # Seen in 2 of 6 documents of train, three times over; test has 50 of each.
    assert {r[0]: r[2] for r in rows}["at home"] == "6"
    assert not any("known" in ngram for ngram in ngrams), "a placeholder's word"
    kept = json.loads((tmp_path / "pmi.tsv.json").read_text())
    assert kept == about and "chest" not in json.dumps(kept)


def test_vocabulary_reaches_training(config, corpus, tmp_path):
    out = tmp_path / "pmi.tsv"
    build_pmi_vocabulary(corpus, out, min_count=3, longest=3, top=0)
    path = config(
        **{"@misc": "spacy-mslm.PmiMasking.v1"},
        vocabulary=str(out),
        rate=0.4,
        budget=None,
    )
    shown = list(masked_sentences(path, corpus, sentences=6, seed=0, update=0))
    assert sum(s.base for s in shown) > 0


@pytest.mark.parametrize(
    "blank", ["\t", "\n", "\x0b", "\x1c", "\x85", "\xa0", "\u2028"]
)
def test_words_with_white_space_do_not_damage_the_vocabulary(tmp_path, blank):
    words = [f"a{blank}b", "chest", "pain"]
    docs = [Doc(Vocab(), words=words) for _ in range(5)]
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    out = tmp_path / "pmi.tsv"
    build_pmi_vocabulary(tmp_path / "train.spacy", out, min_count=5, longest=3, top=0)
    assert read_ngrams(str(out)) == {("chest", "pain")}


def test_a_corpus_without_train_gives_no_vocabulary(corpus, tmp_path):
    shutil.copytree(corpus / "test", tmp_path / "held" / "test")
    settings = {"min_count": 3, "longest": 3, "top": 0}
    with pytest.raises(MslmError, match=r"\[M322\].*test"):
        build_pmi_vocabulary(tmp_path / "held", tmp_path / "out.tsv", **settings)
    assert not (tmp_path / "out.tsv").exists()


def test_a_strategy_that_nobody_registered_is_a_coded_error(config, corpus):
    path = config(**{"@misc": "spacy-mslm.NoSuchMasking.v1"})
    with pytest.raises(MslmError, match=r"\[M770\].*NoSuchMasking"):
        list(masked_sentences(path, corpus, sentences=1, seed=0, update=0))


def test_the_component_may_have_any_name(config, corpus):
    path = config()
    values = Config().from_disk(path)
    values["components"]["findings"] = values["components"].pop("ner")
    values.to_disk(path)
    assert list(masked_sentences(path, corpus, sentences=1, seed=0, update=0))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"longest": 5}, r"\[M408\] 'longest'"),
        ({"min_count": 0}, r"\[M408\] 'min_count'"),
        ({"top": -1}, r"\[M408\] 'top'"),
        ({"min_count": 10_000}, r"\[M321\].*--min-count"),
    ],
)
def test_bad_values_and_no_collocation_are_errors(corpus, tmp_path, values, match):
    settings = {"min_count": 3, "longest": 3, "top": 0, **values}
    with pytest.raises(MslmError, match=match):
        build_pmi_vocabulary(corpus, tmp_path / "out.tsv", **settings)
    assert not (tmp_path / "out.tsv").exists()


def test_command_writes_the_vocabulary(corpus, tmp_path):
    out = tmp_path / "pmi.tsv"
    arguments = ["corpus", "pmi", str(corpus), "--out", str(out), "--min-count", "3"]
    result = CliRunner().invoke(register_commands(), arguments)
    assert result.exit_code == 0, result.output
    assert "holds words of the notes" in result.output and out.is_file()
