"""`corpus`: from labels or IOB files to what `spacy train` reads."""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer

from . import app

corpus_app = typer.Typer(
    name="corpus", help="Make a training corpus, or look at one.", no_args_is_help=True
)
app.add_typer(corpus_app, name="corpus")

EVERY = 500

Out = Annotated[Path, typer.Option("--out", help="Folder to write (replaced whole).")]


@corpus_app.command("build")
def build_cli(
    labels: Annotated[Path, typer.Argument(help="Folder written by 'label'.")],
    out: Out,
    policy: Annotated[
        str, typer.Option(help="Which of overlapping spans stays: longest|score|first.")
    ] = "longest",
    dev: Annotated[float, typer.Option(help="Share of patients for dev.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of patients for test.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    source: Annotated[
        str,
        typer.Option(help="Make entities of this source's spans, not of all resolved."),
    ] = "",
) -> None:
    """Split labelled notes by patient and write DocBins."""
    from ..stages.corpora.corpus import build_corpus

    manifest = build_corpus(
        labels,
        out,
        policy=policy,
        dev=dev,
        test=test,
        seed=seed,
        source=source,
        on_note=note_progress(),
    )
    _summary(out, manifest)


@corpus_app.command("iob")
def iob_cli(
    files: Annotated[
        list[Path], typer.Argument(help="IOB2 files named train, dev or test.")
    ],
    out: Out,
    repair: Annotated[
        bool, typer.Option("--repair", help="Read a stray I- tag as B- (IOB1).")
    ] = False,
) -> None:
    """Convert IOB files, one document a sentence, tokens kept."""
    from ..stages.corpora.corpus import build_iob_corpus

    _summary(out, build_iob_corpus(files, out, repair=repair))


@corpus_app.command("ebm-nlp")
def ebm_nlp_cli(
    folder: Annotated[Path, typer.Argument(help="EBM-NLP as unpacked (ebm_nlp_2_00).")],
    out: Out,
    fine: Annotated[
        bool, typer.Option("--fine", help="The finer labels, such as Outcomes-Pain.")
    ] = False,
) -> None:
    """Convert EBM-NLP to IOB files: train.tsv, dev.tsv, test.tsv."""
    from ..stages.corpora.convert import convert_ebm_nlp

    manifest = convert_ebm_nlp(folder, out, fine=fine)
    print(f"Wrote {out}: {_splits(manifest)}")
    _print_drops(manifest)


@corpus_app.command("import")
def import_cli(
    path: Annotated[
        Path,
        typer.Argument(
            help="brat folder, export of Prodigy or Label Studio, DocBin, or notes as "
            "JSON lines with gold."
        ),
    ],
    out: Out,
    format: Annotated[
        str, typer.Option(help="auto, brat, prodigy, label-studio, docbin, jsonl.")
    ] = "auto",
    labels: Annotated[
        str,
        typer.Option(help="NAME=LABEL,…: rename labels, leave out all others."),
    ] = "",
    dev: Annotated[float, typer.Option(help="Share of patients for dev.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of patients for test.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    test_only: Annotated[
        bool, typer.Option("--test-only", help="All documents are for test.")
    ] = False,
    policy: Annotated[
        str, typer.Option(help="Which of overlapping spans is the entity.")
    ] = "longest",
) -> None:
    """Read corrected annotation as gold, split it by patient and write DocBins."""
    from ..stages.annotating.imported import import_annotations, parse_labels

    manifest = import_annotations(
        path,
        out,
        format=format,
        labels=parse_labels(labels),
        dev=dev,
        test=test,
        seed=seed,
        test_only=test_only,
        policy=policy,
    )
    _warn(manifest)
    print(f"Wrote {out}: {_splits(manifest)}")
    _print_drops(manifest)


@corpus_app.command("stats")
def stats_cli(
    corpus: Annotated[Path, typer.Argument(help="Corpus folder, split or file.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the counts as JSON.")
    ] = None,
) -> None:
    """Say what a corpus holds and what may be wrong with it."""
    from ..corpus.table import stats_table
    from ..runners.atomic import atomic_write_text
    from ..stages.corpora.corpus import corpus_report
    from ..stages.files import json_text

    report = corpus_report(corpus)
    print(stats_table(report))
    _warn(report)
    if out is not None:
        atomic_write_text(out, json_text(report))
        print(f"Wrote {out}")


@corpus_app.command("pmi")
def pmi_cli(
    corpus: Annotated[Path, typer.Argument(help="Corpus folder; train is read.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; it holds text.")],
    min_count: Annotated[int, typer.Option(help="Seen at least so often.")] = 5,
    longest: Annotated[int, typer.Option(help="Words in the longest n-gram.")] = 4,
    top: Annotated[
        int, typer.Option(help="How many by PMI; 0 for all above 0.")
    ] = 5_000,
) -> None:
    """Rank n-grams by PMI, for PMI masking. The file holds words of the notes."""
    from ..stages.corpora.pmi import build_pmi_vocabulary

    about = build_pmi_vocabulary(
        corpus, out, min_count=min_count, longest=longest, top=top
    )
    lengths = ", ".join(f"{k} of {n} words" for n, k in about["by_length"].items())
    print(f"Wrote {out}: {about['kept']} of {about['seen']} n-grams ({lengths})")
    print("It holds words of the notes.")


@corpus_app.command("sambd")
def sambd_cli(
    corpus: Annotated[
        Path, typer.Argument(help="Folder of 'corpus build', 'iob' or 'import'.")
    ],
    out: Out,
    keep: Annotated[
        float, typer.Option(help="Share of the empty training sentences to keep.")
    ] = 0.08,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """SamBD: leave out most training sentences without an entity; dev and test stay."""
    from ..stages.corpora.sambd import sambd_corpus

    manifest = sambd_corpus(corpus, out, keep=keep, seed=seed, on_doc=note_progress())
    _warn(manifest)
    made = manifest["sambd"]
    print(f"Wrote {out}: {_splits(manifest)}")
    print(
        f"train: {made['kept']} of {made['sentences']} sentences kept, "
        f"{made['empty_kept']} of {made['empty']} empty ones; "
        f"{made['left_out']} of {made['documents']} documents left out"
    )
    _print_drops(manifest)


@corpus_app.command("check-brat")
def check_brat_cli(
    folder: Annotated[Path, typer.Argument(help="Folder of .txt and .ann files.")],
    policy: Annotated[
        str, typer.Option(help="Which of overlapping spans a flat view keeps.")
    ] = "longest",
    labels: Annotated[
        str,
        typer.Option(help="NAME=LABEL,…: the flat view of these labels, no others."),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the counts as JSON.")
    ] = None,
) -> None:
    """Say what a brat folder holds, what a flat view of it loses, and whether it is the
    same when written and read again; status 1 where it is not."""
    from ..corpus.brat_table import brat_table
    from ..runners.atomic import atomic_write_text
    from ..stages.annotating.imported import parse_labels
    from ..stages.corpora.brat_check import check_brat
    from ..stages.files import json_text

    chosen = parse_labels(labels) or None
    found = check_brat(folder, policy=policy, labels=chosen)
    print(brat_table(found))
    for name, problem in found["problems"].items():
        print(f"{name}: {problem}")
    if out is not None:
        atomic_write_text(out, json_text(found))
        print(f"Wrote {out}")
    if not found["same"]:
        raise typer.Exit(1)


def note_progress() -> Callable[[], None]:
    """To be called after each note: a line on stderr for every `EVERY` of them."""
    numbers = count(1)

    def advance() -> None:
        if (done := next(numbers)) % EVERY == 0:
            print(f"{done} notes", file=sys.stderr)

    return advance


def _summary(out: Path, manifest: dict[str, Any]) -> None:
    _warn(manifest)
    dropped, parts = sum(manifest["drops"].values()), _splits(manifest)
    print(f"Wrote {out}: {parts}; {dropped} spans dropped (see manifest.json)")


def _splits(manifest: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {s['docs']} docs {sum(s['entities'].values())} entities"
        for name, s in manifest["splits"].items()
    )


def _print_drops(manifest: dict[str, Any]) -> None:
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  {number} x {reason}")


def _warn(report: dict[str, Any]) -> None:
    for line in report["warnings"]:
        print(f"warning: {line}")
