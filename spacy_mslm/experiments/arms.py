"""The arms of the experiments: settings by name, and the budgets that they share."""

from collections.abc import Mapping
from typing import Any

from .spec import MINILM

# The settings of one arm, beside those of its experiment.
Arm = Mapping[str, Any]
VANILLA = "vanilla"

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
BOTH: Arm = {"detection_view": "both"}
# A masked-LM head that begins fresh has a loss thirty times that of the entities.
LIGHT: Arm = {"mslm_weight": 0.1}
THIRD: Arm = {"entity_rate": 0.3, "base_rate": 0.3}
LEVERS: dict[str, Arm] = {
    **FOUR,
    "vanilla, swap .3": {"swap": 0.3},
    "uniform, plain": {**UNIFORM, **PLAIN},
    "mslm, plain": {**MSLM, **PLAIN},
    "mslm, plain, seen terms": {**MSLM, **PLAIN, "terms": "seen"},
    "mslm, both views .3/.3": {**MSLM, **BOTH, **THIRD},
    "mslm, both views": {**MSLM, **BOTH},
    "uniform, both views": {**UNIFORM, **BOTH},
    "vanilla, self-training": {"pseudo_updates": 400},
    "uniform, plain, seen terms": {**UNIFORM, **PLAIN, "terms": "seen"},
    "uniform, stage": {**UNIFORM, **STAGE_ALONE},
    "mslm, stage": {**MSLM, **STAGE_ALONE},
    "mslm, weight .1": {**MSLM, **LIGHT},
    "uniform, weight .1": {**UNIFORM, **LIGHT},
    "mslm, stage and weight .1": {
        **MSLM,
        **STAGE_ALONE,
        **LIGHT,
        "masked_share": 1.0,
    },
    "uniform, stage and weight .1": {
        **UNIFORM,
        **STAGE_ALONE,
        **LIGHT,
        "masked_share": 1.0,
    },
    "mslm, both views .3/.3, weight .1": {**MSLM, **BOTH, **THIRD, **LIGHT},
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

# An encoder whose masked-LM head is warm before any arm begins: MiniLM, adapted by
# uniform masks on the training text of all sets, without labels (results/PLAN.md).
ADAPTED = "work/lab/minilm-adapted"
# The same text, updates and share masked; terms, and words that general English hardly
# knows, more often than the others: so much so that eq. 3 makes their weights equal.
ADAPTED_BY_TERMS = "work/lab/minilm-adapted-terms"
# The same masks; an error on a term costs four on another word.
ADAPTED_BY_WEIGHT = "work/lab/minilm-adapted-weighted"
# The best of them so far, from which the others differ in one setting.
SWAPPED: Arm = {**MSLM, **LIGHT, "swap": 0.3}
WARM_LEVERS: dict[str, Arm] = {
    **FOUR,
    "mslm, weight .1": {**MSLM, **LIGHT},
    "uniform, weight .1": {**UNIFORM, **LIGHT},
    "mslm, both views .3/.3, weight .1": {**MSLM, **BOTH, **THIRD, **LIGHT},
    "uniform, both views .3/.3, weight .1": {**UNIFORM, **BOTH, **THIRD, **LIGHT},
    "mslm, both views .3/.3, random pieces, weight .1": {
        **MSLM,
        **BOTH,
        **THIRD,
        **LIGHT,
        "random": 1.0,
    },
    "uniform, both views .3/.3, random pieces, weight .1": {
        **UNIFORM,
        **BOTH,
        **THIRD,
        **LIGHT,
        "random": 1.0,
    },
    "vanilla, swap .3": {"swap": 0.3},
    "mslm, weight .1, swap .3": SWAPPED,
    "uniform, weight .1, swap .3": {**UNIFORM, **LIGHT, "swap": 0.3},
    "vanilla, swap .6": {"swap": 0.6},
    "mslm, weight .3": {**MSLM, "mslm_weight": 0.3},
    "uniform, weight .3": {**UNIFORM, "mslm_weight": 0.3},
    "joint, weight .1": {**JOINT, **LIGHT},
    "mslm, plain, weight .1": {**MSLM, **PLAIN, **LIGHT},
    "vanilla, self-training": {"pseudo_updates": 400},
    "vanilla, crf": {"decoder": "crf"},
    "vanilla, crf, swap .6": {"decoder": "crf", "swap": 0.6},
    "adapted by terms": {"encoder": ADAPTED_BY_TERMS},
    "adapted by terms, swap .6": {"encoder": ADAPTED_BY_TERMS, "swap": 0.6},
    "adapted by terms, crf": {"encoder": ADAPTED_BY_TERMS, "decoder": "crf"},
    "adapted by terms, crf, swap .6": {
        "encoder": ADAPTED_BY_TERMS,
        "decoder": "crf",
        "swap": 0.6,
    },
    **{
        f"mslm, weight .1, swap .3, {name}": {**SWAPPED, **lever}
        for name, lever in {
            "a quarter masked": {"masked_share": 0.25},
            "plain": PLAIN,
            "4 times": {"weighting": "4"},
            ".25/.15": {"entity_rate": 0.25},
            "1/.075": {"entity_rate": 1.0, "base_rate": 0.075},
            ".5/.3": {"base_rate": 0.3},
            "static": {"dynamic": False},
            ".8/.1/.1": {"random": 0.1, "keep": 0.1},
            "2 times": {"weighting": "2"},
            "8 times": {"weighting": "8"},
            "ratio": {"weighting": "ratio"},
            "no none class": {"none_class": False},
        }.items()
    },
    "uniform, weight .1, swap .3, plain": {
        **UNIFORM,
        **LIGHT,
        **PLAIN,
        "swap": 0.3,
    },
}

# What step 2 of results/PLAN.md chose: masks before the entities are learnt, a CRF, and
# mentions swapped. The encoders differ in what was masked, and how it was weighted.
CHOSEN: Arm = {"decoder": "crf", "swap": 0.6}
ANSWERS: dict[str, Arm] = {
    "vanilla, as it comes": {"encoder": MINILM},
    "uniform stage, crf, swap .6": {"encoder": ADAPTED, **CHOSEN},
    "joint stage, crf, swap .6": {"encoder": ADAPTED_BY_TERMS, **CHOSEN},
    "mslm stage, crf, swap .6": {"encoder": ADAPTED_BY_WEIGHT, **CHOSEN},
    VANILLA: {"encoder": ADAPTED},
    "vanilla, joint stage": {"encoder": ADAPTED_BY_TERMS},
}

# The compared strategies of the paper (figure 5), all masking as many pieces.
STRATEGIES: dict[str, Arm] = {
    VANILLA: {},
    "uniform": UNIFORM,
    "span": {"strategy": "span"},
    "pmi": {"strategy": "pmi"},
    "joint": JOINT,
    "mslm": MSLM,
}
# Every pair of rates that the paper tried.
RATES: dict[str, Arm] = {
    VANILLA: {},
    **{
        f"mslm, {elm:g}/{blm:g}": {**MSLM, "entity_rate": elm, "base_rate": blm}
        for elm in (0.25, 0.5, 0.75, 1.0)
        for blm in (0.0, 0.075, 0.15, 0.225)
    },
}
# Learning rates of table 7; batch and epochs are one budget here, and k and d, the
# sizes of a constant added before a linear layer, add no capacity (eq. 7 and 10).
RANGES: dict[str, Arm] = {
    f"{name}, {rate:g}": {**FOUR[name], "learn_rate": rate}
    for rate in (5e-5, 1e-4, 1e-3, 5e-3)
    for name in (VANILLA, "mslm")
}

# A terminology labels notes; nobody annotated any. Masks where the weak labels are, in
# the entities' view too: the network must know a term by what stands around it.
LABELLER = "labeller"
MEDCAT = "medcat"
WEAK: Arm = {"updates": 1200, "batch_words": 400, "notes": True, "share": 0.0}
LABELLED: Arm = {"weak_updates": 1200}
WEAK_ARMS: dict[str, Arm] = {
    LABELLER: {"system": "labeller", "updates": 0},
    VANILLA: LABELLED,
    "uniform": {**LABELLED, **UNIFORM},
    "mslm": {**LABELLED, **MSLM},
    "uniform, both views": {**LABELLED, **UNIFORM, **BOTH},
    "mslm, both views": {**LABELLED, **MSLM, **BOTH},
    "uniform stage, crf, swap .6": {**LABELLED, **CHOSEN},
    "joint stage, crf, swap .6": {
        **LABELLED,
        "encoder": ADAPTED_BY_TERMS,
        **CHOSEN,
    },
    "mslm stage, crf, swap .6": {
        **LABELLED,
        "encoder": ADAPTED_BY_WEIGHT,
        **CHOSEN,
    },
    "vanilla, self-training": {**LABELLED, "pseudo_updates": 1200},
}
# Terms of a dictionary in text without gold; vanilla gets its annotation too. As many
# pieces are masked where terms are not looked at.
LISTED_TERMS: Arm = {"weak": MEDCAT, "terms": "weak"}
DICTIONARY: dict[str, Arm] = {
    VANILLA: {},
    "vanilla, labels first": {"weak": MEDCAT, "weak_updates": 150},
    "uniform, plain": {**UNIFORM, **PLAIN, **LIGHT, **LISTED_TERMS},
    "joint, plain": {**JOINT, **PLAIN, **LIGHT, **LISTED_TERMS},
    "mslm, plain": {**MSLM, **PLAIN, **LIGHT, **LISTED_TERMS},
    "mslm, labels first": {"weak": MEDCAT, "weak_updates": 150, **MSLM, **LIGHT},
    "uniform, labels first": {
        "weak": MEDCAT,
        "weak_updates": 150,
        **UNIFORM,
        **LIGHT,
    },
}
NOISE = tuple(f"{n}-{kind}" for kind in ("missing", "wrong") for n in (10, 30, 50))
NOISE_ARMS: dict[str, Arm] = {
    f"{name}, {noise}" if noise else name: {
        **WEAK_ARMS[name],
        "weak": f"{MEDCAT}-{noise}" if noise else MEDCAT,
    }
    for noise in ("", *NOISE)
    for name in (LABELLER, VANILLA, "mslm, both views")
}
GOLD_SHARES = (0.01, 0.05, 0.1, 0.25, 1.0)
AFTER_WEAK: Arm = {"weak": MEDCAT, "weak_updates": 500, "notes": True}
BEFORE_GOLD: Arm = {"updates": 800, "batch_words": 400}
PLUS_GOLD: dict[str, Arm] = {
    "labels and gold, 0%": {**AFTER_WEAK, "weak_updates": 800, "share": 0.0},
    "labels and gold with masks, 0%": {
        **AFTER_WEAK,
        **MSLM,
        "weak_updates": 800,
        "share": 0.0,
    },
    **{
        f"{name}, {share:.0%}": {**arm, "share": share}
        for share in GOLD_SHARES
        for name, arm in {
            "gold": {},
            "labels and gold": AFTER_WEAK,
            "labels and gold with masks": {**AFTER_WEAK, **MSLM},
        }.items()
    },
}
