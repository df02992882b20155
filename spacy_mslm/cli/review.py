"""`review`: look at labels before training on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import app
from .corpus import note_progress

if TYPE_CHECKING:
    from ..stages.labelling.review import ReviewWritten


@app.command("review")
def review_cli(
    labels: Annotated[Path, typer.Argument(help="Folder written by 'label'.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write. [review, beside the labels]"),
    ] = None,
    concepts: Annotated[
        Path | None,
        typer.Option(help="The concepts folder of the labels: preferred names."),
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(
            help="Annotation of the same texts (brat, DocBin, Prodigy, Label Studio, "
            "JSON lines), beside gold that the notes carry."
        ),
    ] = None,
    gold_labels: Annotated[
        str, typer.Option(help="FOUND=LABEL,…: names of labels in the gold.")
    ] = "",
    lists: Annotated[
        Path | None,
        typer.Option(
            help="CSV of suspicious and common names to write, for people to allow or "
            "deny; what is filled in there already stays."
        ),
    ] = None,
    text: Annotated[
        bool,
        typer.Option(help="Show sentences, and names that no terminology holds."),
    ] = True,
    sentences: Annotated[
        int, typer.Option(min=0, help="Sentences to show of each label.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the sample of sentences.")] = 0,
) -> None:
    """Write one HTML page on labels (it holds text of notes), and counts without."""
    from ..stages.labelling.review import ReviewSettings, review_labels
    from ..stages.labelling.review_rows import parse_gold_labels

    written = review_labels(
        labels,
        out,
        settings=ReviewSettings(
            concepts=concepts,
            gold=gold,
            gold_labels=parse_gold_labels(gold_labels),
            lists=lists,
            text=text,
            sentences=sentences,
            seed=seed,
        ),
        on_note=note_progress(),
    )
    _say(written)


def _say(written: "ReviewWritten") -> None:
    from ..report.review_tables import review_lines

    review = written.review
    counts = review.counts
    for line in review_lines(review.labels, counts.total, counts.gold):
        print(line)
    for warning in review.warnings:
        print(f"warning: {warning}")
    print(f"Wrote {written.summary} and {written.facts} (no text of notes)")
    if written.lists:
        print(f"Wrote {written.lists} (names; fill in allow or deny)")
    holds = "holds text of notes" if review.text else "holds no sentence of a note"
    print(f"Wrote {written.page} ({holds}; open it in a browser)")
