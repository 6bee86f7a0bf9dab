"""The operators' command line: help, completion, usage errors and exit codes."""
from __future__ import annotations

import subprocess
import sys

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.aws import redrive, undelete
from infra.cli import application, main
from infra.errors import OperatorError
from infra.template.package import PROJECT

STAGE = ["--stage", "prod"]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def test_the_help_names_every_command_in_full_and_the_exit_codes(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in application.commands)
    assert "...\n" not in said.partition("Commands:")[2], "a first sentence is too long for the list"
    assert "Exit codes:\n    0 done\n    1 failed" in said


@pytest.mark.parametrize("name", application.commands)
def test_every_command_describes_itself(name: str, capsys: pytest.CaptureFixture[str]):
    assert main([name, "--help"]) == 0
    assert f"Usage: python -m infra {name} " in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "problem"), [
    (["deploy"], "Missing option '--stage'. See `python -m infra deploy --help`."),
    (["references", *STAGE, "publish"], "Missing argument 'DIRECTORY'."),
    (["move-vault", *STAGE, "--tier", "Fast"], "Invalid value for '--tier': 'Fast' is not one of 'Bulk', 'Standard'."),
    (["run", "--port", "70000"], "Invalid value for '--port': 70000 is not in the range"),
    (["redeploy"], "No such command 'redeploy'."),
])
def test_wrong_usage_is_one_line(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {problem}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(("error", "line"), [
    (OperatorError("There is no stack.", "Deploy it."), "error: There is no stack. Deploy it.\n"),
    (EndpointConnectionError(endpoint_url="https://x"),
     'error: AWS refused or could not be reached: Could not connect to the endpoint URL: "https://x"\n'),
])
def test_a_failure_is_one_line(error: Exception, line: str, monkeypatch: pytest.MonkeyPatch,
                               capsys: pytest.CaptureFixture[str]):
    def fails(*_: object) -> int:
        raise error

    monkeypatch.setattr(redrive, "show", fails)
    assert main(["redrive", *STAGE]) == 1
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(("left", "code"), [(0, 0), (3, 1)])
def test_files_that_are_still_missing_are_in_the_exit_code(left: int, code: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(undelete, "undelete", lambda *_: left)
    assert main(["undelete", *STAGE]) == code


def test_dead_letters_are_no_failure(monkeypatch: pytest.MonkeyPatch):
    """The command succeeds when it has shown them; what it returns is their number."""
    monkeypatch.setattr(redrive, "show", lambda *_: 7)
    assert main(["redrive", *STAGE]) == 0


def test_ctrl_c_has_an_exit_code_of_its_own(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(redrive, "show", interrupted)
    assert main(["redrive", *STAGE]) == 130


def test_shells_complete_commands(tmp_path):
    """As the script calls it that click writes for bash, from any directory."""
    words = {"COMP_WORDS": "infra re", "COMP_CWORD": "1", "_INFRA_COMPLETE": "bash_complete", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([PROJECT / "bin" / "infra"], cwd=tmp_path, env=words, capture_output=True, text=True,
                          check=False)
    assert done.stdout.splitlines() == ["plain,redrive", "plain,references"]


def test_help_loads_neither_aws_nor_the_engine():
    script = ("import sys; from infra.cli import main; main(['--help']); "
              "sys.exit(bool({'boto3', 'numpy', 'rich'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False, capture_output=True).returncode == 0
