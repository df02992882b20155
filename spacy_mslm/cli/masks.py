"""`masks`: see what a config hides."""

from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("masks")
def masks_cli(
    config: Annotated[Path, typer.Argument(help="Training config, configs/mslm.cfg.")],
    corpus: Annotated[Path, typer.Argument(help="Corpus folder; train is read.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Sentences to show.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the masks.")] = 0,
    update: Annotated[int, typer.Option(min=0, help="Number of the update.")] = 0,
) -> None:
    """Print sentences as the masked view shows them. It prints text of the notes."""
    from ..stages.corpora.masks import masked_sentences, total

    shown = list(
        masked_sentences(config, corpus, sentences=n, seed=seed, update=update)
    )
    print("[TERM]: a hidden word of a term. [MASK]: another hidden word.\n")
    for sentence in shown:
        masked = sentence.base + sentence.entity
        print(f"{sentence.text}\n    {masked} of {sentence.pieces} pieces masked")
    print("\n" + total(shown))
