"""`python -m spacy_mslm.experiments NAME DATA RESULTS`: for machines that have torch
and transformers alone. Everywhere else: `python -m spacy_mslm experiment run`."""

import argparse
import sys
from pathlib import Path

from ..errors import MslmError
from .plans import experiment
from .sequence import run_all
from .store import Store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m spacy_mslm.experiments")
    parser.add_argument("name", help="experiment")
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("results", type=Path, help="folder of results")
    parser.add_argument("--arms", default="", help="separated by ';'")
    parser.add_argument("--most", type=int, help="runs to make")
    options = parser.parse_args()
    try:
        plan = experiment(options.name)
        store = Store(options.results / f"{plan.name}.jsonl")
        arms = [arm.strip() for arm in options.arms.split(";") if arm.strip()]
        for _ in run_all(plan, options.data, store, arms=arms, most=options.most):
            pass
    except MslmError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
