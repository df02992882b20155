"""Results: one JSON line a run, appended when it is done."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError
from .spec import MINILM, RunSpec

FORMAT = 1
NEEDED = ("id", "spec", "data_hash", "dev", "provenance")


@dataclass(frozen=True)
class Store:
    """The results of one experiment: the lines of a file."""

    path: Path

    def read(self) -> list[dict[str, Any]]:
        """Every result, in the order of the file; none where there is no file.

        Raises MslmError: M803 for a result of another format, M804 for a row that is
        none, M801 and M802 for a spec that this version does not know.
        """
        return list(self._rows())

    def folder(self) -> dict[str, dict[str, Any]]:
        """Every result of all files of its folder, by id: a run that two experiments
        share is made once. Raises as `read`."""
        paths = sorted(self.path.parent.glob("*.jsonl"))
        return {row["id"]: row for path in paths for row in Store(path).read()}

    def encoder(self, name: str) -> str:
        """The hash of the weights that the folder's runs with this encoder began with;
        empty where there is none. Raises as `read`."""
        for row in self.folder().values():
            if row["spec"].get("encoder", MINILM) == name and row.get("encoder_hash"):
                found: str = row["encoder_hash"]
                return found
        return ""

    def finished(self, hashes: Mapping[str, str]) -> set[str]:
        """Ids of the runs of the folder that are done; `hashes`: of each data set as it
        is now, and of its weak labels under its name and theirs.

        Raises MslmError (M808) where a result is of other data of the same name.
        """
        done = set()
        for row in self.folder().values():
            data, weak = row["spec"]["data"], row["spec"].get("weak")
            self._check_hash(row, data, row["data_hash"], hashes)
            if weak:
                found = str(row.get("weak_hash"))
                self._check_hash(row, f"{data} {weak}", found, hashes)
            done.add(row["id"])
        return done

    @staticmethod
    def _check_hash(
        row: Mapping[str, Any], data: str, found: str, hashes: Mapping[str, str]
    ) -> None:
        wanted = hashes.get(data, found)
        if found != wanted:
            message = Errors.M808.format(
                id=row["id"], found=found, wanted=wanted, data=data
            )
            raise MslmError(message)

    def add(self, result: Mapping[str, Any]) -> None:
        """Append a result: whole, or not at all. Several processes may share a file.

        Raises MslmError (M807) where it cannot be written.
        """
        row = json.dumps({"format": FORMAT, **result}, sort_keys=True) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                before = file.seek(0, 2)
                try:
                    file.write(row.encode("utf8"))
                    file.flush()
                except OSError:
                    with suppress(OSError):
                        file.truncate(before)
                    raise
        except OSError as err:
            message = Errors.M807.format(
                id=result["id"], path=self.path, reason=err.strerror or err
            )
            raise MslmError(message) from None

    def _rows(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            for number, text in enumerate(file, start=1):
                yield self._checked(number, text)

    def _checked(self, number: int, text: str) -> dict[str, Any]:
        try:
            row = json.loads(text)
            reason = "" if isinstance(row, dict) else "no object"
        except ValueError:
            row, reason = {}, "cut short or damaged"
        if not reason and row.get("format") != FORMAT:
            message = Errors.M803.format(
                path=self.path, row=number, found=row.get("format"), known=FORMAT
            )
            raise MslmError(message)
        missing = [key for key in NEEDED if key not in row]
        if reason or missing:
            reason = reason or f"without {missing[0]}"
            message = Errors.M804.format(path=self.path, row=number, reason=reason)
            raise MslmError(message)
        RunSpec.from_dict(row["spec"], place=f"{self.path} row {number}")
        checked: dict[str, Any] = row
        return checked
