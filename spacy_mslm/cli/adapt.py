"""`adapt`: masked-LM training of an encoder on one's own text."""

import json
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import Errors, MslmError
from ..types import Corruption
from . import app

if TYPE_CHECKING:
    from ..nn.adapting.loop import Done
    from ..stages.adapting.masking import Masking

SECONDS = 10.0
EVERY = 1000
# The options that a config takes the place of.
MASKING = (
    "strategy",
    "entity_rate",
    "base_rate",
    "rate",
    "unit",
    "vocabulary",
    "set",
    "weighting",
    "random_share",
    "keep_share",
)

Source = Annotated[
    Path,
    typer.Argument(
        help="Notes (CSV, JSONL, also .gz, .txt, folder), a folder of 'label' (terms: "
        "its spans) or a corpus (terms: its entities; its test split is never read)."
    ),
]
Encoder = Annotated[
    str, typer.Option(help="Hub name, folder in hub layout, or package:NAME/PATH.")
]
Out = Annotated[Path, typer.Option(help="Folder to write; a stopped run goes on.")]
Concepts = Annotated[
    Path | None,
    typer.Option(
        help="Folder of 'concepts build': finds terms in notes, and in a corpus in "
        "place of its entities."
    ),
]
Category = Annotated[
    list[str] | None, typer.Option(help="Keep this category; may be repeated.")
]
Sample = Annotated[int, typer.Option(help="Read N records; 0 means all.")]
SpansFrom = Annotated[str, typer.Option(help="Whose spans of a label folder count.")]
DomainWords = Annotated[
    float,
    typer.Option(
        help="Words rarer in general English than this Zipf frequency (3.5: about one "
        "in seven words of an abstract) are terms too; 0: none."
    ),
]
HeldOut = Annotated[
    float, typer.Option(help="Share of patients held out, where there is no dev split.")
]
Strategy = Annotated[
    str | None, typer.Option(help="joint (default), token, span, pmi.")
]
EntityRate = Annotated[
    float | None, typer.Option(help="joint: share of terms to mask, 0.5.")
]
BaseRate = Annotated[
    float | None, typer.Option(help="joint: share of words outside terms, 0.15.")
]
Rate = Annotated[float | None, typer.Option(help="Others: share of words, 0.15.")]
Unit = Annotated[str | None, typer.Option(help="word (default) or piece.")]
Vocabulary = Annotated[
    str | None, typer.Option(help="pmi: file of 'corpus pmi' with its n-grams.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="NAME=VALUE: another setting of the strategy."),
]
Weighting = Annotated[
    str | None,
    typer.Option(
        help="paper (default; eq. 2-5), ratio, none, or how many times an error on a "
        "term costs one on a generic word: 4."
    ),
]
RandomShare = Annotated[
    float | None, typer.Option(help="Share of masked pieces shown as a random one.")
]
KeepShare = Annotated[
    float | None, typer.Option(help="Share of masked pieces shown as they are.")
]
Config = Annotated[
    Path | None,
    typer.Option(help="Training config that says all this about masks instead."),
]
Updates = Annotated[int, typer.Option(help="Updates; 0: as many as --epochs make.")]
Epochs = Annotated[int, typer.Option(help="Passes over the text.")]
BatchWords = Annotated[
    int, typer.Option(help="Words an update, of all processes together.")
]
Accumulate = Annotated[
    int, typer.Option(help="Passes an update; more take less memory.")
]
LearnRate = Annotated[float, typer.Option(help="Highest rate of the encoder.")]
Warmup = Annotated[float, typer.Option(help="Share of updates over which it rises.")]
HeadsLearnRate = Annotated[
    float | None,
    typer.Option(help="Of the MLM head, a multiple; default 1, for a fresh head 10."),
]
LayerDecay = Annotated[float, typer.Option(help="Rate of a layer to that above it.")]
WeightDecay = Annotated[float, typer.Option(help="AdamW's; none on biases and norms.")]
Clip = Annotated[float, typer.Option(help="Largest norm of the gradient; 0: any.")]
MaxPieces = Annotated[int, typer.Option(help="Pieces a window.")]
MaxBatchPieces = Annotated[int, typer.Option(help="Pieces in the encoder at once.")]
PrecisionOf = Annotated[str, typer.Option(help="auto, float32 or bfloat16.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Seed = Annotated[int, typer.Option(help="Of masks, order, dropout, split and sample.")]
CheckpointEvery = Annotated[int, typer.Option(help="Updates between checkpoints.")]


HELP = "\n\n".join(
    (
        "Train an encoder on to fill in masked words and terms of your own text.",
        "The folder it writes is an encoder like any other: its path goes where an "
        "encoder's name goes, in a config or on the command line. Run again after a "
        "stop, it goes on.",
        "Several processes: accelerate launch --multi_gpu --num_processes 2 -m "
        "spacy_mslm adapt ... (with --device cpu also without a GPU), or torchrun. An "
        "update stays the same however many processes share it: give more "
        "--batch-words to gain by them.",
        "Privacy: the folder keeps the masked-LM head, which can be asked to fill in "
        "what the notes said. Where a data use agreement covers the notes, it covers "
        "the folder as well.",
    )
)


@app.command("adapt", help=HELP)
def adapt_cli(
    source: Source,
    encoder: Encoder,
    out: Out,
    concepts: Concepts = None,
    category: Category = None,
    sample: Sample = 0,
    spans_from: SpansFrom = "medcat",
    domain_words: DomainWords = 0.0,
    held_out: HeldOut = 0.05,
    strategy: Strategy = None,
    entity_rate: EntityRate = None,
    base_rate: BaseRate = None,
    rate: Rate = None,
    unit: Unit = None,
    vocabulary: Vocabulary = None,
    set_: Set = None,
    weighting: Weighting = None,
    random_share: RandomShare = None,
    keep_share: KeepShare = None,
    config: Config = None,
    updates: Updates = 0,
    epochs: Epochs = 1,
    batch_words: BatchWords = 2048,
    accumulate: Accumulate = 1,
    learn_rate: LearnRate = 5e-5,
    warmup: Warmup = 0.1,
    heads_learn_rate: HeadsLearnRate = None,
    layer_decay: LayerDecay = 1.0,
    weight_decay: WeightDecay = 0.01,
    clip: Clip = 1.0,
    max_pieces: MaxPieces = 128,
    max_batch_pieces: MaxBatchPieces = 4096,
    precision: PrecisionOf = "auto",
    device: Device = "auto",
    seed: Seed = 0,
    checkpoint_every: CheckpointEvery = 500,
) -> None:
    """What `HELP` says."""
    given = {name.rstrip("_"): value for name, value in locals().items()}
    from ..nn.adapting.loop import AdaptSettings
    from ..stages.adapting.adapt import AdaptOptions, adapt_encoder
    from ..stages.adapting.data import Reading

    options = _pick(
        AdaptOptions,
        given,
        masking=_masking(given),
        reading=_pick(Reading, given, categories=tuple(category or ())),
        training=_pick(AdaptSettings, given),
    )
    manifest = adapt_encoder(source, out, options, _Progress())
    if manifest:
        _summary(out, manifest)


def _pick(kind: Any, given: dict[str, Any], **others: Any) -> Any:
    """A settings object from the options that its fields are named like."""
    named = {f.name for f in fields(kind)} & given.keys() - others.keys()
    return kind(**{name: given[name] for name in named}, **others)


def _masking(given: dict[str, Any]) -> "Masking":
    from ..stages.adapting.masking import masking_of_config, masking_of_options

    said = [name for name in MASKING if given[name] not in (None, [])]
    if given["config"] is not None:
        if said:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in said)
            raise MslmError(Errors.M425.format(options=options))
        return masking_of_config(given["config"])
    random, keep = given["random_share"] or 0.0, given["keep_share"] or 0.0
    named = ("entity_rate", "base_rate", "rate", "unit", "vocabulary")
    more = dict(_setting(item) for item in given["set"] or ())
    return masking_of_options(
        given["strategy"] or "joint",
        {**{name: given[name] for name in named}, **more},
        weighting=_number(given["weighting"] or "paper"),
        corruption=Corruption(round(1 - random - keep, 9), random, keep),
    )


def _setting(item: str) -> tuple[str, Any]:
    """NAME=VALUE, the value as JSON where it is."""
    name, _, text = item.partition("=")
    return name, _number(text)


def _number(text: str) -> Any:
    """`text` as JSON where it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


class _Progress:
    """Lines on stderr: what is read, and every few seconds where training stands."""

    def __init__(self) -> None:
        self.documents = 0
        self.since = time.monotonic()
        self.losses: list[float] = []
        self.words = 0

    def note(self, message: str) -> None:
        print(message, file=sys.stderr)

    def document(self) -> None:
        self.documents += 1
        if self.documents % EVERY == 0:
            print(f"{self.documents:,} documents read", file=sys.stderr)

    def start(self) -> None:
        self.since = time.monotonic()

    def done(self, done: "Done", updates: int) -> None:
        self.losses.append(done.loss)
        self.words += done.words
        passed = time.monotonic() - self.since
        if passed < SECONDS and done.update < updates:
            return
        loss = sum(self.losses) / len(self.losses)
        rate = self.words / max(passed, 1e-9)
        print(
            f"update {done.update}/{updates}: loss {loss:.3f}, {rate:,.0f} words/s",
            file=sys.stderr,
        )
        self.since, self.losses, self.words = time.monotonic(), [], 0


def _summary(out: Path, manifest: dict[str, Any]) -> None:
    documents = manifest["documents"]
    print(
        f"{out}: {manifest['training']['updates']} updates on {documents['train']:,} "
        f"documents of {documents['train_words']:,} words, {documents['terms']:,} terms"
    )
    for name in ("terms", "generic", "all"):
        before, after = (
            manifest["held_out_loss"][when][name] for when in ("before", "after")
        )
        if before["pieces"]:
            print(
                f"  held-out loss, {name}: {before['loss']:.3f} -> "
                f"{after['loss']:.3f} ({before['pieces']:,} masked pieces of "
                f"{documents['measured']:,} documents)"
            )
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  left out: {number} x {reason}")
