"""Codes 6xx: scoring and report."""


class ReportErrors:
    M601 = (
        "gold holds {gold} documents and the predictions hold {predicted}. "
        "Give one collection of spans a document, in the same order."
    )
    M602 = (
        "a temperature must be a number above 0, got {value}. Give 1.0 for none, or "
        "run 'calibrate'."
    )
    M603 = "a confidence must be a number from 0 to 1, got {value}. Give probabilities."
    M604 = (
        "{confidences} confidences beside {right} outcomes. Give one outcome a "
        "confidence, both as flat lists."
    )
    M605 = (
        "{right} spans are right, but the reference holds {gold}. Count every span of "
        "the reference, found or not."
    )
    M606 = (
        "tag sequence {number} holds {gold} gold tags and {predicted} predicted ones. "
        "Give one tag a word in both."
    )
    M607 = "nothing to resample: no {what}. Give at least one."
    M608 = (
        "the one system has {a} seeds and the other {b}, but runs are paired by seed. "
        "Give one entry a seed, both in the same order."
    )
    M609 = (
        "counts of {expected} documents beside counts of {got}. Count each document "
        "once, in the same order in every array, seed and system."
    )
    M610 = "'{name}' must be {expected}, got '{got}'. Correct it."
    M611 = (
        "malformed counts in '{name}', expected whole numbers from 0, one a document. "
        "Give flat arrays of integers, or what DocCounts.to_text wrote."
    )
    M621 = (
        "the process of '{system}' ended before it answered. Its last lines are in "
        "{log}; the other systems can be run without it (--systems)."
    )
    M622 = "no system called '{value}' in this bench. Options: {options}."
    M650 = "{path}: {reason}. Give the folder that 'label' wrote, or run 'label' again."
    M651 = (
        "{path}: none of the gold labels ({found}) is a label of this run ({known}). "
        "Map them with --gold-labels FOUND=LABEL,…."
    )
    M652 = (
        "--gold-labels: this run has no label {label} (it has: {known}). Mend the name."
    )
    M653 = (
        "--gold-labels: got '{item}', expected FOUND=LABEL, separated by commas, each "
        "FOUND once. Mend it."
    )
    M654 = "--gold-labels: the gold has no label {label} (it has: {found}). Mend it."
    M655 = (
        "{path}: {reason}, expected a list of names that 'review' wrote and people "
        "filled in. Mend it, or give another --lists."
    )
    M656 = (
        "{path}: the review page holds text of notes, so it is written beside the "
        "labels only. Give a folder in {work}, or --no-text."
    )
    M657 = (
        "{path}: none of its {docs} documents is a note of these labels (the texts "
        "must be the same). Label these documents first: 'label {path} …'."
    )
    M658 = (
        "{path}: the labels were not made with these concepts. Give the folder that "
        "they were made with, or leave --concepts out."
    )
