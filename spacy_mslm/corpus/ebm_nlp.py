"""EBM-NLP (Nye et al. 2018), read: abstracts of trials with the spans of their
Participants, Interventions and Outcomes.

The corpus has no open licence and is not part of this package: get it where its
authors keep it (github.com/bepnye/EBM-NLP). What is read is the unpacked folder of
release 2.00:

- `documents/PMID.tokens`: one token a row;
- `annotations/aggregated/PHASE/LAYER/PART/PMID.AGGREGATED.ann`: one whole number a
  row, that token's label, 0 for none. A run of equal labels is a span.

PHASE is `starting_spans` (0 or 1) or `hierarchical_labels` (`FINE`), LAYER is
participants, interventions or outcomes, PART is `train` (labelled by a crowd) or
`test/gold` (by medical professionals).

What the form leaves open is decided so:

- *Split.* The release has no dev set. A train document is dev if the SHA-256 of its
  PMID is a multiple of `DEV_ONE_IN`: about a tenth, the same ones on every machine.
- *Documents.* Only those that all three layers label: a missing layer does not say
  that there is nothing. A document of any layer's gold is no train document. Both
  are counted.
- *Overlap.* The layers overlap, tags do not: the longest span stays, of equally long
  ones that of the earlier layer (participants, interventions, outcomes), and any
  other that shares a token with it is left out, counted.
- *Sentences.* The corpus marks none. One ends after a token `.`, `?` or `!`, and where
  the document ends, whatever the spans are: text that is cut where no span goes on
  would tell of them. A span over the end of a sentence is cut there, counted.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from ..errors import Errors, MslmError
from ..types import DropCounts
from .iob import DOCUMENT_MARKS, IobSentence, utf8_rows
from .split import SPLITS

# Layers and their labels, in the order that decides between equally long spans.
LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "participants": "Participants",
        "interventions": "Interventions",
        "outcomes": "Outcomes",
    }
)
# What 1, 2, … mean under `hierarchical_labels`: README.txt of the corpus.
FINE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "participants": ("Age", "Sex", "Sample-size", "Condition"),
        "interventions": (
            *("Surgical", "Physical", "Pharmacological", "Educational"),
            *("Psychological", "Other", "Control"),
        ),
        "outcomes": (
            *("Physical", "Pain", "Mortality", "Adverse-effects", "Mental", "Other"),
        ),
    }
)
DEV_ONE_IN = 10
SENTENCE_ENDS = (".", "?", "!")

OVERLAPS = "span that overlaps a longer one, or as long a one of an earlier layer"
UNLABELLED = "document that not all three layers label"
IN_GOLD = "train document that is in test"
CUT = "span over the end of a sentence (its parts are kept)"

_ANN = ".AGGREGATED.ann"
_TRAIN, _GOLD = "train", "test/gold"
_TOKEN = re.compile(r"[^ \t\n\r\f\v]+")

# First token, token after the last, layer, label.
_Run = tuple[int, int, str, str]


def read_ebm_nlp(
    folder: str | Path,
    split: str,
    *,
    fine: bool = False,
    drops: DropCounts | None = None,
) -> Iterator[IobSentence]:
    """The sentences of a split (train, dev or test), document by document in the order
    of their PMIDs, every token once.

    The labels are those of `LAYERS`; with `fine` those of `hierarchical_labels`, as in
    "Outcomes-Pain". Of these the README of the corpus says that the test set holds
    labels of spans that the crowd had found: no measure for finding spans.

    Raises M701 (no such folder), M342 (no corpus in it), M343 (no document), M344 (no
    tokens of a document), M345 (a row that is no token), M346 (not as many rows as
    tokens), M347 (a row that is no label), M348 (no such split), M301 (no UTF-8).
    """
    drops = DropCounts() if drops is None else drops
    for pmid in split_documents(folder, split, fine=fine, drops=drops):
        tokens_file = Path(folder) / "documents" / f"{pmid}.tokens"
        words = _tokens(tokens_file)
        runs: list[_Run] = []
        for layer in LAYERS:
            path = _part(Path(folder), layer, split, fine) / f"{pmid}{_ANN}"
            runs += _runs(layer, _codes(path, layer, words, fine), fine)
        yield from _sentences(words, _tags(len(words), runs, drops), drops)


def split_documents(
    folder: str | Path,
    split: str,
    *,
    fine: bool = False,
    drops: DropCounts | None = None,
) -> list[str]:
    """The PMIDs of a split in order; what is not read is counted in `drops`.

    Raises M701, M342, M343 and M348 of `read_ebm_nlp`.
    """
    folder = Path(folder)
    drops = DropCounts() if drops is None else drops
    if split not in SPLITS:
        raise MslmError(Errors.M348.format(splits=", ".join(SPLITS)))
    if not folder.is_dir():
        raise MslmError(Errors.M701.format(path=folder))
    if not (folder / "documents").is_dir():
        raise MslmError(Errors.M342.format(path=folder / "documents"))
    gold = [_pmids(_part(folder, layer, "test", fine)) for layer in LAYERS]
    wanted = gold
    if split != "test":
        held = set[str]().union(*gold)
        train = [_pmids(_part(folder, layer, split, fine)) for layer in LAYERS]
        wanted = [{p for p in s if is_dev(p) == (split == "dev")} for s in train]
        _count(drops, IN_GOLD, held & set[str]().union(*wanted))
        wanted = [pmids - held for pmids in wanted]
    documents = set.intersection(*wanted)
    _count(drops, UNLABELLED, set[str]().union(*wanted) - documents)
    if not documents:
        raise MslmError(Errors.M343.format(path=folder, split=split))
    return sorted(documents)


def is_dev(pmid: str) -> bool:
    """Whether a train document is held out for dev."""
    return int(hashlib.sha256(pmid.encode()).hexdigest(), 16) % DEV_ONE_IN == 0


def _part(folder: Path, layer: str, split: str, fine: bool) -> Path:
    phase = "hierarchical_labels" if fine else "starting_spans"
    part = _GOLD if split == "test" else _TRAIN
    return folder / "annotations" / "aggregated" / phase / layer / part


def _pmids(folder: Path) -> set[str]:
    if not folder.is_dir():
        raise MslmError(Errors.M342.format(path=folder))
    names = (path.name for path in folder.glob(f"*{_ANN}"))
    return {name.removesuffix(_ANN) for name in names if not name.startswith(".")}


def _count(drops: DropCounts, reason: str, found: set[str]) -> None:
    if found:
        drops[reason] += len(found)


def _tokens(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise MslmError(Errors.M344.format(path=path))
    rows = _filled(path)
    for row, token in enumerate(rows, 1):
        if not _TOKEN.fullmatch(token) or token.startswith(DOCUMENT_MARKS):
            raise MslmError(Errors.M345.format(path=path, row=row))
    if not rows:
        raise MslmError(Errors.M345.format(path=path, row=1))
    return tuple(rows)


def _filled(path: Path) -> list[str]:
    """The rows of a file up to the last that is not empty."""
    rows = [line for _, line in utf8_rows(path)]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _codes(path: Path, layer: str, words: Sequence[str], fine: bool) -> list[int]:
    most = len(FINE[layer]) if fine else 1
    known = {str(code): code for code in range(most + 1)}
    codes: list[int] = []
    for row, line in enumerate(_filled(path), 1):
        if line not in known:
            raise MslmError(Errors.M347.format(path=path, row=row, most=most))
        codes.append(known[line])
    if len(codes) != len(words):
        row = min(len(codes), len(words)) + 1
        where = Errors.M346.format(path=path, row=row, got=len(codes), n=len(words))
        raise MslmError(where)
    return codes


def _runs(layer: str, codes: Sequence[int], fine: bool) -> Iterator[_Run]:
    """The spans of a layer: runs of one label that is not 0."""
    start = 0
    for code, run in groupby(codes):
        end = start + sum(1 for _ in run)
        if code:
            finer = f"-{FINE[layer][code - 1]}" if fine else ""
            yield start, end, layer, f"{LAYERS[layer]}{finer}"
        start = end


def _tags(n: int, runs: Sequence[_Run], drops: DropCounts) -> list[str]:
    """IOB2 tags of `n` tokens; spans that overlap a better one are counted."""
    tags = ["O"] * n
    # Stable, and the runs come layer by layer, each in order.
    for start, end, layer, label in sorted(runs, key=lambda run: run[0] - run[1]):
        if any(tag != "O" for tag in tags[start:end]):
            drops[f"{LAYERS[layer]} {OVERLAPS}"] += 1
        else:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def _sentences(
    words: Sequence[str], tags: Sequence[str], drops: DropCounts
) -> Iterator[IobSentence]:
    """Cut by the tokens alone: where a sentence ends must not tell of the spans."""
    start = 0
    for end in range(1, len(words) + 1):
        if end == len(words) or words[end - 1] in SENTENCE_ENDS:
            kept = list(tags[start:end])
            if kept[0].startswith("I-"):
                drops[CUT] += 1
                kept[0] = f"B-{kept[0][2:]}"
            yield IobSentence(tuple(words[start:end]), tuple(kept))
            start = end
