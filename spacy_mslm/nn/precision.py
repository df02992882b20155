"""Number formats: weights stay float32, the encoder may calculate in bfloat16."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]
PRECISIONS = ("auto", "float32", "bfloat16")
# Without these a processor emulates bfloat16, slower than float32.
_FLAGS = {"avx512_bf16", "amx_bf16"}


def calculating(
    precision: Precision, device: torch.device, *, enabled: bool = True
) -> AbstractContextManager[None]:
    """The context in which the encoder runs on `device`.

    "auto" is bfloat16 where the device calculates in it natively, else float32.
    """
    in_bfloat16 = enabled and uses_bfloat16(precision, device)
    return torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16)


def uses_bfloat16(precision: Precision, device: torch.device) -> bool:
    """Whether `precision` means bfloat16 on `device`."""
    if precision == "auto":
        if device.type == "cuda":
            return torch.cuda.is_bf16_supported(including_emulation=False)
        return _processor_has_bfloat16()
    return precision == "bfloat16"


def _processor_has_bfloat16() -> bool:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf8")
    except OSError:
        return False
    flags = text.partition("flags")[2].partition("\n")[0].split()
    return bool(_FLAGS & set(flags))
