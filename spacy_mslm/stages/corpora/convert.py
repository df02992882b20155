"""`corpus ebm-nlp`: a corpus in its own form in, IOB files out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...corpus.ebm_nlp import read_ebm_nlp, split_documents
from ...corpus.iob import IobSentence, write_iob
from ...corpus.split import SPLITS
from ...runners.atomic import atomic_folder
from ...types import DropCounts
from ..files import MANIFEST, check_replaceable, json_text, sha256_of


def convert_ebm_nlp(folder: Path, out: Path, *, fine: bool = False) -> dict[str, Any]:
    """Make `out`/{train,dev,test}.tsv and `out`/manifest.json of an EBM-NLP folder.

    The splits, and what `fine` means, are those of `read_ebm_nlp`. Same input, same
    bytes; `out` appears, or is replaced, only as a whole. RETURNS (dict): the manifest,
    counts and a hash without text. Raises M732 and what `read_ebm_nlp` raises.
    """
    check_replaceable(out)
    drops = DropCounts()
    splits: dict[str, dict[str, Any]] = {}
    with atomic_folder(out) as made:
        for split in SPLITS:
            documents = split_documents(folder, split, fine=fine)
            counts: Counter[str] = Counter()
            entities: Counter[str] = Counter()
            sentences = read_ebm_nlp(folder, split, fine=fine, drops=drops)
            write_iob(made / f"{split}.tsv", _counted(sentences, counts, entities))
            splits[split] = {
                "docs": len(documents),
                **counts,
                "entities": dict(sorted(entities.items())),
            }
        manifest = {
            "settings": {"corpus": "EBM-NLP", "fine": fine},
            "splits": splits,
            "drops": dict(drops),
            "files_hash": sha256_of(made / f"{split}.tsv" for split in SPLITS),
        }
        (made / MANIFEST).write_text(json_text(manifest), encoding="utf-8")
    return manifest


def _counted(
    sentences: Iterable[IobSentence], counts: Counter[str], entities: Counter[str]
) -> Iterator[IobSentence]:
    for sentence in sentences:
        counts["sentences"] += 1
        counts["words"] += len(sentence.words)
        entities.update(label for *_, label in sentence.spans())
        yield sentence
