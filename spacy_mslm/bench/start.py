"""Start-up: what importing and loading cost, each in a fresh process."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import spacy

# Importing what a packaged pipeline needs, and reading its weights: less is impossible.
LIBRARIES = """
import importlib, sys
import spacy, tokenizers, torch, transformers
from safetensors.torch import load_file
kind, weights = sys.argv[1:]
importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")
load_file(weights)
"""
COMMANDS = {
    "import spacy": "import spacy",
    "import spacy_mslm": "import spacy_mslm",
    "libraries and weights": LIBRARIES,
    "spacy.load": "import spacy, sys; spacy.load(sys.argv[1])",
}


def run_start(model: str, *, rounds: int) -> dict[str, Any]:
    """Seconds of each command, in turns, and the two ratios (medians over rounds)."""
    nlp = spacy.load(model)
    folder = Path(str(nlp.path)) / "ner"
    kind = json.loads((folder / "network.json").read_text("utf8"))["encoder"]
    arguments = {
        "libraries and weights": [
            kind["model_type"],
            str(folder / "model.safetensors"),
        ],
        "spacy.load": [model],
    }
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(1 + rounds):  # the first fills the file cache
        for name, code in COMMANDS.items():
            took = _seconds(code, arguments.get(name, []))
            if number:
                seconds[name].append(round(took, 3))
    return {
        "model": nlp.meta["name"],
        "seconds": seconds,
        "import_ratio": _ratio(seconds, "import spacy_mslm", "import spacy"),
        "load_ratio": _ratio(seconds, "spacy.load", "libraries and weights"),
    }


def _seconds(code: str, arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    return time.perf_counter() - started


def _ratio(seconds: dict[str, list[float]], ours: str, theirs: str) -> float:
    pairs = zip(seconds[ours], seconds[theirs], strict=True)
    return round(statistics.median(a / b for a, b in pairs), 3)
