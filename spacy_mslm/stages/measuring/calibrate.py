"""`calibrate`: one temperature on dev, so that confidences mean what they say.

Everything that a user may choose by is measured here, on dev; `evaluate` then shows
what the choices are worth on notes that had no part in them.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ...corpus.docs import docbin_paths, read_docs
from ...errors import Errors, MslmError
from ...runners.atomic import atomic_folder, atomic_write_text
from ...scoring.calibration import BINS, COLDEST, HOTTEST, fit_temperature
from ...scoring.strict import Span, score
from ..files import json_text, read_manifest
from ..gold.outputs import MODEL, measured_on
from .confidences import (
    Judged,
    Scored,
    entity_components,
    judge,
    outside_bias,
    raw_confidences,
)
from .evaluate import provenance_of
from .held_out import (
    Held,
    Mentions,
    Reference,
    fresh_vocab,
    load_pipeline,
    predict,
    predict_raw,
    reference_of,
)

CALIBRATION = "calibration.json"
NO_CONFIDENCES = "no mslm_ner sets doc.ents, so entities carry no confidences"
NO_OPTIMUM = (
    f"the best temperature lies beyond {COLDEST:g} to {HOTTEST:g}, where it would draw "
    "all confidences to 1, or to 0"
)
# With fewer spans, or fewer right or wrong ones, chance decides the temperature: ten
# events for each fitted parameter is the old rule of thumb for logistic regression.
FEWEST_SPANS, FEWEST_EITHER = 50, 10
# More than any dev split can tell, and kept exactly by every form of storage.
DECIMALS = 4
BIASES = (-2.0, -1.0, 0.0, 1.0, 2.0)
# Words of dev that are read again for each outside bias.
BIAS_WORDS = 100_000


def calibrate(
    model: str | Path,
    corpus: Path,
    out: Path,
    *,
    split: str = "dev",
    gold: Path | None = None,
    bias_words: int = BIAS_WORDS,
    on_note: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Write `model` with a temperature fitted on `corpus`/`split` to the folder `out`,
    and calibration.json (no text of notes) beside it.

    The pipeline reads clean text, without threshold and at T = 1; each entity is right
    or wrong by the reference that `evaluate` uses: gold where notes of the split are
    annotated, else the weak labels, and then a confidence tells how likely the
    labeller agrees, not how likely the entity is true. T stays 1 with fewer than
    `FEWEST_SPANS` predicted spans, with fewer than `FEWEST_EITHER` right or wrong ones,
    and where the best T lies beyond the range that is searched.
    A pipeline whose entities come from elsewhere has none and is passed on as it is.

    gold (Path): a folder that `gold` wrote; its pipeline and its documents, where it
        holds some, are taken instead of `model` and `corpus`.
    bias_words (int): how many words of the split to read again for each outside bias;
        0 leaves these rows out.
    RETURNS (dict): what calibration.json says; "reason" is empty where T was fitted.

    Raises M741 (no such pipeline), M742 (no documents), M781 (`out` holds something
    else), M701, M730-M731 and M307-M308 (no finished corpus, damage).
    """
    _check_out(out)
    corpus = measured_on(corpus, gold)
    about = read_manifest(corpus, "corpus build")
    shards = docbin_paths(corpus / split)
    after_gold = gold is not None and (gold / MODEL).is_dir()
    if gold is not None and after_gold:
        model = gold / MODEL
    nlp = load_pipeline(model)
    before = _temperatures(nlp)
    if before:
        held, found = predict_raw(nlp, corpus / split, on_note)
        if not found:
            raise MslmError(Errors.M742.format(path=corpus, split=split))
        reference = reference_of(held, about)
        made = _set_temperature(nlp, reference, found)
        made["outside_bias"] = (
            _bias_rows(nlp, corpus / split, reference, bias_words)
            if bias_words
            else None
        )
    else:
        made = {"temperature": 1.0, "fitted": False, "reason": NO_CONFIDENCES}
    made.update(
        split=split, after_gold=after_gold, provenance=provenance_of(nlp, shards)
    )
    _write(nlp, model, out, changed=before != _temperatures(nlp))
    atomic_write_text(out.with_name(CALIBRATION), json_text(made))
    return made


def _check_out(out: Path) -> None:
    """Raise M781 where the new pipeline would replace files that are none."""
    if out.is_dir() and any(out.iterdir()) and not (out / "config.cfg").is_file():
        raise MslmError(Errors.M781.format(path=out))


def _write(nlp: Language, model: str | Path, out: Path, *, changed: bool) -> None:
    """`nlp` as the folder `out`; the very files of `model` where nothing changed."""
    with atomic_folder(out) as folder:
        if not changed and Path(model).is_dir():
            shutil.copytree(model, folder, dirs_exist_ok=True)
        else:
            nlp.to_disk(folder)


def _temperatures(nlp: Language) -> list[float]:
    return [pipe.temperature for pipe in entity_components(nlp)]


def _set_temperature(
    nlp: Language, reference: Reference, found: list[list[Scored]]
) -> dict[str, Any]:
    """Fit on dev, set it on every component that sets `doc.ents`, and measure it."""
    judged = judge(reference.mentions, reference.of(found))
    # These confidences are raw, so a temperature from before goes in any case.
    temperature, reason = trusted_temperature(judged)
    components = entity_components(nlp)
    for pipe in components:
        pipe.temperature = temperature
    return {
        "temperature": temperature,
        "fitted": not reason,
        "reason": reason,
        "against": reference.against,
        "notes": len(reference.documents),
        "measured": judged.measure(temperature),
        "settings": {
            "components": [pipe.name for pipe in components],
            "range": [COLDEST, HOTTEST],
            "bins": BINS,
            "fewest_spans": FEWEST_SPANS,
            "fewest_right_or_wrong": FEWEST_EITHER,
        },
    }


def trusted_temperature(judged: Judged) -> tuple[float, str]:
    """(T, ""), or (1.0, why none is to be trusted).

    At an end of the searched range confidences say next to nothing: all are near 1, or
    near 0.
    """
    if reason := too_few(judged):
        return 1.0, reason
    fitted = fit_temperature(judged.confidences, judged.right)
    if fitted in (COLDEST, HOTTEST):
        return 1.0, NO_OPTIMUM
    return round(fitted, DECIMALS), ""


def too_few(judged: Judged) -> str:
    """Why no temperature can be trusted that is fitted on these spans; "" if it can."""
    right = sum(judged.right)
    wrong = len(judged.right) - right
    if right + wrong < FEWEST_SPANS:
        return f"only {right + wrong} predicted spans, {FEWEST_SPANS} are needed"
    if min(right, wrong) < FEWEST_EITHER:
        kind, number = ("right", right) if right < wrong else ("wrong", wrong)
        return f"only {number} {kind} spans, {FEWEST_EITHER} are needed"
    return ""


def _bias_rows(
    nlp: Language, documents: Path, reference: Reference, words: int
) -> dict[str, Any]:
    """Strict scores for each outside bias, without threshold, on the documents that
    hold the first `words` words."""
    now = entity_components(nlp)[-1].outside_bias
    rows: list[dict[str, Any]] = []
    scored: list[tuple[int, Mentions]] = []
    for bias in sorted({*BIASES, now}):
        docs = _first(read_docs(documents, fresh_vocab()), words)
        with outside_bias(nlp, bias), raw_confidences(nlp):
            found = list(predict(nlp, docs, Held()))
        pairs = zip(reference.documents, reference.mentions, strict=True)
        scored = [(i, mentions) for i, mentions in pairs if i < len(found)]
        true = [_spans(mentions) for _, mentions in scored]
        counts = score(true, [_spans(found[i]) for i, _ in scored]).micro
        rows.append({"outside_bias": bias, **counts.to_dict()})
    return {"current": now, "notes": len(scored), "rows": rows}


def _spans(mentions: Mentions) -> set[Span]:
    return {mention[:3] for mention in mentions}


def _first(docs: Iterator[Doc], words: int) -> Iterator[Doc]:
    """Documents until `words` words are reached, one at least."""
    seen = 0
    for doc in docs:
        if seen >= words:
            return
        seen += len(doc)
        yield doc
