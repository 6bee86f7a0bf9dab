"""How operators' commands find the local stack, and `make reference` before it does anything."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from infra.cli import main
from infra.errors import OperatorError
from infra.local.add_reference import add_bundle, add_preset
from infra.local.running import running_place, running_stack
from tests.unit.engine.file_server import serving


@pytest.fixture(autouse=True)
def no_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of somebody who has never used AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def run_file(home: Path, endpoint: str, pid: int) -> None:
    run = {"pid": pid, "site": "http://gas.localhost:1", "endpoint": endpoint, "site_host": "gas.localhost:1",
           "region": "eu-central-1"}
    (home / "run.json").write_text(json.dumps(run))


def test_a_running_stack_is_found_without_any_setting_of_aws(tmp_path: Path):
    with serving({}) as server:
        run_file(tmp_path, server.address, os.getpid())
        place = running_place(tmp_path)
    assert (place.stack_name, place.region, place.endpoint_url) == ("gas-local", "eu-central-1", server.address)
    assert place.session.get_credentials().access_key == "test"


def test_what_a_stack_left_behind_is_not_taken_for_one_that_runs(tmp_path: Path):
    assert running_stack(tmp_path) is None
    run_file(tmp_path, "http://127.0.0.1:9", os.getpid())
    assert running_stack(tmp_path) is None, "nothing answers"
    with serving({}) as server:
        run_file(tmp_path, server.address, 2**22 + 1)
        assert running_stack(tmp_path) is None, "the process has ended"


@pytest.mark.parametrize("command", [
    ["references", "list"], ["redrive"], ["undelete"], ["move-vault"], ["preflight"], ["deploy"],
])
def test_every_command_says_how_to_start_the_local_stack(tmp_path: Path, command: list[str],
                                                         capsys: pytest.CaptureFixture[str]):
    assert main([command[0], "--stage", "local", "--state", str(tmp_path), *command[1:]]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: No local stack is running")
    assert said.endswith("Start it in another terminal: `make run`.\n")


def test_nothing_is_fetched_without_a_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for words in (["GRCh38"], ["GRCh38", "--small"], ["--dir", str(tmp_path)]):
        assert main(["add-reference", *words, "--state", str(tmp_path), "--references", str(tmp_path / "there")]) == 1
        assert "`make run`" in capsys.readouterr().err
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("words", [[], ["GRCh38", "--dir", "x"]])
def test_either_a_name_or_a_directory(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["add-reference", *words]) == 2
    assert "Give NAME or --dir DIR." in capsys.readouterr().err


def test_errors_of_the_engine_and_of_directories_are_errors_of_the_operator(tmp_path: Path):
    with serving({}) as server:
        run_file(tmp_path, server.address, os.getpid())
        with pytest.raises(OperatorError, match=r"There is no preset 'hg99'; known: GRCh37, GRCh38"):
            add_preset("hg99", tmp_path, tmp_path / "references", small=False)
        with pytest.raises(OperatorError, match=r"is no bundle: it has no manifest\.json"):
            add_bundle(tmp_path, tmp_path)
