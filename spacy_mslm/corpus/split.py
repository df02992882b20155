"""Train, dev and test by patient: a patient's notes repeat each other, so no patient
may stand on both sides."""

import hashlib
from collections.abc import Iterable

from ..errors import Errors, MslmError

SPLITS = ("train", "dev", "test")
_OTHER_NAMES = {
    **dict.fromkeys(("training",), "train"),
    **dict.fromkeys(("devel", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("testing",), "test"),
}


def split_name(name: str) -> str:
    """One of `SPLITS` for its usual other names, in any letter case; any other name
    comes back as it is."""
    known = name.strip().lower()
    known = _OTHER_NAMES.get(known, known)
    return known if known in SPLITS else name.strip()


def assign_splits(
    records: Iterable[tuple[str, str]], *, dev: float, test: float, seed: int
) -> dict[str, str]:
    """The split of each patient, from (patient_id, wanted split or "") a record.

    A wanted split is honoured for all notes of that patient. The other patients are
    put in the order of a hash of (seed, patient_id), which depends neither on the
    order of the records nor on the process, and `test` and `dev` of them (shares of
    these patients, rounded down) go to those splits; a split that would stay empty
    gets one of them. So a run repeats, and exact shares hold for small sets too.

    Raises M309 (shares), M310 (unknown wanted split), M311 (a patient wanted in two
    splits), M312 (a split that is asked for has no patient: too few patients).
    """
    _check_shares(dev, test)
    splits: dict[str, str] = {}
    for number, (patient, wanted) in enumerate(records, 1):
        if wanted and wanted not in SPLITS:
            raise MslmError(Errors.M310.format(number=number))
        before = splits.get(patient, "")
        if wanted and before and wanted != before:
            raise MslmError(Errors.M311.format(number=number, a=before, b=wanted))
        splits[patient] = before or wanted
    free = sorted((p for p, s in splits.items() if not s), key=lambda p: _key(seed, p))
    shares = {"train": 1.0 - dev - test, "dev": dev, "test": test}
    splits.update(_fill(free, shares, set(splits.values())))
    _check_filled(splits, shares)
    return splits


def _fill(free: list[str], shares: dict[str, float], taken: set[str]) -> dict[str, str]:
    """Split `free` by `shares`, rounded down but at least one patient each, as far as
    that leaves one for each split still without a patient; the rest is train."""
    filled: dict[str, str] = {}
    needy = {split for split in SPLITS if shares[split] and split not in taken}
    for split in ("test", "dev"):
        # The small addend keeps 0.29 of 100 at 29, which floats make 28.999….
        count = max(int(shares[split] * len(free) + 1e-9), split in needy)
        needy.discard(split)
        spare = len(free) - len(filled) - len(needy)
        chosen = free[len(filled) :][: max(0, min(count, spare))]
        filled.update(dict.fromkeys(chosen, split))
    return filled | dict.fromkeys(free[len(filled) :], "train")


def _key(seed: int, patient: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{patient}".encode()).digest()


def _check_shares(dev: float, test: float) -> None:
    if not (0 <= dev < 1 and 0 <= test < 1 and dev + test < 1):
        raise MslmError(Errors.M309.format(dev=dev, test=test))


def _check_filled(splits: dict[str, str], shares: dict[str, float]) -> None:
    found = set(splits.values())
    empty = [split for split in SPLITS if shares[split] and split not in found]
    if empty:
        raise MslmError(Errors.M312.format(patients=len(splits), empty=empty[0]))
