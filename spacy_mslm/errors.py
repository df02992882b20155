"""Every message of the package, coded, each with the next step.

Codes by room: 1xx notes, 2xx weak, 3xx corpus, 4xx masking and nn, 5xx pipeline,
6xx scoring and report, 7xx stages, runners and command line. No message may carry
text of a note.
"""

from typing import Any


class MslmError(ValueError):
    """A failure the user can mend: one line with a code and the next step."""


class _Coded(type):
    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith("_") and isinstance(value, str):
            return f"[{name}] {value}"
        return value


class Errors(metaclass=_Coded):
    # 1xx notes

    # 2xx weak

    # 3xx corpus

    # 4xx masking and nn
    M401 = "'{name}' must lie between 0 and 1, got {value}."

    # 5xx pipeline

    # 6xx scoring and report

    # 7xx stages, runners, command line
    M701 = "{path}: no such file or folder. Check the path."
