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
    M621 = (
        "the process of '{system}' ended before it answered. Its last lines are in "
        "{log}; the other systems can be run without it (--systems)."
    )
    M622 = "no system called '{value}' in this bench. Options: {options}."
