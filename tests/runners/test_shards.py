import fcntl
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.runners.shards import Job, Outcome, run_shards


class Killed(BaseException):
    """Stands for any sudden end."""


def shout(item: str) -> Outcome:
    return Outcome(item.upper(), Counter({"letters": len(item)}))


def job(
    work: Callable[[str], Outcome] = shout, key: str = "k", size: int = 2
) -> Job[str]:
    return Job(work=work, fingerprint=str, name=str, key=key, shard_size=size)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stop_after(number: int) -> Callable[[str], Outcome]:
    done: list[str] = []

    def work(item: str) -> Outcome:
        if len(done) >= number:
            raise Killed
        done.append(item)
        return shout(item)

    return work


ITEMS = ["a", "b", "c", "dd", "e"]


def test_shards_hold_the_lines_in_order_and_the_counts(tmp_path: Path) -> None:
    run = run_shards(ITEMS, job(), tmp_path / "out")
    files = tree(tmp_path / "out")
    assert files["part-00000.jsonl"] == b"A\nB\n"
    assert files["part-00002.jsonl"] == b"E\n"
    assert (run.rows, run.resumed, run.counts) == (5, 0, {"letters": 6})


def test_a_finished_shard_is_not_made_again(tmp_path: Path) -> None:
    run_shards(ITEMS, job(), tmp_path)
    run = run_shards(ITEMS, job(stop_after(0)), tmp_path)
    assert (run.rows, run.resumed, run.counts) == (5, 3, {"letters": 6})


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 5), max_size=5))
def test_stopped_anywhere_the_bytes_are_those_of_an_unbroken_run(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("stops")
    run_shards(ITEMS, job(), folder / "unbroken")
    for number in stops:
        try:
            run_shards(ITEMS, job(stop_after(number)), folder / "out")
        except Killed:
            continue
    run_shards(ITEMS, job(), folder / "out")
    assert tree(folder / "out") == tree(folder / "unbroken")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "part-00001.jsonl").write_text("cut"),
        lambda out: (out / "part-00001.jsonl").unlink(),
        lambda out: (out / ".shards" / "part-00001.jsonl.json").write_text('{"f'),
        lambda out: (out / ".shards" / "part-00001.jsonl.json").write_text("{}"),
        lambda out: (out / ".part-00001.jsonl.tmp-host-1-aa").write_text("half"),
    ],
)
def test_damage_is_mended(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    run_shards(ITEMS, job(), tmp_path)
    whole = tree(tmp_path)
    spoil(tmp_path)
    run_shards(ITEMS, job(), tmp_path)
    assert tree(tmp_path) == whole


def test_other_settings_or_items_start_again(tmp_path: Path) -> None:
    run_shards(ITEMS, job(), tmp_path)
    assert run_shards(ITEMS, job(key="other"), tmp_path).resumed == 0
    changed = run_shards(["a", "b", "X"], job(key="other"), tmp_path)
    assert changed.resumed == 1
    run_shards(["a", "b", "X"], job(key="other"), tmp_path / "new")
    fresh = tree(tmp_path / "new")
    assert {n: b for n, b in tree(tmp_path).items() if "new/" not in n} == fresh


def test_the_seal_goes_before_the_first_change_and_stays_without_one(
    tmp_path: Path,
) -> None:
    run_shards(ITEMS, job(), tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    run_shards(ITEMS, job(), tmp_path)
    assert (tmp_path / "manifest.json").exists()
    with pytest.raises(Killed):
        run_shards(["z", *ITEMS], job(stop_after(2)), tmp_path)
    assert not (tmp_path / "manifest.json").exists()
    run_shards(ITEMS, job(), tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    run_shards(ITEMS[:4], job(), tmp_path)
    assert not (tmp_path / "manifest.json").exists()


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("part-1.jsonl", "notes.csv", ".hidden"):
        (tmp_path / name).write_text("mine")
    run_shards(ITEMS, job(), tmp_path)
    run_shards(ITEMS[:1], job(), tmp_path)
    assert set(tree(tmp_path)) == {
        *("part-1.jsonl", "notes.csv", ".hidden"),
        *("part-00000.jsonl", ".shards/part-00000.jsonl.json"),
    }


def test_a_poisonous_item_is_quarantined_without_its_text(tmp_path: Path) -> None:
    def work(item: str) -> Outcome:
        if item == "c":
            raise RuntimeError("the text of c")
        if item == "e":
            return Outcome("\ud800")  # a line that is no text
        return shout(item)

    run = run_shards(ITEMS, job(work), tmp_path)
    assert run.rows == 3
    assert run.quarantined == [
        {"name": "c", "error": "RuntimeError"},
        {"name": "e", "error": "UnicodeEncodeError"},
    ]
    assert run.counts == {"letters": 4}
    assert all(b"text of c" not in data for data in tree(tmp_path).values())
    again = run_shards(ITEMS, job(work), tmp_path)
    assert again.quarantined == run.quarantined


def test_an_error_of_the_users_ends_the_run_and_keeps_what_is_done(
    tmp_path: Path,
) -> None:
    def work(item: str) -> Outcome:
        if item == "dd":
            raise MslmError("[M000] mend this.")
        return shout(item)

    with pytest.raises(MslmError, match="M000"):
        run_shards(ITEMS, job(work), tmp_path)
    assert run_shards(ITEMS, job(), tmp_path).resumed == 1


def test_one_run_at_a_time(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(MslmError, match=r"\[M712\]"):
        run_shards(ITEMS, job(), tmp_path)
    os.close(descriptor)
    run_shards(ITEMS, job(), tmp_path)


def test_bad_sizes_and_targets(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M711\].*got 0"):
        job(size=0)
    (tmp_path / "file").write_text("x")
    with pytest.raises(MslmError, match=r"\[M702\]"):
        run_shards(ITEMS, job(), tmp_path / "file")


def test_one_shard_in_memory_at_a_time(tmp_path: Path) -> None:
    taken = []

    def items() -> object:
        for number in range(6):
            taken.append(number)
            yield str(number)

    run_shards(
        items(),  # type: ignore[arg-type]
        job(),
        tmp_path,
        on_shard=lambda shard: taken.append(shard.file),  # type: ignore[arg-type]
    )
    assert taken[:4] == [0, 1, "part-00000.jsonl", 2]
