"""What `notes check` says: lines of numbers and known names, and warnings."""

from collections.abc import Iterator

from ..errors import Errors
from .check import SPACY_LIMIT, Findings
from .columns import PARTS, Columns
from .kinds import Kind, Source
from .sources import OTHER_CATEGORY

# From which share or length on something is worth a warning.
_ONE_CATEGORY = 0.99
_LEFT_OUT = 0.05
_CUT_OFF, _CUT_NOTES = 0.01, 5
_SHORT = 30
# Fewer notes than this tell nothing about a column.
_ENOUGH = 50

_CALLED = {
    Kind.TEXT: "text",
    Kind.CSV: "CSV",
    Kind.TSV: "TSV",
    Kind.JSONL: "JSON lines",
    Kind.PARQUET: "Parquet",
}
# What MIMIC-IV-Note's categories mean.
_MIMIC4 = {
    "DS": "discharge summary",
    "AD": "addendum to a discharge summary",
    "RR": "radiology report",
    "AR": "addendum to a radiology report",
}
_TRAITS = {
    "markup": ("hold RTF, HTML or XML markup", "Convert them to plain text first"),
    "escaped": (
        "hold '\\n' as two characters and no line break",
        "Undo the escaping first",
    ),
    "undecoded": (
        "hold U+FFFD, which stands for characters lost in decoding",
        "Export them again as UTF-8",
    ),
    "decoded twice": (
        "hold UTF-8 that was read in another encoding",
        "Export them again as UTF-8",
    ),
    "long": (
        f"have more than {SPACY_LIMIT:,} characters, which spaCy refuses",
        "Split them, or leave them out",
    ),
}


def summary(found: Findings) -> Iterator[str]:
    """The lines; none holds text of a note, nor a name that may be one."""
    yield f"{found.source.path}: {_source(found.source)}"
    yield from _columns(found.columns)
    yield from _patients(found)
    yield from _lengths(found)
    yield from _categories(found)
    yield from _marks(found)
    copies = found.notes - len(found.texts.counts())
    yield f"copies: {_notes(copies, found)} repeat another's text"
    gold = f"{_notes(found.with_gold, found)}, {found.gold_spans:,} spans"
    yield f"gold: {gold if found.with_gold else 'none'}"
    if found.with_split:
        yield f"split: {found.with_split:,} notes name the one they belong to"
    for reason, number in sorted(found.drops.items()):
        yield f"left out: {number:,} x {reason}"


def warnings(found: Findings) -> Iterator[str]:
    """One line for each thing that mostly means a misunderstanding or a bad export."""
    yield from _about_columns(found)
    yield from _about_texts(found)
    left_out = found.drops.total() - found.drops[OTHER_CATEGORY]
    share = left_out / (found.notes + left_out)
    if share >= _LEFT_OUT:
        yield Errors.M149.format(n=f"{left_out:,}", share=share)


def _source(source: Source) -> str:
    kind = _CALLED[source.kind]
    if not source.is_folder:
        return f"one {kind} file"
    others = f", {source.others:,} other files not read" if source.others else ""
    return f"folder of {source.number:,} {kind} files{others}"


def _columns(columns: Columns | None) -> Iterator[str]:
    if columns is None:
        yield "patient: the file name up to its first '_'; category: the folder"
        return
    yield f"read as: {columns.layout}, {len(columns.names)} columns"
    for part in PARTS:
        place = columns.places.get(part)
        if place is not None:
            yield f"  {part:<9} {columns.name(part).strip()} (column {place + 1})"
        elif part in ("note_id", "patient", "category"):
            yield f"  {part:<9} none"


def _patients(found: Findings) -> Iterator[str]:
    each = found.patients.counts()
    each.sort()
    if not _has_patients(found):
        yield f"notes: {found.notes:,}, each of {len(each):,} texts its own patient"
        return
    middle, most = each[len(each) // 2], each[-1]
    yield (
        f"notes: {found.notes:,} of {len(each):,} patients (notes of a patient: median "
        f"{middle:,}, most {most:,})"
    )


def _lengths(found: Findings) -> Iterator[str]:
    for name, lengths in (("characters", found.characters), ("words", found.words)):
        yield (
            f"{name}: median {lengths.quantile(0.5):,}, 95th centile "
            f"{lengths.quantile(0.95):,}, longest {lengths.longest:,}, together "
            f"{lengths.total:,}"
        )


def _categories(found: Findings) -> Iterator[str]:
    common = found.categories.common()
    if [name for name, _ in common] == [""]:
        yield "categories: none"
        return
    if not common:
        yield "categories: too many or too long for categories, so not shown"
        return
    yield f"categories: {len(common)}"
    glosses = _MIMIC4 if _is_mimic4(found) else {}
    for name, number in common:
        gloss = f", {glosses[name]}" if name in glosses else ""
        yield (
            f"{number:>12,} {_share(number, found):>6.1%}  "
            f"{name or '(no category)'}{gloss}"
        )
    if found.categories.unnamed:
        yield f"{found.categories.unnamed:>12,}         (names too long to be shown)"


def _marks(found: Findings) -> Iterator[str]:
    forms = ", ".join(f"{n:,} x {form}" for form, n in sorted(found.marks.items()))
    where = f"{forms}, in {_notes(found.marked, found)}"
    yield f"de-identification marks: {where if forms else 'no [**...**], no ___'}"


def _about_columns(found: Findings) -> Iterator[str]:
    columns = found.columns
    if columns is not None and found.asked.text is None:
        rivals = [n for n in columns.like_text if n != columns.name("text")]
        if rivals:
            names = ", ".join(name.strip() for name in rivals)
            yield Errors.M148.format(n=len(rivals), names=names)
    if not _has_patients(found):
        yield Errors.M140
    elif _ENOUGH <= found.notes == len(found.patients.counts()):
        yield Errors.M143
    if columns is not None and not found.categories.are_categories:
        yield Errors.M142
    elif len(common := found.categories.common()) > 1:
        name, number = common[0]
        if _share(number, found) >= _ONE_CATEGORY:
            called = f"category {name}" if name else "no category"
            yield Errors.M141.format(name=called, share=_share(number, found))


def _about_texts(found: Findings) -> Iterator[str]:
    middle = found.characters.quantile(0.5)
    if middle < _SHORT:
        yield Errors.M144.format(limit=_SHORT)
    cut = found.characters.cut_off
    if cut >= _CUT_NOTES and _share(cut, found) >= _CUT_OFF and middle >= _SHORT:
        length = f"{found.characters.longest:,}"
        yield Errors.M145.format(n=cut, share=_share(cut, found), length=length)
    if not found.broken and not found.traits["escaped"] and middle >= 10 * _SHORT:
        yield Errors.M146
    for trait, (what, advice) in _TRAITS.items():
        if n := found.traits[trait]:
            share = _share(n, found)
            yield Errors.M147.format(n=f"{n:,}", share=share, what=what, advice=advice)


def _is_mimic4(found: Findings) -> bool:
    return found.columns is not None and found.columns.layout == "MIMIC-IV-Note"


def _has_patients(found: Findings) -> bool:
    """Whether the source says whose the notes are; text files do by their names."""
    return found.columns is None or "patient" in found.columns.places


def _notes(number: int, found: Findings) -> str:
    return f"{number:,} notes ({_share(number, found):.1%})"


def _share(part: int, found: Findings) -> float:
    return part / found.notes
