"""Named experiments: lists of runs, in the order in which they are worth having."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Errors, MslmError
from .spec import RunSpec

NCBI, CHEM = "ner_ncbi-disease", "ner_bc5cdr-chem"
GENES, CANCER = "ner_bc2gm", "ner_bionlp13cg"
SEEDS = (0, 1, 2)
VANILLA = "vanilla"
# The settings of one arm, beside those of its experiment.
Arm = Mapping[str, Any]

# The four arms of the question (results/PLAN.md): (4) - (2) is what MSLM is worth,
# (4) - (1) what its user gains.
UNIFORM: Arm = {"strategy": "token"}
JOINT: Arm = {"strategy": "joint", "weighting": "none"}
MSLM: Arm = {"strategy": "joint", "weighting": "paper"}
FOUR: dict[str, Arm] = {
    VANILLA: {},
    "uniform": UNIFORM,
    "joint": JOINT,
    "mslm": MSLM,
}


@dataclass(frozen=True)
class Experiment:
    """`about`: the question in a line. `runs`: each once, the most telling first."""

    name: str
    about: str
    runs: tuple[RunSpec, ...]


def _runs(
    arms: Mapping[str, Arm],
    *,
    sets: Iterable[str] = (NCBI,),
    seeds: Sequence[int] = SEEDS,
    **common: Any,
) -> tuple[RunSpec, ...]:
    """Every arm on every set; all seeds of an arm before the next one."""
    return tuple(
        RunSpec(data=name, arm=arm, seed=seed, **{**common, **settings})
        for name in sets
        for arm, settings in arms.items()
        for seed in seeds
    )


# A tenth of the sentences has labels: 13,600 words of NCBI-disease, twelve times read.
TENTH: Arm = {"share": 0.1, "updates": 400, "batch_words": 400}
# All of them: 136,000 words, five times read.
FULL: Arm = {"share": 1.0, "updates": 850, "batch_words": 800}
PLAIN: Arm = {"plain_words": 400}
# Masked-LM first, over all text, and entities alone after it.
STAGE_ALONE: Arm = {"stage_updates": 150, "terms": "seen", "masked_share": 0.0}
# As released: entities learnt where the masks are (ELM 1, BLM .075).
RELEASED: Arm = {"entity_rate": 1.0, "base_rate": 0.075}
PROTOCOL: dict[str, Arm] = {
    VANILLA: RELEASED,
    "mslm, as released": {**MSLM, **RELEASED, "detection_view": "masked"},
    "mslm": {**MSLM, **RELEASED},
}
LEVERS: dict[str, Arm] = {
    **FOUR,
    "vanilla, swap .3": {"swap": 0.3},
    "uniform, plain": {**UNIFORM, **PLAIN},
    "mslm, plain": {**MSLM, **PLAIN},
    "mslm, plain, seen terms": {**MSLM, **PLAIN, "terms": "seen"},
    "mslm, both views .3/.3": {
        **MSLM,
        "detection_view": "both",
        "entity_rate": 0.3,
        "base_rate": 0.3,
    },
    "mslm, both views": {**MSLM, "detection_view": "both"},
    "uniform, both views": {**UNIFORM, "detection_view": "both"},
    "vanilla, self-training": {"pseudo_updates": 400},
    "uniform, plain, seen terms": {**UNIFORM, **PLAIN, "terms": "seen"},
    "uniform, stage": {**UNIFORM, **STAGE_ALONE},
    "mslm, stage": {**MSLM, **STAGE_ALONE},
    "mslm, swap .3": {**MSLM, "swap": 0.3},
    "vanilla, swap .6": {"swap": 0.6},
    "mslm, ratio": {**MSLM, "weighting": "ratio"},
    "mslm, 4 times": {**MSLM, "weighting": "4"},
    "mslm, 8 times": {**MSLM, "weighting": "8"},
    "mslm, a quarter masked": {**MSLM, "masked_share": 0.25},
    "mslm, .25/.15": {**MSLM, "entity_rate": 0.25},
    "mslm, 1/.075": {**MSLM, "entity_rate": 1.0, "base_rate": 0.075},
    "mslm, .5/.3": {**MSLM, "base_rate": 0.3},
    "mslm, static": {**MSLM, "dynamic": False},
    "mslm, .8/.1/.1": {**MSLM, "random": 0.1, "keep": 0.1},
    "mslm, no none class": {**MSLM, "none_class": False},
    "vanilla, no none class": {"none_class": False},
}


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    made = [
        Experiment(
            "screen",
            "Which levers help with a tenth of the labels? Dev alone, NCBI-disease.",
            _runs(LEVERS, **TENTH),
        ),
        Experiment(
            "answer-tenth",
            "What is MSLM worth on clean text, with a tenth of the labels?",
            _runs(FOUR, sets=(NCBI, CHEM, GENES, CANCER), test=True, **TENTH),
        ),
        Experiment(
            "answer-full",
            "What is MSLM worth on clean text, with all labels?",
            _runs(FOUR, sets=(NCBI, CHEM, GENES, CANCER), test=True, **FULL),
        ),
    ]
    made.append(
        Experiment(
            "gold-masked",
            "What does the released evaluation measure? Beside it, clean text.",
            _runs(PROTOCOL, test=True, gold_masked=True, **FULL),
        )
    )
    return {experiment.name: experiment for experiment in made}


def experiment(name: str) -> Experiment:
    """Raises MslmError (M809) for a name that is none."""
    known = experiments()
    if name not in known:
        raise MslmError(Errors.M809.format(name=name, options=", ".join(known)))
    return known[name]


def family(arm: str) -> str:
    """What an arm is a variant of: its name up to the first comma."""
    return arm.partition(",")[0]
