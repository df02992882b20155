"""`tokenizer`: word pieces of the notes, for an encoder from scratch."""

from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("tokenizer")
def tokenizer_cli(
    corpus: Annotated[Path, typer.Argument(help="Corpus folder; train is read.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    vocab: Annotated[int, typer.Option(help="Pieces at most.")] = 8000,
    kind: Annotated[
        str, typer.Option(help="wordpiece (as BERT) or bpe (of bytes, as RoBERTa).")
    ] = "wordpiece",
    lower: Annotated[
        bool, typer.Option("--lower", help="Read text in lower case.")
    ] = False,
    min_count: Annotated[int, typer.Option(help="Join pieces that meet so often.")] = 2,
) -> None:
    """Learn word pieces from a corpus, for an encoder from scratch.

    A vocabulary is made of words of the notes, names among them: keep the folder, and
    models that hold it, as you keep the notes, and do not share it freely.
    """
    from ..stages.corpora.tokenizer import train_tokenizer

    about = train_tokenizer(
        corpus,
        out,
        vocab=vocab,
        kind=kind,  # type: ignore[arg-type]
        lower=lower,
        min_count=min_count,
    )
    lost = about["words_with_unknown_pieces"]
    print(
        f"Wrote {out}: {about['pieces']} pieces, {about['pieces_a_word']:.2f} a word "
        f"of {about['words']} words, {lost} of which hold an unknown piece"
    )
    print("Its vocabulary is made of words of the notes.")
