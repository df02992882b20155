"""A sentence of the notes appears nowhere but in the files that are made to hold notes:
not in logs, errors, manifests, records, temporary files, nor in what Ray writes.

Each command runs in a process of its own, with its own home and folder of temporary
files, on notes that also make it fail. What it said and left is searched.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import spacy

from spacy_mslm.stages.labelling.concepts import build_concepts

pytestmark = [pytest.mark.medcat, pytest.mark.timeout(400)]

CANARY = "zanzibarine canaries nest quietly"
WORD = b"zanzibarine"
# In the command and in every worker: a labeller that fails in all ways, as loudly as
# it can; and what Ray wrote is kept for the search.
SITE = """
import contextlib, logging, os, shutil, sys, warnings
from spacy_mslm.runners import ray_engine
from spacy_mslm.weak.medcat import MedcatLabeller

find, real = MedcatLabeller.find, ray_engine.private_folder

def loud(self, note):
    if "RAISE" in note.text:
        raise RuntimeError(note.text)
    if "CRASH" in note.text:
        print(note.text, flush=True)
        logging.error(note.text)
        warnings.warn(note.text)
        os.write(2, note.text.encode())
        os.abort()
    yield from find(self, note)

@contextlib.contextmanager
def kept(prefix, base=None):
    with real(prefix, base) as made:
        yield made
        shutil.copytree(made, os.environ["KEPT"], dirs_exist_ok=True, symlinks=True,
            ignore=lambda folder, names: [n for n in names if "sockets" in folder])

MedcatLabeller.find = loud
ray_engine.private_folder = kept
"""


@dataclass
class Place:
    """Where commands run: `searched` is looked through, `inputs` is not."""

    searched: Path
    inputs: Path
    code: int = 0

    def run(self, *words: object) -> str:
        """What the command said; ends well as far as `code` is its status."""
        for name in ("tmp", "home", "kept", "out"):
            (self.searched / name).mkdir(exist_ok=True)
        path = os.pathsep.join([str(self.inputs / "site"), *sys.path])
        places = {
            "TMPDIR": self.searched / "tmp",
            "HOME": self.searched / "home",
            "KEPT": self.searched / "kept",
            "PYTHONPATH": path,
        }
        done = subprocess.run(
            [sys.executable, "-m", "spacy_mslm", *map(str, words)],
            capture_output=True,
            text=True,
            env={**os.environ, **{name: str(value) for name, value in places.items()}},
        )
        self.code = done.returncode
        return done.stdout + done.stderr

    def search(self, *holding_text: str) -> list[str]:
        """Files that hold the canary, but for those that are made to."""
        return [
            path.relative_to(self.searched).as_posix()
            for path in sorted(self.searched.rglob("*"))
            if path.is_file()
            and WORD in path.read_bytes().lower()
            and not any(path.match(pattern) for pattern in holding_text)
        ]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    inputs = tmp_path / "inputs"
    (inputs / "site").mkdir(parents=True)
    (inputs / "site" / "sitecustomize.py").write_text(SITE)
    searched = tmp_path / "searched"
    searched.mkdir()
    yield Place(searched, inputs)


def write_notes(place: Place, *acts: str) -> Path:
    rows = [f"fever, {CANARY} {number}" for number in range(12)]
    for position, act in enumerate(acts):
        rows[3 * position] = f"{act} {CANARY}"
    lines = [f'n{n},p{n},"{text}"' for n, text in enumerate(rows)]
    path = place.inputs / "notes.csv"
    path.write_text("note_id,patient_id,text\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def concepts(place: Place) -> Path:
    (place.inputs / "clusters.yml").write_text("S:\n  ids: [T184]\n")
    (place.inputs / "table.csv").write_text("cui,name,type_ids\n1,fever,T184\n")
    build_concepts(
        clusters=place.inputs / "clusters.yml",
        out=place.inputs / "concepts",
        table=str(place.inputs / "table.csv"),
    )
    return place.inputs / "concepts"


def manifest_names(place: Place, name: str) -> bytes:
    return (place.searched / "out" / name / "manifest.json").read_bytes()


@pytest.mark.parametrize(
    ("options", "acts"),
    [
        ((), ("RAISE",)),
        (("--processes", 2), ("RAISE", "CRASH")),
        (("--engine", "ray"), ("RAISE", "CRASH")),
    ],
)
def test_label(
    place: Place, concepts: Path, options: tuple[object, ...], acts: tuple[str, ...]
) -> None:
    notes, out = write_notes(place, *acts), place.searched / "out" / "labels"
    command = ("label", notes, "--concepts", concepts, "--shard-size", 5)
    said = place.run(*command, "--out", out, *options)
    assert place.code == 0, said
    assert f"{12 - len(acts)} notes" in said
    assert WORD not in said.lower().encode()
    assert b"RuntimeError" in manifest_names(place, "labels")
    assert place.search("out/labels/part-*.jsonl") == []
    assert place.search() == [f"out/labels/part-0000{n}.jsonl" for n in range(3)]
    assert not any((place.searched / "tmp").iterdir())
    if "ray" in options:
        assert any((place.searched / "kept").rglob("raylet*")), "Ray's logs were there"


@pytest.mark.parametrize("options", [(), ("--processes", 2)])
def test_label_that_fails_on_all_notes(
    place: Place, concepts: Path, options: tuple[object, ...]
) -> None:
    path = place.inputs / "notes.csv"
    path.write_text(f"note_id,patient_id,text\n1,1,RAISE {CANARY}\n")
    out = place.searched / "out" / "labels"
    said = place.run("label", path, "--concepts", concepts, "--out", out, *options)
    assert place.code == 1 and said.splitlines()[-1].startswith("[M715]")
    assert WORD not in said.lower().encode() and place.search() == []


def test_notes_that_cannot_be_read(place: Place, concepts: Path) -> None:
    path = place.inputs / "notes.jsonl"
    path.write_text(f'{{"note_id": "1", "text": "fever {CANARY}"}}\n{{"te {CANARY}\n')
    out = place.searched / "out" / "labels"
    said = place.run(
        "label", path, "--concepts", concepts, "--out", out, "--processes", 1
    )
    assert place.code == 1 and said.splitlines()[-1].startswith("[M1")
    assert WORD not in said.lower().encode()
    assert place.search("out/labels/part-*.jsonl") == []


@pytest.fixture
def model(place: Place) -> Path:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "S", "pattern": "fever"}])  # type: ignore[attr-defined]
    nlp.to_disk(place.inputs / "model")
    return place.inputs / "model"


@pytest.mark.parametrize(
    ("form", "options", "holding_text"),
    [
        ("brat", ("--processes", 2), ("out/found/n*.txt",)),
        ("parquet", ("--engine", "ray"), ()),
    ],
)
def test_annotate(
    place: Place,
    model: Path,
    form: str,
    options: tuple[object, ...],
    holding_text: tuple[str, ...],
) -> None:
    notes, out = write_notes(place), place.searched / "out" / "found"
    command = ("annotate", model, notes, "--format", form, "--shard-size", 5)
    said = place.run(*command, "--out", out, *options)
    assert place.code == 0, said
    assert "12 notes" in said and WORD not in said.lower().encode()
    assert place.search(*holding_text) == []
    assert bool(place.search()) == bool(holding_text)
    assert not any((place.searched / "tmp").iterdir())
