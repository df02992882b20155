"""Words to word pieces, with the word that each piece belongs to."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from tokenizers import Tokenizer

from ..errors import Errors, MslmError
from ..types import BoolArray, IntArray
from .documents import WordDoc


@dataclass(frozen=True)
class DocPieces:
    """The pieces of a whole document, without specials, never truncated.

    `ids` (N,) and `word` (N,), ascending: the word of each piece. `n_words` W.
    """

    ids: IntArray
    word: IntArray
    n_words: int

    @cached_property
    def starts(self) -> IntArray:
        """(W + 1,): word w has the pieces starts[w]:starts[w + 1]."""
        return np.searchsorted(self.word, np.arange(self.n_words + 1))

    @cached_property
    def has_pieces(self) -> BoolArray:
        """(W,): False for line breaks, zero-width characters and their kin."""
        return np.diff(self.starts) > 0


@dataclass(frozen=True)
class Specials:
    """Ids of the encoder's special pieces."""

    start: int
    end: int
    mask: int
    pad: int

    @classmethod
    def from_bytes(cls, content: bytes) -> "Specials":
        return cls(**json.loads(content))


class PieceTokenizer:
    """A fast tokenizer of `tokenizers` and its special pieces.

    `max_word_pieces`: a longer word (say 10,000 characters) is read by its first
    pieces only; it is still one word that gets a label.
    """

    def __init__(
        self, tokenizer: Tokenizer, specials: Specials, *, max_word_pieces: int = 32
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # A note that holds "[MASK]" or "</s>" holds those characters, no special.
        tokenizer.encode_special_tokens = True
        self.tokenizer = tokenizer
        self.specials = specials
        self.max_word_pieces = max_word_pieces

    @cached_property
    def ordinary(self) -> IntArray:
        """Ids of the vocabulary that are no special pieces, ascending."""
        added = self.tokenizer.get_added_tokens_decoder()
        special = {i for i, token in added.items() if token.special}
        special |= set(asdict(self.specials).values())
        known = set(self.tokenizer.get_vocab().values())
        return np.array(sorted(known - special), dtype=np.int64)

    def __call__(self, docs: Sequence[WordDoc]) -> list[DocPieces]:
        """The pieces of each document, sentence marks and labels untouched."""
        encodings = self.tokenizer.encode_batch(
            [_encodable(doc.words) for doc in docs],
            is_pretokenized=True,
            add_special_tokens=False,
        )
        return [
            self._pieces(encoding.ids, encoding.word_ids, doc.words)
            for encoding, doc in zip(encodings, docs, strict=True)
        ]

    def _pieces(
        self, ids: list[int], word_ids: list[int | None], words: Sequence[str]
    ) -> DocPieces:
        word = np.array([-1 if w is None else w for w in word_ids], dtype=np.int64)
        first = np.searchsorted(word, word)
        keep = np.arange(len(word)) - first < self.max_word_pieces
        # Byte-level tokenizers have pieces for line breaks too; none is a word.
        visible = np.fromiter(map(is_visible, words), bool, len(words))
        keep &= visible[word]
        return DocPieces(np.array(ids, dtype=np.int64)[keep], word[keep], len(words))

    def to_parts(self) -> dict[str, bytes]:
        """`tokenizer.json` and `specials.json`; no pickle."""
        specials = json.dumps(asdict(self.specials), sort_keys=True)
        return {
            "tokenizer.json": self.tokenizer.to_str().encode("utf8"),
            "specials.json": specials.encode("utf8"),
        }

    @classmethod
    def from_bytes(cls, content: bytes, specials: Specials) -> "PieceTokenizer":
        return cls(Tokenizer.from_str(content.decode("utf8")), specials)


def is_visible(word: str) -> bool:
    """False for words of white space, control and zero-width characters alone."""
    return any(c.isalnum() or unicodedata.category(c)[0] not in "ZC" for c in word)


def _encodable(words: Sequence[str]) -> list[str]:
    """Lone surrogates cannot cross into the tokenizer: read them as `?`."""
    try:
        "".join(words).encode("utf8")
    except UnicodeEncodeError:
        return [w.encode("utf8", "replace").decode("utf8") for w in words]
    return list(words)


def read_specials(tokenizer: object, source: str) -> Specials:
    """The special pieces of a Hugging Face tokenizer. Raises MslmError (M407)."""
    ids = {}
    for key, names in (
        ("start", ("cls_token_id", "bos_token_id")),
        ("end", ("sep_token_id", "eos_token_id")),
        ("mask", ("mask_token_id",)),
        ("pad", ("pad_token_id",)),
    ):
        found = [getattr(tokenizer, name, None) for name in names]
        value = next((v for v in found if v is not None), None)
        if value is None:
            raise MslmError(Errors.M407.format(source=source, token=key))
        ids[key] = int(value)
    return Specials(**ids)
