"""`tokenizer`: word pieces of the training notes, for encoders from scratch."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import spacy
from tokenizers import Tokenizer

from ...corpus.docs import docbin_paths, read_docs
from ...errors import Errors, MslmError
from ...nn.pieces import is_visible
from ...nn.vocabulary import Kind, hub_files, learn_pieces
from ...pipeline.reading import read_doc
from ...runners import provenance
from ...runners.atomic import atomic_folder
from ..files import MANIFEST, check_replaceable, json_text, sha256_of
from .pmi import training_part

VERSIONS = ("spacy-mslm", "spacy", "tokenizers")


def train_tokenizer(
    corpus: Path, out: Path, *, vocab: int, kind: Kind, lower: bool, min_count: int
) -> dict[str, Any]:
    """Write a tokenizer to the folder `out`, in hub layout: tokenizer.json, which holds
    the vocabulary and so words of the notes, tokenizer_config.json, and a manifest
    with counts alone. Same corpus and settings, same bytes.

    corpus (Path): folder of `corpus build` or `corpus iob`, of which train alone is
        read, or a folder or file of DocBins.
    vocab (int), kind (str), lower (bool), min_count (int): see `learn_pieces`.
    RETURNS (dict): the manifest. Raises M408, M444, M445 (no words), M701, M307-M308,
        M322 (a corpus without train), M732.
    """
    if min_count < 1:
        low, value = 1, min_count
        raise MslmError(
            Errors.M408.format(name="min_count", low=low, high="2^31", value=value)
        )
    check_replaceable(out)
    folder = training_part(corpus)
    words = _words(folder)
    if not words:
        raise MslmError(Errors.M445.format(path=folder))
    tokenizer = learn_pieces(
        words, size=vocab, kind=kind, lower=lower, min_count=min_count
    )
    settings = {"vocab": vocab, "kind": kind, "lower": lower, "min_count": min_count}
    about = {
        "settings": settings,
        "data_hash": sha256_of(docbin_paths(folder)),
        "pieces": tokenizer.get_vocab_size(),
        **_spelt(tokenizer, words),
        "commit": provenance.git_commit(),
        "versions": provenance.installed(VERSIONS),
    }
    with atomic_folder(out) as made:
        for name, content in hub_files(tokenizer).items():
            (made / name).write_text(content, encoding="utf8")
        (made / MANIFEST).write_text(json_text(about), encoding="utf8")
    return about


def _words(folder: Path) -> Counter[str]:
    """How often the encoder would see each word."""
    counts: Counter[str] = Counter()
    for doc in read_docs(folder, spacy.blank("en").vocab, words_only=True):
        counts.update(word for word in read_doc(doc).words if is_visible(word))
    return counts


def _spelt(tokenizer: Tokenizer, words: Mapping[str, int]) -> dict[str, Any]:
    """What becomes of the words it was learnt from: how many pieces a word, how many
    words are one piece, how many hold a character that it does not know."""
    unknown = tokenizer.token_to_id("[UNK]")
    encodings = tokenizer.encode_batch(
        [[word] for word in words], is_pretokenized=True, add_special_tokens=False
    )
    counts = list(words.values())
    total = sum(counts)
    pieces = sum(n * len(e.ids) for n, e in zip(counts, encodings, strict=True))
    whole = sum(n for n, e in zip(counts, encodings, strict=True) if len(e.ids) == 1)
    lost = sum(n for n, e in zip(counts, encodings, strict=True) if unknown in e.ids)
    return {
        "words": total,
        "different_words": len(counts),
        "pieces_a_word": round(pieces / total, 4),
        "words_of_one_piece": whole,
        "words_with_unknown_pieces": lost,
    }
