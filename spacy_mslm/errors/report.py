"""Codes 6xx: scoring and report."""


class ReportErrors:
    M601 = (
        "gold holds {gold} documents and the predictions hold {predicted}. "
        "Give one collection of spans a document, in the same order."
    )
