"""What Abaho et al. 2024 print beside what is measured here, the protocol named."""

from collections.abc import Iterable
from statistics import fmean

from ..experiments.tables import Row, arms_of
from .lab_tables import Table

# Strict F1 as printed; the released code tests on text whose gold entities are masked.
PRINTED = {"ner_bc2gm": 92.17, "ner_bc5cdr-chem": 96.79}
# BLURB protocol, entity-level F1 on clean text, mean of 5 seeds: BioBERT v1.1.
HONEST = {"ner_bc2gm": 83.82, "ner_bc5cdr-chem": 92.85, "ner_ncbi-disease": 89.13}
SAYS = (
    "Printed: MSLM on BioBERT in Abaho et al. 2024, whose released code shows masks "
    "where the gold entities of the test set are; it is no score of reading text. "
    "Clean: BioBERT v1.1 in the BLURB protocol (5 seeds), what its size of encoder "
    "reaches without any masks. Ours: MiniLM, a fifth of BioBERT's size, on clean "
    "text, means over seeds. Scores of different encoders do not compare; protocols do."
)


# What stands beside each exhibit here.
EXHIBITS = (
    ("tables 2 and 9: data statistics", "statistics, with their misprints"),
    ("tables 3 and 8: main results", "answer-tenth and answer-full, on clean text"),
    ("tables 3, 8 and 10 as their code makes them", "gold-masked"),
    ("table 7: ranges", "ranges; batch and epochs are one budget, k and d no levers"),
    ("table 12: clusters of semantic types", "assets/clusters.yml"),
    ("table 13: weak supervision", "weak, beside scores against gold; noise"),
    ("figure 1: a masked example", "python -m spacy_mslm masks on any text"),
    ("figures 3 and 6: epochs until vanilla's best", "charts of answer-full"),
    ("figure 5: strategies", "strategies"),
    ("the grid of rates", "rates"),
    (
        "tables 4, 5, 6, 11, 14 and figures 2, 4, 7",
        "what they print was not at hand when this was built; perplexity, recovered "
        "terms, confidence and curves are in every experiment",
    ),
)


def paper_table(rows: Iterable[Row]) -> Table | None:
    """Our test F1 by arm beside theirs; None where none of these sets was tested."""
    cells = []
    for (data, arm), group in arms_of(r for r in rows if r.get("test")).items():
        if data in HONEST:
            ours = 100 * fmean(row["test"]["strict"]["micro"]["f"] for row in group)
            theirs = (PRINTED.get(data), HONEST.get(data))
            shown = ("–" if v is None else f"{v:.2f}" for v in theirs)
            cells.append([f"{data}: {arm}", f"{ours:.1f}", *shown])
    header = ["", "ours, clean", "printed, masked", "BioBERT, clean"]
    return Table("Beside the paper, F1", header, cells) if cells else None
