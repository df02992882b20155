"""`review --lists`: names for people to allow or deny, as CSV.

Columns: action (allow, deny or empty), name, concept_id, label, count, comment. What
people decided is kept: rows with an action stay as they are, before all others.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ...errors import Errors, MslmError
from ...report.review import NAMES, Review
from ...report.review_names import NameCount

COLUMNS = ("action", "name", "concept_id", "label", "count", "comment")
SUSPECTS = 500

Row = dict[str, str]


def list_text(review: Review, decided: list[Row]) -> str:
    """The list: decided rows, then suspicious names by weight, then the commonest of
    each label. A name under one label stands in it once."""
    extra = [k for row in decided for k in row if k not in COLUMNS]
    file = io.StringIO()
    writer = csv.DictWriter(
        file, [*COLUMNS, *dict.fromkeys(extra)], restval="", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(decided)
    seen = {(row["name"].lower(), row.get("label", "")) for row in decided}
    everywhere = {name for name, label in seen if not label}
    for row in _suggested(review):
        place = (row["name"], row["label"])
        if place not in seen and row["name"] not in everywhere:
            seen.add(place)
            writer.writerow(row)
    return file.getvalue()


def _suggested(review: Review) -> Iterator[Row]:
    for suspect in review.shown_suspects()[:SUSPECTS]:
        comment = review.why(suspect.reasons)
        yield _row(review, suspect.name, suspect.label, suspect.entry, comment)
    for label in review.labels:
        for name, entry in review.shown_names(label)[:NAMES]:
            yield _row(review, name, label, entry, "among the commonest")


def _row(review: Review, name: str, label: str, entry: NameCount, comment: str) -> Row:
    """With the concept's id only where the terminology says that the name has one
    concept: denied for one of several, it would be found for the next."""
    ids = entry.concept_ids
    single = review.in_terminology(name) and not review.known.shared(name)
    return {
        "action": "",
        "name": name,
        "concept_id": ids[0] if single and len(ids) == 1 else "",
        "label": label,
        "count": str(entry.count),
        "comment": comment,
    }


def read_decided(path: Path) -> list[Row]:
    """The rows of a list with an action, all their columns; none where there is no
    file. Raises MslmError (M655)."""
    if not path.exists():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, ValueError, csv.Error) as err:
        raise _unreadable(path, type(err).__name__) from err
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"action", "name"} <= {*header}:
        raise _unreadable(path, "no columns 'action' and 'name'")
    decided = []
    for number, values in enumerate(rows[1:], start=2):
        if not any(values):
            continue
        if len(values) != len(header):
            reason = f"row {number} has {len(values)} fields, not {len(header)}"
            raise _unreadable(path, reason)
        row = dict(zip(header, values, strict=True))
        if row["action"].strip():
            decided.append(row)
    return decided


def _unreadable(path: Path, reason: str) -> MslmError:
    return MslmError(Errors.M655.format(path=path, reason=reason))
