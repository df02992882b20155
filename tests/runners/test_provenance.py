import subprocess

import pytest

from spacy_mslm.runners.provenance import git_commit, machine, versions


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return run.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_commit_of_a_checkout_and_whether_it_was_changed(checkout):
    commit = git(checkout, "rev-parse", "HEAD")
    assert git_commit(checkout / "a.py") == commit
    (checkout / "b.py").write_text("untracked")
    assert git_commit(checkout / "a.py") == commit
    (checkout / "a.py").write_text("2")
    assert git_commit(checkout / "a.py") == f"{commit}-dirty"


def test_installed_inside_a_checkout_of_something_else(checkout):
    (checkout / "b.py").write_text("untracked")
    assert git_commit(checkout / "b.py") == "unknown"


def test_no_checkout_and_no_git(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("1")
    assert git_commit(tmp_path / "a.py") == "unknown"
    monkeypatch.setenv("PATH", "")
    assert git_commit() == "unknown"


def test_machine_and_versions():
    assert machine()["cores"] >= 1 and machine()["cpu"]
    assert {"python", "spacy", "spacy-mslm"} <= set(versions())
