"""A training logger that shows the loss parts and keeps them for the report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from spacy.language import Language

Step = Callable[[dict[str, Any] | None], None]
SCORES = ("ents_p", "ents_r", "ents_f")


def make_logger(
    path: str | None = None,
) -> Callable[[Language, IO, IO], tuple[Step, Callable[[], None]]]:
    """`spacy-mslm.ConsoleLogger.v1`: a table on the console, JSON lines in `path`.

    Losses are means over the updates since the last row, each part by its own name.
    """

    def setup(nlp: Language, stdout: IO, stderr: IO) -> tuple[Step, Callable[[], None]]:
        log = _open(path)
        header: list[str] = []
        last_step = -1

        def log_step(info: dict[str, Any] | None) -> None:
            nonlocal last_step
            if info is None or info.get("score") is None:
                return
            updates, last_step = max(info["step"] - last_step, 1), info["step"]
            losses = {k: float(v) / updates for k, v in info["losses"].items()}
            scores = {k: info["other_scores"].get(k) or 0.0 for k in SCORES}
            if not header:
                header.extend(["epoch", "step", *losses, *SCORES, "score"])
                stdout.write("".join(f"{name:>20}" for name in header).rstrip() + "\n")
            row = [info["epoch"], info["step"], *losses.values(), *scores.values()]
            cells = [f"{v:>20}" if isinstance(v, int) else f"{v:>20.4f}" for v in row]
            stdout.write("".join(cells) + f"{info['score']:>20.4f}\n")
            stdout.flush()
            if log is not None:
                kept = {"epoch": info["epoch"], "step": info["step"]}
                record = {**kept, "losses": losses, "scores": scores}
                log.write(json.dumps(record, sort_keys=True) + "\n")
                log.flush()

        def finalize() -> None:
            if log is not None:
                log.close()

        return log_step, finalize

    return setup


def _open(path: str | None) -> IO | None:
    if path is None:
        return None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path).open("w", encoding="utf8")
