"""A tokenizer that keeps every de-identification placeholder whole."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import (
    compile_infix_regex,
    compile_prefix_regex,
    compile_suffix_regex,
    get_lang_class,
)
from spacy.vocab import Vocab

from ..notes.deid import placeholder_spans

# Transcribed notes leave out blanks: `pain.,2`, `1)HTN`, `).,FHX`, `oral:Normal`.
CLINICAL = (
    r"(?<=[A-Za-z)\]%])[.:;)\]]*,(?=\S)",
    r"(?<=[0-9])[.)](?=[A-Za-z]{2})",
    r"(?<=[a-z])[.;:](?=[A-Z])",
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ClinicalTokenizer:
    """The language's own rules, with each placeholder as one token.

    `[**Known lastname 9001**]` is ten tokens for the English rules and may hold a
    line break; here it is one. Nothing is lost: `tokenizer(text).text == text`, but
    for lone surrogates (halves of characters in text that was decoded wrongly), which
    no Doc can hold: each is read as U+FFFD, one for one, so that offsets hold.
    """

    def __init__(self, vocab: Vocab, base: Callable[[str], Doc] | None = None) -> None:
        self.vocab = vocab
        self.base: Any = base or _rules(
            vocab, get_lang_class(vocab.lang or "en").Defaults
        )

    def __call__(self, text: str) -> Doc:
        text = _LONE_SURROGATE.sub("\ufffd", text)
        spans = placeholder_spans(text)
        if not spans:
            return self.base(text)
        words: list[str] = []
        spaces: list[bool] = []
        position = 0
        for start, end in spans:
            self._extend(words, spaces, text[position:start])
            # A single space after a placeholder is its own, as with any token.
            owns_space = text[end : end + 1] == " "
            words.append(text[start:end])
            spaces.append(owns_space)
            position = end + owns_space
        self._extend(words, spaces, text[position:])
        return Doc(self.vocab, words=words, spaces=spaces)

    def _extend(self, words: list[str], spaces: list[bool], text: str) -> None:
        for token in self.base(text) if text else ():
            words.append(token.text)
            spaces.append(bool(token.whitespace_))

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterator[Doc]:
        """Tokenize one text after another."""
        for text in texts:
            yield self(text)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return self.base.to_bytes(exclude=list(exclude))

    def from_bytes(
        self, data: bytes, *, exclude: Iterable[str] = ()
    ) -> "ClinicalTokenizer":
        self.base.from_bytes(data, exclude=list(exclude))
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the base rules, so that what was trained is what is served."""
        self.base.to_disk(path, exclude=list(exclude))

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "ClinicalTokenizer":
        self.base.from_disk(path, exclude=list(exclude))
        return self


def _rules(vocab: Vocab, defaults: Any) -> Tokenizer:
    """spaCy's own tokenizer with a language's rules."""
    return Tokenizer(
        vocab,
        rules=defaults.tokenizer_exceptions,
        prefix_search=compile_prefix_regex(defaults.prefixes).search,
        suffix_search=compile_suffix_regex(defaults.suffixes).search,
        infix_finditer=compile_infix_regex([*CLINICAL, *defaults.infixes]).finditer,
        token_match=defaults.token_match,
        url_match=defaults.url_match,
    )


def create_clinical_tokenizer() -> Callable[[Language], ClinicalTokenizer]:
    """Registered as `spacy-mslm.ClinicalTokenizer.v1`."""

    def create(nlp: Language) -> ClinicalTokenizer:
        return ClinicalTokenizer(nlp.vocab, _rules(nlp.vocab, nlp.Defaults))

    return create
