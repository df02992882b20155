"""One line of `doctor`'s answer."""

from dataclasses import dataclass

OK, NOTE, MISSING = "ok", "note", "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """`fix` is the exact command, or what to change; only what is `MISSING` keeps the
    workflow from running, a `NOTE` does not."""

    status: str
    name: str
    found: str
    fix: str = ""
