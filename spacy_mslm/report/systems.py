"""The systems of a table side by side, as Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from statistics import fmean, median
from typing import Any

from ..errors import Errors, MslmError
from ..experiments.tables import same_gold
from ..scoring.doc_counts import DocCounts
from ..scoring.intervals import difference

Line = Mapping[str, Any]
# Column and what of the scores it shows, in per cent. The last four are tag-level:
# those of Belkadi et al. with O, which is easy and frequent, and the same without it.
COLUMNS = {
    "strict F1": "span_strict_micro_f",
    "P": "span_strict_micro_p",
    "R": "span_strict_micro_r",
    "lenient F1": "span_lenient_micro_f",
    "macro F1": "span_strict_macro_f",
    "BIO tags, macro F1": "tags_bio_with_o_macro_f",
    "without O": "tags_bio_without_o_macro_f",
    "types of words, macro F1": "tags_merged_with_o_macro_f",
    "without O ": "tags_merged_without_o_macro_f",
}


def systems_table(lines: Sequence[Line]) -> str:
    """A row a system, corpus and budget: parameters, median seconds of training, and
    scores, means over seeds; in brackets the lowest and highest strict F1. Rows that
    would look alike have " # 1a2b3c" of their corpus and tokenizer."""
    head = ["system", "empty kept", "parameters", "updates", "seconds", "seeds"]
    rows = [[*head, *(name.strip() for name in COLUMNS)]]
    rows.append(["---", *["---:"] * (len(rows[0]) - 1)])
    groups = grouped(lines)
    shown_alike = Counter(key[:3] for key in groups)
    for key, group in groups.items():
        first = group[0]
        also = f" # {key[3]}" if shown_alike[key[:3]] > 1 else ""
        means = {
            key: 100 * fmean(line["scores"][key] for line in group)
            for key in COLUMNS.values()
        }
        strict = [100 * line["scores"][COLUMNS["strict F1"]] for line in group]
        shown = [f"{means[key]:.1f}" for key in COLUMNS.values()]
        shown[0] += f" ({min(strict):.1f}-{max(strict):.1f})"
        kept = first["sambd"]
        about = [
            f"{first['system']}{also}",
            "all" if kept is None else f"{kept:.0%}",
            f"{first['parameters']:,}",
            f"{first['updates']:,}",
            f"{median(line['seconds'] for line in group):.0f}",
            str(len(group)),
        ]
        rows.append([*about, *shown])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def grouped(lines: Sequence[Line]) -> dict[tuple[Any, ...], list[Line]]:
    """The seeds of each system, corpus, tokenizer and budget, in the order of the file.
    A key: system, share of empty sentences kept, updates, what data and encoder are."""
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        made_of = f"{line['data_hash']}{line['encoder_hash']}"
        data = sha256(made_of.encode()).hexdigest()[:6]
        key = line["system"], line["sambd"], line["updates"], data
        groups.setdefault(key, []).append(line)
    return groups


def compared(lines: Sequence[Line], pairs: Sequence[tuple[str, str]]) -> str:
    """A row a pair of systems: strict F1 of the first less that of the second, over the
    seeds that both have, and its interval. A system is named as in the table, with
    " @ 8%" for what was trained with that share of the empty sentences, " x 90" for one
    of several budgets, " # 1a2b3c" for one of several corpora or tokenizers. Raises
    M448 for a name that is none, or of several, M450 for two that were tested on other
    documents."""
    rows = [["first", "second", "strict F1, first - second", "seeds"]]
    rows.append(["---", "---", "---:", "---:"])
    for a, b in pairs:
        mine, theirs = (_seeds(lines, name) for name in (a, b))
        seeds = sorted(mine.keys() & theirs.keys())
        counts = [
            [DocCounts.from_text(of[seed]["by_document"]) for seed in seeds]
            for of in (mine, theirs)
        ]
        if not same_gold(*counts):
            raise MslmError(Errors.M450.format(first=a, second=b))
        found = difference(*counts)
        mean, low, high = (100 * v for v in (found.mean, found.low, found.high))
        shown = f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"
        rows.append([a, b, shown, str(len(seeds))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _seeds(lines: Sequence[Line], name: str) -> dict[int, Line]:
    groups = {_names(key): group for key, group in grouped(lines).items()}
    chosen = [group for names, group in groups.items() if name in names]
    if len(chosen) != 1:
        known = "; ".join(names[-1] for names in groups)
        raise MslmError(Errors.M448.format(name=name, n=len(chosen), known=known))
    return {line["seed"]: line for line in chosen[0]}


def _names(key: tuple[Any, ...]) -> tuple[str, ...]:
    """All that a group may be called, the longest last."""
    system, kept, updates, data = key
    with_share = system if kept is None else f"{system} @ {kept:.0%}"
    with_budget = f"{with_share} x {updates}"
    return with_share, with_budget, f"{with_budget} # {data}"
