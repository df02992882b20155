"""`adapt`: an encoder and text in, the encoder after masked-LM training out.

`OUT` appears as a whole at the end. Until then `OUT.unfinished` holds the last
checkpoint, from which the same command goes on; it goes when `OUT` is there.
"""

import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from ...errors import Errors, MslmError, Notes
from ...masking import EQUAL, mask_weights
from ...nn import LossWeights, MslmNetwork, Objective, load_encoder, longest_window
from ...nn.adapting.loop import AdaptSettings, adapt, count_masks, make_optimizer
from ...nn.adapting.measure import measure
from ...nn.adapting.processes import Processes, joined
from ...nn.adapting.state import read_state, write_state
from ...nn.heads import HeadSettings
from ...nn.hub import check_writable, write_hub_folder
from ...nn.precision import PRECISIONS, Precision
from ...pipeline.settings import SMALLEST_WINDOW
from ...runners.atomic import atomic_folder
from ...runners.provenance import git_commit, versions
from ...types import MaskWeights
from ..files import MANIFEST, check_replaceable, json_text
from .data import Data, Reading, read_data
from .listener import Listener, Silent
from .masking import MEASURE, Masking
from .resume import finished, make_plan, resumable, unfinished

# Masks of so many documents are counted for the weights of eq. 2.
COUNTED = 20_000


@dataclass(frozen=True)
class AdaptOptions:
    """`encoder`: hub name, folder or package:NAME/PATH. `max_pieces`,
    `max_batch_pieces` and `precision` as in training. `checkpoint_every`: updates."""

    encoder: str
    masking: Masking
    reading: Reading = field(default_factory=Reading)
    training: AdaptSettings = field(default_factory=AdaptSettings)
    max_pieces: int = 128
    max_batch_pieces: int = 4096
    precision: Precision = "auto"
    device: str = "auto"
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            options = ", ".join(PRECISIONS)
            raise MslmError(
                Errors.M410.format(
                    name="precision", options=options, value=self.precision
                )
            )
        low = {"max_pieces": SMALLEST_WINDOW}
        for name in ("max_pieces", "max_batch_pieces", "checkpoint_every"):
            least, value = low.get(name, 1), getattr(self, name)
            if value < least:
                raise MslmError(
                    Errors.M408.format(name=name, low=least, high="2^31", value=value)
                )


def adapt_encoder(
    source: Path, out: Path, options: AdaptOptions, listener: Listener | None = None
) -> dict[str, Any]:
    """Adapt the encoder to the text of `source` and write it to the folder `out`.

    RETURNS (dict): the manifest; empty in all processes but the first. Raises
    MslmError: M773 (`out` holds another run's encoder), M774 (its checkpoint is of
    another run), M732, what reading `source` raises, and what reading the encoder does.
    """
    with joined(options.device) as processes:
        leads = processes.rank == 0
        told: Listener = listener if listener is not None and leads else Silent()
        check_replaceable(out)
        network, pretrained = _load(options, processes.device)
        data = read_data(source, options.reading, told.document)
        if not data.shelf.n_terms:
            told.note(Notes.N520.format(path=source, docs=len(data.shelf)))
        if not pretrained:
            told.note(Notes.N521.format(source=options.encoder))
        settings = options.training.resolved(
            data.shelf.sizes[data.train], pretrained_mlm=pretrained
        )
        plan = make_plan(
            network,
            data,
            encoder=options.encoder,
            pretrained_mlm=pretrained,
            reading=options.reading,
            masking=options.masking,
            training=settings,
            max_pieces=options.max_pieces,
            precision=options.precision,
        )
        manifest = finished(out, plan)
        if manifest is not None:
            told.note(Notes.N523.format(path=out))
        else:
            run = _Run(out, options, settings, plan, network, data, processes, told)
            manifest = run.all()
        if leads:
            shutil.rmtree(unfinished(out), ignore_errors=True)
    return manifest if leads else {}


@dataclass
class _Run:
    """What the steps of one run share."""

    out: Path
    options: AdaptOptions
    settings: AdaptSettings
    plan: dict[str, Any]
    network: MslmNetwork
    data: Data
    processes: Processes
    told: Listener

    def all(self) -> dict[str, Any]:
        """Train to the end and write `out`; the manifest."""
        optimizer = make_optimizer(self.network, self.settings)
        progress = resumable(self.out, self.plan)
        # The weights count masks of the encoder's pieces, not what it has learnt.
        weights, masked = self._mask_weights()
        self.told.note(Notes.N524.format(**asdict(weights)))
        if (
            weights == EQUAL
            and self.options.masking.weighting == "paper"
            and masked["terms"]
        ):
            self.told.note(Notes.N525)
        if progress is None:
            progress = {"update": 0, "plan": self.plan, "before": self._measure()}
        else:
            read_state(unfinished(self.out), self.network, optimizer)
            self.told.note(
                Notes.N522.format(
                    update=progress["update"], updates=self.settings.updates
                )
            )
        words = self._train(optimizer, progress, weights)
        manifest = self._manifest(progress["before"], self._measure(), weights, masked)
        manifest["documents"]["words_read"] = words
        if self.processes.rank == 0:
            self._write(manifest)
        return manifest

    def _train(
        self, optimizer: Any, progress: dict[str, Any], weights: MaskWeights
    ) -> int:
        """Words read by all updates so far."""
        objective = Objective(
            mask_weights=weights,
            loss_weights=LossWeights(mslm=1.0, detection=0.0, classification=0.0),
            max_pieces=self.options.max_pieces,
            max_batch_pieces=self.options.max_batch_pieces,
            corruption=self.options.masking.corruption,
        )
        words = int(progress.get("words", 0))
        self.told.start()
        for done in adapt(
            self.network,
            optimizer,
            self.data.shelf,
            self.data.train,
            self.options.masking.strategy,
            objective,
            self.settings,
            self.processes,
            start=progress["update"],
        ):
            words += done.words
            self.told.done(done, self.settings.updates)
            if self.processes.rank == 0 and self._is_due(done.update):
                now = {**progress, "update": done.update, "words": words}
                with atomic_folder(unfinished(self.out)) as folder:
                    write_state(folder, self.network, optimizer, now)
        return words

    def _is_due(self, update: int) -> bool:
        last = update == self.settings.updates
        return last or update % self.options.checkpoint_every == 0

    def _mask_weights(self) -> tuple[MaskWeights, dict[str, int]]:
        """As the weighting says, for eq. 2-5 from the first pass over the documents."""
        entity, base = count_masks(
            self.network,
            self.data.shelf,
            self.data.train[:COUNTED],
            self.options.masking.strategy,
            self.settings.seed,
        )
        counts = {"terms": entity, "generic": base}
        weighting = self.options.masking.weighting
        return mask_weights(entity, base, weighting), counts

    def _measure(self) -> dict[str, Any]:
        loss = measure(
            self.network,
            self.data.shelf,
            self.data.measured,
            MEASURE,
            self.processes,
            max_pieces=self.options.max_pieces,
            max_batch_pieces=self.options.max_batch_pieces,
        )
        return {
            "terms": _mean(loss.terms, loss.n_terms),
            "generic": _mean(loss.generic, loss.n_generic),
            "all": _mean(loss.terms + loss.generic, loss.n_terms + loss.n_generic),
        }

    def _manifest(
        self,
        before: dict[str, Any],
        after: dict[str, Any],
        weights: MaskWeights,
        masked: dict[str, int],
    ) -> dict[str, Any]:
        data = self.data
        return {
            **self.plan,
            "documents": {
                "all": len(data.shelf),
                "train": len(data.train),
                "held_out": len(data.held_out),
                "measured": len(data.measured),
                "train_words": int(data.shelf.sizes[data.train].sum()),
                "terms": data.shelf.n_terms,
            },
            "drops": dict(data.drops),
            "masked_pieces": masked,
            "mask_weights": asdict(weights),
            "held_out_loss": {"before": before, "after": after},
            "processes": self.processes.world,
            "device": self.processes.device.type,
            "commit": git_commit(),
            "versions": versions(),
        }

    def _write(self, manifest: dict[str, Any]) -> None:
        with atomic_folder(self.out) as folder:
            write_hub_folder(self.network, self.options.encoder, folder)
            (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8")


def _mean(total: float, number: int) -> dict[str, float | int | None]:
    """A loss a masked piece, in nats; None where there is none."""
    return {"pieces": number, "loss": total / number if number else None}


def _load(options: AdaptOptions, device: torch.device) -> tuple[MslmNetwork, bool]:
    """The network to train, and whether its masked-LM head came with the checkpoint."""
    torch.manual_seed(options.training.seed)  # a fresh head repeats
    loaded = load_encoder(options.encoder)
    longest = longest_window(loaded.encoder) or options.max_pieces
    if options.max_pieces > longest:
        raise MslmError(
            Errors.M408.format(
                name="max_pieces",
                low=SMALLEST_WINDOW,
                high=longest,
                value=options.max_pieces,
            )
        )
    # No entities here: no classifier, and a detection head that is never read.
    heads = HeadSettings(typed=True)
    network = MslmNetwork(
        loaded.encoder, loaded.tokenizer, (), mlm=loaded.mlm, heads=heads
    )
    check_writable(network, options.encoder)
    network.precision = options.precision
    return network.to(device), loaded.pretrained_mlm
