"""How many prepared kernels torch keeps: few, unless the user says otherwise."""

import os
import subprocess
import sys

from spacy_mslm.nn.kernels import KEPT, SETTINGS

SHOW = "import os, spacy_mslm.nn; print(*(os.environ[n] for n in {names}))"


def shown(**changes):
    rest = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    run = subprocess.run(
        [sys.executable, "-c", SHOW.format(names=SETTINGS)],
        env={**rest, **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def test_few_are_kept():
    assert shown() == [str(KEPT)] * 2


def test_the_environment_wins():
    assert shown(LRU_CACHE_CAPACITY="512") == ["512", str(KEPT)]
