"""The house's own rules: who may import whom, how long a module is, what is light."""

import ast
import configparser
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spacy_mslm"
FILES = sorted(PACKAGE.rglob("*.py"))

# Each layer may import the layers before it, and its own room. The rooms of the
# second layer are siblings: none imports another.
LAYERS = (
    {"types", "errors"},
    {"notes", "weak", "corpus", "masking", "nn", "scoring", "runners"},
    {"pipeline", "experiments"},
    {"report"},
    {"stages"},
    {"bench"},
    {"cli"},
    {"__main__"},
)
HOST = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
NO_SPACY = {"notes", "weak", "scoring", "runners", "masking", "nn", "experiments"}
NO_TORCH = {"notes", "weak", "scoring", "runners", "masking", "corpus"}
# In one module only, within a function: light to import, absent in use.
LAZY = {
    "accelerate": "nn/adapting/processes.py",
    "medcat": "weak/medcat.py",
    "negspacy": "pipeline/negation.py",
    "obonet": "weak/terminologies/obo.py",
    "openpyxl": "weak/terminologies/spreadsheet.py",
    "pyarrow": "notes/parquet.py",
    "ray": "runners/ray_engine.py",
    "spacy_transformers": "pipeline/trf_data.py",
    "wordfreq": "weak/dangers.py",
}


def room_of(file):
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(source, file):
    """(module, within a function) of every import, relative ones made absolute."""
    tree = ast.parse(source)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    package = ["spacy_mslm", *file.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(tree):
        lazy = id(node) in inside
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", lazy) for alias in node.names)


def breaches(source, file):
    """What in this source breaks the direction of imports."""
    room = room_of(file)
    for name, lazy in imports(source, file):
        top, *rest = name.split(".")
        if top == "spacy_mslm" and rest and rest[0] in HOST and rest[0] != room:
            level, other = HOST[room], HOST[rest[0]]
            if other > level or (other == level and level > 0):
                yield f"{room} imports {rest[0]}"
        if top == "spacy" and room in NO_SPACY:
            yield f"{room} imports spacy"
        if top == "spacy" and room == "corpus" and file.stem not in ("docs", "stats"):
            yield "corpus imports spacy outside docs"
        if top in ("torch", "transformers") and room in NO_TORCH:
            yield f"{room} imports {top}"
        if top in LAZY:
            if not lazy:
                yield f"{top} is imported when the module is"
            home = LAZY[top]
            if home is not None and file.relative_to(PACKAGE).as_posix() != home:
                yield f"{top} is imported outside {home}"


@pytest.mark.parametrize(
    ("room", "source", "breach"),
    [
        ("notes", "from ..nn import step", "notes imports nn"),
        ("masking", "import spacy_mslm.nn.step", "masking imports nn"),
        ("nn", "import spacy", "nn imports spacy"),
        ("nn", "def f():\n    from spacy.tokens import Doc", "nn imports spacy"),
        ("weak", "import torch", "weak imports torch"),
        ("pipeline", "from ..stages import label", "pipeline imports stages"),
        ("report", "from .. import cli", "report imports cli"),
        ("stages", "from ..bench import speed", "stages imports bench"),
        ("weak", "import medcat", "medcat is imported when the module is"),
        ("corpus", "from spacy.tokens import Doc", "corpus imports spacy outside docs"),
    ],
)
def test_the_checker_sees_a_breach(room, source, breach):
    assert breach in list(breaches(source, PACKAGE / room / "module.py"))


def test_the_checker_lets_good_imports_be():
    good = "import numpy\nfrom ..types import Note\nfrom .other import x\n"
    assert list(breaches(good, PACKAGE / "notes" / "module.py")) == []
    upper = "from ..nn import step\nfrom ..masking import EQUAL\nimport spacy\n"
    assert list(breaches(upper, PACKAGE / "pipeline" / "module.py")) == []


def test_every_module_has_a_place_in_the_house():
    rooms = {room_of(file) for file in FILES} - {"__init__"}
    assert rooms <= set(HOST), "a new room: give it a layer here and in the design"
    assert len(FILES) > 30


@pytest.mark.parametrize(
    "file", FILES, ids=[f.relative_to(PACKAGE).as_posix() for f in FILES]
)
def test_imports_run_one_way(file):
    if room_of(file) != "__init__":
        assert list(breaches(file.read_text("utf8"), file)) == []


def test_no_module_is_longer_than_300_lines():
    long = {f.name: n for f in FILES if (n := len(f.read_text().splitlines())) > 300}
    assert long == {}


def test_no_function_is_longer_than_60_lines():
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf8"))):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 60, f"{file.name}: {node.name} has {length} lines"


# What is loaded, in a fresh process


def loaded_by(code, *names, **kwargs):
    """Which of `names` are loaded after `code` ran in a fresh process."""
    script = f"import sys\n{code}\nprint(*[n for n in {names!r} if n in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        **kwargs,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return set(result.stdout.splitlines()[-1].split())


HEAVY = ("torch", "transformers", "spacy", "medcat", "ray", "spacy_transformers")


def test_the_light_import_checker_can_fail():
    assert loaded_by("import json, wave", "wave", "json", "medcat") == {"json", "wave"}


def test_importing_the_package_is_light():
    rooms = "import spacy_mslm, spacy_mslm.types, spacy_mslm.errors"
    assert loaded_by(rooms, *HEAVY) == set()


def test_rooms_without_spacy_and_torch_load_neither():
    rooms = "import spacy_mslm.masking, spacy_mslm.notes.sentences, spacy_mslm.scoring"
    assert loaded_by(f"{rooms}.strict", *HEAVY) == set()


def test_the_torch_core_needs_no_spacy():
    code = "import spacy_mslm.nn, spacy_mslm.nn.checkpoint"
    assert loaded_by(code, "spacy", "medcat", "ray", "torch") == {"torch"}


def test_installed_alone_the_core_needs_no_tool_of_ours():
    """jaxtyping and beartype check shapes while testing; a wheel comes without them."""
    code = (
        "sys.modules['jaxtyping'] = sys.modules['beartype'] = None\n"
        "import torch\n"
        "from spacy_mslm.nn.loss import detection_loss\n"
        "import spacy_mslm.pipeline.component\n"
        "assert detection_loss(torch.zeros(2, 3), torch.zeros(2).long()) > 0"
    )
    assert loaded_by(code, "pytest", "hypothesis", "medcat") == set()


def test_loading_and_predicting_never_imports_medcat(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    code = (
        f"import spacy\nnlp = spacy.load({str(tmp_path / 'model')!r})\n"
        "doc = nlp('Patient has fever .')\n"
        "assert [e.text for e in doc.ents] == ['fever'] and doc.ents[0]._.confidence"
    )
    # spacy_transformers, where installed, is loaded by spaCy's own entry points.
    assert loaded_by(code, "medcat", "ray", "torch") == {"torch"}


# Entry points


def declared():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    for group, lines in parser["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, value = line.partition("=")
            yield EntryPoint(name.strip(), value.strip(), group)


@pytest.mark.parametrize("entry", declared(), ids=lambda e: f"{e.group}:{e.name}")
def test_entry_point_loads_and_is_installed(entry):
    assert callable(entry.load()) or entry.group == "spacy_displacy_colors"
    # An old installation knows an older list: install again with pip install -e .
    installed = entry_points(group=entry.group)
    assert entry.value in {e.value for e in installed if e.name == entry.name}


def test_every_public_builder_is_registered():
    from spacy_mslm.pipeline import architectures

    built = {
        f"{architectures.__name__}:{name}"
        for name in vars(architectures)
        if name.startswith("build_")
    }
    assert built and built <= {entry.value for entry in declared()}


def test_registered_names_carry_our_name_and_a_version():
    for entry in declared():
        if entry.group not in ("console_scripts", "spacy_factories"):
            assert entry.name.startswith("spacy-mslm.") and entry.name.endswith(".v1")
