"""Cores, threads, number formats, and whether there is a model hub."""

import importlib.util
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from ...runners.provenance import machine
from .check import NOTE, OK, Check

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
BF16_FLAGS = ("amx_bf16", "avx512_bf16", "bf16")
SECONDS = 5.0


def check_cores() -> Check:
    """Cores that this process may use, and the threads that torch takes."""
    about = machine()
    cores = int(about["cores"])
    found = f"{about['cpu']}, {cores} cores"
    quota = cpu_quota()
    if quota is not None and quota < cores:
        found += f", limited to {quota:g} by the container"
    threads = _torch_threads()
    if threads is None:
        return Check(OK, "processor", found)
    found += f", torch uses {threads} threads"
    usable = min(cores, quota or cores)
    if threads > max(usable, 1):
        fix = f"export OMP_NUM_THREADS={max(int(usable), 1)}"
        return Check(NOTE, "processor", f"{found}: more than there are cores", fix)
    return Check(OK, "processor", found)


def cpu_quota(path: Path = Path("/sys/fs/cgroup/cpu.max")) -> float | None:
    """Cores that a container's limit amounts to; None without a limit."""
    try:
        quota, period = path.read_text(encoding="utf-8").split()
        return float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def check_precision() -> Iterator[Check]:
    """Whether processor and GPU calculate in bfloat16 themselves."""
    flags = [flag for flag in BF16_FLAGS if flag in cpu_flags()]
    found = f"yes ({', '.join(flags)})" if flags else "no: it would be slower"
    yield Check(OK, "bfloat16 on the processor", found)
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    if not torch.cuda.is_available():
        yield Check(
            OK, "GPU", "none that torch can use: training runs on the processor"
        )
        return
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    yield Check(OK, "GPU", f"{name}, bfloat16: {'yes' if native else 'no'}")


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> set[str]:
    """What the processor says it can do; empty where it cannot be asked."""
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    named = (r.partition(":")[2] for r in rows if r.startswith(("flags", "Features")))
    return set(next(named, "").split())


def check_hub(*, online: bool) -> Check:
    """Whether encoders can be fetched by name; the hub is asked only if `online`."""
    if told := offline_variables():
        names = " and ".join(f"{name}={os.environ[name]}" for name in told)
        fix = f"unset {' '.join(told)}, or name encoders by folder"
        return Check(NOTE, "model hub", f"switched off by {names}", fix)
    if not online:
        found = "not asked (--online asks); the demo does not need it"
        return Check(OK, "model hub", found)
    return _ask_hub()


def offline_variables() -> list[str]:
    """The environment variables that keep the hub from being asked."""
    return [name for name in OFFLINE if os.environ.get(name, "").upper() in _TRUE]


_TRUE = {"1", "ON", "YES", "TRUE"}


def _ask_hub() -> Check:
    from huggingface_hub import constants

    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return Check(OK, "model hub", "it answers")
    except urllib.error.HTTPError as err:
        return Check(OK, "model hub", f"it answers (status {err.code})")
    except OSError as err:
        reason = type(getattr(err, "reason", err)).__name__
        fix = "name encoders by folder or as package:NAME/PATH"
        return Check(NOTE, "model hub", f"no answer ({reason})", fix)


def _torch_threads() -> int | None:
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch.get_num_threads()
