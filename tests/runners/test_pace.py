import pytest

from spacy_mslm.runners.folder import Shard
from spacy_mslm.runners.pace import Pace, duration


def shard(rows: int, failed: int = 0, resumed: bool = False) -> Shard:
    lost = [{"name": str(n), "error": "crash"} for n in range(failed)]
    return Shard("part", "", "", rows, {}, lost, resumed)


def test_the_rate_is_that_of_what_was_made_now() -> None:
    now = 100.0
    pace = Pace(clock=lambda: now)
    assert pace.estimate() == ""
    now = 150.0
    pace.add(shard(500, resumed=True))
    assert pace.estimate() == "" and pace.notes == 500
    now = 160.0
    pace.add(shard(990, failed=10))
    assert (pace.notes, pace.made) == (1500, 1000)
    assert pace.rate == pytest.approx(100)
    assert pace.estimate() == "", "one shard's time is loading too"
    now = 165.0
    pace.add(shard(500))
    assert pace.rate == pytest.approx(100), "500 notes in the last 5 seconds"
    now = 170.0
    pace.add(shard(500))
    assert pace.estimate() == (
        "at 100 notes/s 2,083,180 notes like these (as many as MIMIC-III has) take "
        "5 h 47 min"
    )


def test_the_first_shard_of_each_worker_is_left_out() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now, parallel=2)
    now = 30.0
    for _ in range(2):
        pace.add(shard(100))
    assert pace.estimate() == ""
    now = 40.0
    for _ in range(2):
        pace.add(shard(100))
    now = 60.0
    assert pace.rate == pytest.approx(20), "to the last shard, not to what comes after"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3.2, "3 s"),
        (89, "89 s"),
        (91, "2 min"),
        (3599, "1 h 0 min"),
        (11100, "3 h 5 min"),
        (86400 * 2 + 3600 * 4, "2 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
