"""`medication`: systems trained by `spacy train`, scored on test, one line each."""

import shutil
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.report.systems import compared, systems_table
from spacy_mslm.scoring.doc_counts import DocCounts
from spacy_mslm.stages.corpora.corpus import build_iob_corpus
from spacy_mslm.stages.corpora.tokenizer import train_tokenizer
from spacy_mslm.stages.laboratory import medication
from spacy_mslm.stages.laboratory.medication import read_lines, run_systems
from spacy_mslm.stages.laboratory.one_system import Read, Variant, model_name, plan_of
from spacy_mslm.stages.systems import read_systems

ROOT = Path(__file__).parents[2]
TEXT = "given\tO\naspirin\tB-Drug\n\nno\tO\nchest\tB-Sign\npain\tI-Sign\n\nhome\tO\n\n"
TABLE = """
decoders: {CRF: crf, Apt: softmax}
encoders:
  Small:
    config: transformer_crf_small.cfg
    encoder: ./work/tokenizer
    batch: 4
    epochs: 5
    learn_rate: 0.005
    heads_learn_rate: 1.0
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medication")
    files = []
    for split, times in (("train", 30), ("dev", 2), ("test", 3)):
        files.append(folder / f"{split}.tsv")
        files[-1].write_text(TEXT * times)
    build_iob_corpus(files, folder / "corpus")
    train_tokenizer(
        folder / "corpus",
        folder / "tokenizer",
        vocab=300,
        kind="wordpiece",
        lower=False,
        min_count=1,
    )
    return folder


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    text = (ROOT / "configs" / "transformer_crf_small.cfg").read_text()
    for line, less in {
        "dim = 256": "dim = 32",
        "hidden_dim = 1024": "hidden_dim = 64",
        "n_layers = 4": "n_layers = 1",
    }.items():
        assert f"\n{line}\n" in text
        text = text.replace(f"\n{line}\n", f"\n{less}\n")
    (folder / "transformer_crf_small.cfg").write_text(text)
    (folder / "systems.yml").write_text(TABLE)
    return folder / "systems.yml"


@pytest.fixture(scope="module")
def made(corpus, systems):
    out = corpus / "results" / "answers.jsonl"
    failed = run_systems(
        corpus / "corpus",
        read_systems(systems).values(),
        out,
        seeds=(0, 1),
        variant=Variant(tokenizer=str(corpus / "tokenizer")),
        models=corpus / "models",
        say=lambda text: None,
    )
    assert failed == {}
    return out


def test_a_line_a_system_and_seed(made, corpus):
    lines = read_lines(made)
    assert [(line["system"], line["seed"]) for line in lines] == [
        *[("Small-CRF", 0), ("Small-CRF", 1), ("Small-Apt", 0), ("Small-Apt", 1)]
    ]
    first = lines[0]
    # 180 words in 90 sentences, 4 sentences a batch, five times read.
    assert (first["train_words"], first["train_sentences"]) == (180, 90)
    assert (first["batch_words"], first["updates"]) == (8, 113)
    assert first["labels"] == ["Drug", "Sign"]
    assert "aspirin" not in made.read_text()
    crf = lines[0]["parameters"] - lines[2]["parameters"]
    assert crf == 5 * 5 + 2 * 5


def test_it_learns_and_is_scored_on_clean_test(made, corpus):
    for line in read_lines(made):
        assert line["scores"]["span_strict_micro_f"] > 0.9
        counts = DocCounts.from_text(line["by_document"])
        f = line["scores"]["span_strict_micro_f"]
        tp, fp, fn = counts.tp.sum(), counts.fp.sum(), counts.fn.sum()
        assert 2 * tp / (2 * tp + fp + fn) == pytest.approx(f, abs=1e-5)
        # Nine test sentences hold six mentions; what was found has nothing from gold.
        assert tp + fn == 6
        nlp = spacy.load(corpus / "models" / model_name(line))
        doc = nlp(Doc(nlp.vocab, words=["given", "aspirin"]))
        assert [ent.text for ent in doc.ents] == ["aspirin"]


def test_what_is_there_is_not_made_again(made, corpus, systems, monkeypatch):
    def no(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(medication, "run_system", no)
    before = made.read_text()
    said = []
    run_systems(
        corpus / "corpus",
        read_systems(systems).values(),
        made,
        seeds=(0, 1),
        variant=Variant(tokenizer=str(corpus / "tokenizer")),
        say=said.append,
    )
    assert made.read_text() == before
    assert len(said) == 4 and all("done before" in line for line in said)


def test_an_encoder_that_cannot_be_had_leaves_the_others(corpus, systems, tmp_path):
    table = tmp_path / "systems.yml"
    text = TABLE + TABLE.split("encoders:\n")[1].replace("Small", "Gone").replace(
        "./work/tokenizer", "./no/such/folder"
    )
    head, small = text.split("encoders:\n")
    gone = small[small.index("  Gone") :]
    table.write_text(f"{head}encoders:\n{gone}{small[: small.index('  Gone')]}")
    config = "transformer_crf_small.cfg"
    (tmp_path / config).write_text((systems.parent / config).read_text())
    result = CliRunner().invoke(
        register_commands(),
        [
            *("medication", "run", str(corpus / "corpus"), "--systems", str(table)),
            *("--out", str(tmp_path / "out.jsonl"), "--updates", "2"),
            *("--tokenizer", str(corpus / "tokenizer")),
        ],
    )
    assert isinstance(result.exception, MslmError)
    assert "M449" in str(result.exception)
    assert "Gone-CRF; Gone-Apt" in str(result.exception)
    names = [line["system"] for line in read_lines(tmp_path / "out.jsonl")]
    assert names == ["Small-CRF", "Small-Apt"]
    assert {line["updates"] for line in read_lines(tmp_path / "out.jsonl")} == {2}


def test_a_variant_is_another_run_with_its_settings(made, corpus, systems, tmp_path):
    masks = {
        "@misc": "spacy-mslm.JointMasking.v1",
        **{"entity_rate": 0.5, "base_rate": 0.15, "unit": "word"},
    }
    out = tmp_path / "out.jsonl"
    variant = Variant(
        "MSLM",
        settings={"components.ner.model.masking": masks},
        times=0.1,
        tokenizer=str(corpus / "tokenizer"),
    )
    system = read_systems(systems)["Small-CRF"]
    run_systems(
        corpus / "corpus",
        [system],
        out,
        seeds=(0,),
        variant=variant,
        say=lambda text: None,
    )
    [line] = read_lines(out)
    assert line["system"] == "Small-CRF, MSLM"
    assert line["updates"] == 12
    assert line["settings"]["components.ner.model.masking"] == masks
    # The head that fills in masks is there too.
    assert line["parameters"] > read_lines(made)[0]["parameters"]


def test_a_setting_that_no_config_has(corpus, systems, tmp_path):
    variant = Variant(
        "X", settings={"training.no_such": 1}, tokenizer=str(corpus / "tokenizer")
    )
    said = []
    failed = run_systems(
        corpus / "corpus",
        [read_systems(systems)["Small-CRF"]],
        tmp_path / "out.jsonl",
        seeds=(0,),
        variant=variant,
        say=said.append,
    )
    assert "M727" in failed["Small-CRF, X"]
    assert not (tmp_path / "out.jsonl").exists()


def test_no_test_documents(tmp_path):
    (tmp_path / "train.tsv").write_text(TEXT)
    build_iob_corpus([tmp_path / "train.tsv"], tmp_path / "corpus")
    with pytest.raises(MslmError, match=r"M742"):
        run_systems(tmp_path / "corpus", [], tmp_path / "o.jsonl", seeds=(0,))


def test_a_damaged_row_is_named(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text('{"id": "a", "system": "S", "scores": {}}\n{"id": \n')
    with pytest.raises(MslmError, match=r"M804.*row 2"):
        read_lines(path)


def test_table_and_comparison(made):
    lines = read_lines(made)
    table = systems_table(lines).splitlines()
    assert len(table) == 4
    cells = [cell.strip() for cell in table[2].strip("|").split("|")]
    assert cells[:2] == ["Small-CRF", "all"]
    assert cells[2] == f"{lines[0]['parameters']:,}"
    assert cells[5] == "2"
    rows = compared(lines, [("Small-CRF", "Small-Apt"), ("Small-CRF", "Small-CRF")])
    assert "| +0.0 [+0.0, +0.0] | 2 |" in rows.splitlines()[-1]
    with pytest.raises(MslmError, match=r"M448.*Small-CRF x 113"):
        compared(lines, [("Small", "Small-Apt")])


def test_budgets_and_shares_are_told_apart(made):
    lines = read_lines(made)[:1]
    more = {**lines[0], "updates": 500}
    thin = {**lines[0], "sambd": 0.08}
    together = [*lines, more, thin]
    assert len(systems_table(together).splitlines()) == 5
    with pytest.raises(MslmError, match="names 2 systems"):
        compared(together, [("Small-CRF", "Small-CRF @ 8%")])
    assert compared(together, [("Small-CRF x 500", "Small-CRF @ 8%")])


def test_corpora_and_tokenizers_are_told_apart(made):
    lines = read_lines(made)[:1]
    other = {**lines[0], "data_hash": "other"}
    cut = {**lines[0], "encoder_hash": "other"}
    together = [*lines, other, cut]
    names = [row.split("|")[1].strip() for row in systems_table(together).splitlines()]
    assert len({*names[2:]}) == 3
    assert all(name.startswith("Small-CRF # ") for name in names[2:])
    first, second, third = (name.split(" # ")[1] for name in names[2:])
    full = [f"Small-CRF x 113 # {data}" for data in (first, second, third)]
    assert compared(together, [(full[0], full[1]), (full[1], full[2])])
    # The same numbers of other documents are nothing to compare with.
    counts = DocCounts.from_text(other["by_document"])
    counts = DocCounts(counts.tp, counts.fp, counts.fn + 1)
    other["by_document"] = counts.to_text()
    with pytest.raises(MslmError, match="M450"):
        compared(together, [(full[0], full[1])])


def test_another_tokenizer_is_another_run(made, corpus, systems, tmp_path):
    system = read_systems(systems)["Small-CRF"]
    read = Read.of(corpus / "corpus")
    mine = plan_of(system, Variant(tokenizer=str(corpus / "tokenizer")), read, 0)
    assert mine["id"] == read_lines(made)[0]["id"]
    assert mine["encoder_hash"]
    changed = tmp_path / "tokenizer"
    shutil.copytree(corpus / "tokenizer", changed)
    same = plan_of(system, Variant(tokenizer=str(changed)), read, 0)
    assert same["id"] == mine["id"]
    with (changed / "tokenizer.json").open("a") as file:
        file.write(" ")
    other = plan_of(system, Variant(tokenizer=str(changed)), read, 0)
    assert other["id"] != mine["id"]


def test_no_train(corpus, tmp_path):
    shutil.copytree(corpus / "corpus", tmp_path / "corpus")
    shutil.rmtree(tmp_path / "corpus" / "train")
    with pytest.raises(MslmError, match=r"M701.*train"):
        run_systems(tmp_path / "corpus", [], tmp_path / "o.jsonl", seeds=(0,))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--only", "None-CRF"], "M447"),
        (["--seeds", "a"], "M727"),
        (["--set", "x"], "M727"),
    ],
)
def test_bad_options(corpus, systems, tmp_path, options, code):
    result = CliRunner().invoke(
        register_commands(),
        [
            *("medication", "run", str(corpus / "corpus")),
            *("--systems", str(systems), "--out", str(tmp_path / "o"), *options),
        ],
    )
    assert isinstance(result.exception, MslmError)
    assert str(result.exception).startswith(f"[{code}]")
