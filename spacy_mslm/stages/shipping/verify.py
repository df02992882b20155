"""Install a built pipeline and use it as a stranger would."""

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...runners.atomic import atomic_write_text
from ..files import file_sha256, json_text

# What a stranger does not have: the labeller, and the package of the encoder.
_PROGRAM = """
import json, sys
for name in ("medcat", *sys.argv[2:]):
    sys.modules[name] = None
import spacy
nlp = spacy.load(sys.argv[1])
text = "Patient denies chest pain. History of hypertension, takes aspirin 81 mg daily."
docs = [nlp(text), *nlp.pipe([text, ""])]
found = [[(e.text, e.label_, e._.confidence) for e in doc.ents] for doc in docs]
call, piped = ([entity[:2] for entity in spans] for spans in found[:2])
assert call == piped, "call and pipe differ"
assert all(0 <= score <= 1 for spans in found for *_, score in spans)
heads = [n for n, p in nlp.components if getattr(p, "network", None) is not None
         and p.network.mlm is not None]
assert not heads, "a masked-LM head is in the package"
print(json.dumps({"name": nlp.meta["name"], "version": nlp.meta["version"],
    "labels": nlp.pipe_labels.get("ner", []), "entities": found[0]}))
"""


def verify(packages: Path, name: str, out: Path) -> dict[str, Any]:
    """Install the wheel of `name` from `packages` without index and dependencies, load
    it in another folder, offline, without MedCAT and the encoder's package, and run it.

    RETURNS (dict): what was found, also written to `out`.
    Raises M752 (no such wheel), M753 (it does not install or run).
    """
    wheels = sorted(packages.glob(f"{name}-*.whl"))
    if len(wheels) != 1:
        raise MslmError(Errors.M752.format(path=packages, name=name))
    wheel = wheels[0].resolve()
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
          "--force-reinstall", str(wheel)], name)  # fmt: skip
    with tempfile.TemporaryDirectory() as elsewhere:
        command = [sys.executable, "-I", "-c", _PROGRAM, name]
        output = _run([*command, *_encoder_packages(wheel)], name, cwd=elsewhere)
    result = json.loads(output.splitlines()[-1])
    result["wheel"] = {"file": wheel.name, "sha256": file_sha256(wheel)}
    atomic_write_text(out, json_text(result))
    return result


def _encoder_packages(wheel: Path) -> set[str]:
    """Installed packages that the encoder was read from, as its config tells."""
    with zipfile.ZipFile(wheel) as archive:
        configs = [n for n in archive.namelist() if n.endswith("config.cfg")]
        text = "".join(archive.read(name).decode("utf8") for name in configs)
    return set(re.findall(r'"package:(\w+)', text))


def _run(command: list[str], name: str, cwd: str | None = None) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environment
    )
    if run.returncode:
        lines = run.stderr.strip().splitlines() or ["no message"]
        raise MslmError(Errors.M753.format(name=name, reason=lines[-1][:300]))
    return run.stdout
