"""Word pieces learnt from counted words, by `tokenizers`; the same bytes every time."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from ..errors import Errors, MslmError

Kind = Literal["wordpiece", "bpe"]
PAD, UNKNOWN, START, END, MASK = SPECIALS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
)
ASCII = "".join(map(chr, range(ord("!"), ord("~") + 1)))
# So many characters at most are pieces of their own; a word with another is [UNK].
CHARACTERS = 1000
INSIDE = "##"
# Words are handed over so many at once.
AT_ONCE = 1000


def learn_pieces(
    words: Mapping[str, int], *, size: int, kind: Kind, lower: bool, min_count: int
) -> Tokenizer:
    """A tokenizer of at most `size` pieces, specials and characters included.

    words (Mapping): how often each was seen.
    kind (str): "wordpiece" (BERT's: greedy, the longest piece first; a word with a
        character that was never seen is [UNK]) or "bpe" (RoBERTa's: merges of bytes,
        which spell anything).
    lower (bool): read text in lower case, without accents.
    min_count (int): two pieces are joined where they meet so often.
    Raises MslmError: M444, M408 where the characters alone are more than `size`.
    """
    if kind not in ("wordpiece", "bpe"):
        raise MslmError(Errors.M444.format(options="wordpiece, bpe", kind=kind))
    learn = _word_pieces if kind == "wordpiece" else _byte_pairs
    tokenizer = learn(words, size, lower, min_count)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        pair=f"{START} $A {END} $B:1 {END}:1",
        special_tokens=[(name, SPECIALS.index(name)) for name in (START, END)],
    )
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def hub_files(tokenizer: Tokenizer) -> dict[str, str]:
    """The content of the files that `AutoTokenizer` reads, by their names."""
    names = {
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "cls_token": START,
        "sep_token": END,
        "mask_token": MASK,
    }
    about: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **names,
    }
    return {
        "tokenizer.json": tokenizer.to_str(pretty=True) + "\n",
        "tokenizer_config.json": json.dumps(about, indent=2, sort_keys=True) + "\n",
    }


def _word_pieces(
    words: Mapping[str, int], size: int, lower: bool, min_count: int
) -> Tokenizer:
    tokenizer = _reader(lower)
    parts = _parts(tokenizer, words)
    seen = Counter(ASCII.lower() if lower else ASCII)
    for part, count in parts.items():
        seen.update(dict.fromkeys(part, count))
    ranked = sorted(seen, key=lambda c: (c not in ASCII, -seen[c], c))
    kept = sorted(ranked[:CHARACTERS])
    known = set(kept)
    # As specials they have ids before the trainer, whose tables are in random order,
    # comes upon them: equal counts are then decided in the same way every time.
    fixed = [*SPECIALS, *kept, *(INSIDE + character for character in kept)]
    _check_size(size, len(fixed))
    learner = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_count,
        special_tokens=fixed,
        continuing_subword_prefix=INSIDE,
        show_progress=False,
    )
    readable = {p: count for p, count in parts.items() if known.issuperset(p)}
    learner.train_from_iterator(_repeated(readable), trainer)
    tokenizer.model = models.WordPiece(learner.get_vocab(), unk_token=UNKNOWN)
    tokenizer.decoder = decoders.WordPiece(prefix=INSIDE)
    return tokenizer


def _byte_pairs(
    words: Mapping[str, int], size: int, lower: bool, min_count: int
) -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    _check_size(size, len(SPECIALS) + len(alphabet))
    tokenizer = Tokenizer(models.BPE())
    if lower:
        tokenizer.normalizer = _lowering(lower)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=min_count,
        special_tokens=list(SPECIALS),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_repeated(words), trainer)
    return tokenizer


def _reader(lower: bool) -> Tokenizer:
    """Text to parts of words, as BERT's tokenizer takes it apart; no model yet."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = _lowering(lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _lowering(lower: bool) -> normalizers.Normalizer:
    return normalizers.BertNormalizer(lowercase=lower)


def _parts(tokenizer: Tokenizer, words: Mapping[str, int]) -> Counter[str]:
    """How often each part between spaces and punctuation was seen."""
    parts: Counter[str] = Counter()
    for word, count in words.items():
        plain = tokenizer.normalizer.normalize_str(word)
        for part, _ in tokenizer.pre_tokenizer.pre_tokenize_str(plain):
            parts[part] += count
    return parts


def _repeated(words: Mapping[str, int]) -> Iterator[list[str]]:
    """Each word as often as it was seen."""
    for word in sorted(words):
        for first in range(0, words[word], AT_ONCE):
            yield [word] * min(AT_ONCE, words[word] - first)


def _check_size(size: int, low: int) -> None:
    if size < low:
        message = Errors.M408.format(name="vocab", low=low, high="2^31", value=size)
        raise MslmError(message)
