"""Named experiments: lists of runs, in the order in which they are worth having."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import Errors, MslmError
from .arms import (
    ADAPTED,
    ANSWERS,
    BEFORE_GOLD,
    DICTIONARY,
    FULL,
    GOLD_SHARES,
    LABELLER,
    LEVERS,
    MEDCAT,
    NOISE,
    NOISE_ARMS,
    PLUS_GOLD,
    PROTOCOL,
    RANGES,
    RATES,
    STRATEGIES,
    TENTH,
    VANILLA,
    WARM_LEVERS,
    WEAK,
    WEAK_ARMS,
    Arm,
)
from .spec import RunSpec

NCBI, CHEM = "ner_ncbi-disease", "ner_bc5cdr-chem"
GENES, CANCER = "ner_bc2gm", "ner_bionlp13cg"
SETS = (NCBI, CHEM, GENES, CANCER)
# Made by `experiment prepare`.
NOTES, LISTED = "maccrobat", "ncbi-listed"
SEEDS = (0, 1, 2)
# By the rule of results/PLAN.md: where vanilla is better on dev.
ANSWERED: Arm = {"encoder": ADAPTED}


@dataclass(frozen=True)
class Experiment:
    """`about`: the question in a line. `runs`: each once, the most telling first.
    `reference`: the arm that others are compared with; `pairs`: more comparisons.
    `exhibits`: what of Abaho et al. 2024 it stands beside. `beside`: the experiment
    whose runs it repeats by other means."""

    name: str
    about: str
    runs: tuple[RunSpec, ...]
    reference: str = VANILLA
    pairs: tuple[tuple[str, str], ...] = ()
    exhibits: str = ""
    beside: str = ""

    def on(self, data: str) -> "Experiment":
        """The same on another data set, each run once."""
        runs = dict.fromkeys(replace(spec, data=data) for spec in self.runs)
        return replace(self, runs=tuple(runs))


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


def _that_choose() -> tuple[Experiment, ...]:
    """Those that see no test set."""
    return (
        Experiment(
            "statistics",
            "What the data sets hold.",
            _runs({"data": {"system": "statistics"}}, sets=SETS, seeds=(0,)),
            exhibits="tables 2 and 9",
        ),
        Experiment(
            "screen",
            "Which levers help with a tenth of the labels? Dev alone, NCBI-disease.",
            _runs(LEVERS, **TENTH),
        ),
        Experiment(
            "screen-warm",
            "The same with a masked-LM head that is warm in every arm. Dev alone.",
            _runs(WARM_LEVERS, encoder=ADAPTED, **TENTH),
        ),
        Experiment(
            "rates",
            "How much of terms and of generic words should be masked? Dev alone.",
            _runs(RATES, **ANSWERED, **TENTH),
            exhibits="the grid of rates",
        ),
        Experiment(
            "ranges",
            "Which learning rate? Dev alone.",
            _runs(RANGES, **ANSWERED, **TENTH),
            reference=f"{VANILLA}, 0.0001",
            exhibits="table 7",
        ),
    )


def _that_answer() -> tuple[Experiment, ...]:
    """Those on the test sets of what people annotated."""
    bare, uniform, joint, mslm, vanilla, joined = ANSWERS
    pairs = (
        (mslm, uniform),
        (joint, uniform),
        (mslm, joint),
        (uniform, vanilla),
        (joined, vanilla),
    )
    answered: dict[str, Any] = {"reference": bare, "pairs": pairs}
    return (
        Experiment(
            "answer-tenth",
            "What is MSLM worth on clean text, with a tenth of the labels?",
            _runs(ANSWERS, sets=SETS, test=True, **TENTH),
            **answered,
        ),
        Experiment(
            "answer-full",
            "What is MSLM worth on clean text, with all labels?",
            _runs(ANSWERS, sets=SETS, test=True, **FULL),
            **answered,
            exhibits="tables 3 and 8; figures 3 and 6 (updates until vanilla's best)",
        ),
        Experiment(
            "gold-masked",
            "What does the released evaluation measure? Beside it, clean text.",
            _runs(PROTOCOL, test=True, gold_masked=True, **ANSWERED, **FULL),
            exhibits="tables 3, 8 and 10, as their code makes them",
        ),
        Experiment(
            "strategies",
            "Does it matter what is masked, if as much of it is?",
            _runs(STRATEGIES, test=True, **ANSWERED, **TENTH),
            exhibits="figure 5",
        ),
        Experiment(
            "spacy-train",
            "Does the component, trained by `spacy train`, score as the laboratory?",
            _runs(
                {
                    arm: {**ANSWERS[arm], "system": "spacy"}
                    for arm in (VANILLA, "mslm stage, crf, swap .6")
                },
                sets=SETS,
                test=True,
                **TENTH,
            ),
            beside="answer-tenth",
        ),
    )


def _of_labels() -> tuple[Experiment, ...]:
    """Those on notes that a terminology labels."""
    weak = {"weak": MEDCAT, "test": True, **ANSWERED, **WEAK}
    _, uniform, joint, mslm, *_ = ANSWERS
    return (
        Experiment(
            "weak",
            "Does a pipeline that learns from a labeller beat it, against gold?",
            _runs(WEAK_ARMS, sets=(NOTES,), **weak),
            reference=LABELLER,
            pairs=(
                ("mslm, both views", VANILLA),
                ("mslm, both views", "uniform, both views"),
                ("mslm", "uniform"),
                (joint, VANILLA),
                (joint, "mslm"),
                (joint, uniform),
                (mslm, uniform),
                (mslm, joint),
            ),
            exhibits="table 13, here beside scores against gold",
        ),
        Experiment(
            "dictionary",
            "What are a dictionary's terms worth in text without gold?",
            _runs(DICTIONARY, sets=(LISTED,), test=True, **ANSWERED, **TENTH),
            pairs=(
                ("mslm, plain", "uniform, plain"),
                ("mslm, plain", "joint, plain"),
                ("mslm, labels first", "uniform, labels first"),
                ("mslm, labels first", "vanilla, labels first"),
            ),
        ),
        Experiment(
            "weak-plus-gold",
            "What is a little gold worth after weak labels, and weak labels before it?",
            _runs(PLUS_GOLD, sets=(NOTES,), test=True, **ANSWERED, **BEFORE_GOLD),
            reference=f"gold, {GOLD_SHARES[-1]:.0%}",
            pairs=tuple(
                (f"labels and gold{masks}, {share:.0%}", f"{other}, {share:.0%}")
                for share in GOLD_SHARES
                for masks, other in (("", "gold"), (" with masks", "labels and gold"))
            ),
        ),
        Experiment(
            "noise",
            "How does it fall as names of the terminology go missing or wrong?",
            _runs(NOISE_ARMS, sets=(NOTES,), **weak),
            reference=LABELLER,
            pairs=tuple(
                (f"{arm}, {noise}", f"{LABELLER}, {noise}")
                for noise in NOISE
                for arm in (VANILLA, "mslm, both views")
            ),
        ),
    )


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    return {
        experiment.name: experiment
        for experiment in (*_that_answer(), *_of_labels(), *_that_choose())
    }


def experiment(name: str, data: str = "") -> Experiment:
    """The named one; on another data set than its own, if one is given.

    Raises MslmError (M809) for a name that is none.
    """
    known = experiments()
    if name not in known:
        raise MslmError(Errors.M809.format(name=name, options=", ".join(known)))
    return known[name].on(data) if data else known[name]


def family(arm: str) -> str:
    """What an arm is a variant of: its name up to the first comma."""
    return arm.partition(",")[0]
