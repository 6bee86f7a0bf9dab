"""The local stack's parts, each by itself: processes, ports, kept state, logs, and refusals in one line."""
from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.cli import main
from infra.errors import OperatorError
from infra.local.browser import Form, forms
from infra.local.emulator import environment, follow_port
from infra.local.logs import FileTail, FunctionLogs, readable
from infra.local.processes import Child
from infra.local.run import EndedByOperator, ending_on_signals
from infra.local.settings import LocalSettings, port_is_free, require_disk
from infra.local.stack import LocalStack


def child(tmp_path: Path, code: str, patience: float = 5) -> Child:
    return Child("thing", [sys.executable, "-c", code], {"PATH": os.environ["PATH"]}, tmp_path / "thing.log", tmp_path,
                 patience=patience)


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it never came about")


def wait_for(log: Path, text: str) -> None:
    wait_until(lambda: log.exists() and text in log.read_text())


# ---- processes ---------------------------------------------------------------------------------------------------
def test_a_child_is_asked_to_end_and_ends(tmp_path: Path):
    one = child(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    one.start()
    wait_for(one.log, "up")
    one.check()
    one.stop()
    assert one.exit_code == -signal.SIGTERM
    assert not one.running


def test_a_child_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path):
    one = child(tmp_path, "import signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                          "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
                          "print('up', inner.pid, flush=True)\ntime.sleep(60)", patience=0.1)
    one.start()
    wait_for(one.log, "up")
    inner = int(one.log.read_text().split()[1])
    one.stop()
    assert one.exit_code == -signal.SIGKILL
    wait_until(lambda: is_gone(inner))


def is_gone(pid: int) -> bool:
    """True for a process that has ended, whether or not somebody collected it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_child_that_died_says_its_last_words(tmp_path: Path):
    one = child(tmp_path, "import sys; print('first', flush=True); sys.exit('no room left')")
    one.start()
    wait_until(lambda: not one.running)
    with pytest.raises(OperatorError, match=r"The thing has ended with exit code 1: “no room left”\."):
        one.check()


def test_a_child_that_was_killed_says_so_and_a_record_is_told_by_its_message(tmp_path: Path):
    one = child(tmp_path, "import json, time; print(json.dumps({'message': 'Job taken'}), flush=True); time.sleep(60)")
    one.start()
    wait_for(one.log, "Job taken")
    one.kill()
    with pytest.raises(OperatorError, match=r"The thing was ended by SIGKILL: “Job taken”\."):
        one.check()


def test_the_log_of_the_start_before_is_kept(tmp_path: Path):
    for text in ("one", "two"):
        started = child(tmp_path, f"print({text!r})")
        started.start()
        wait_for(started.log, text)
        started.stop()
    assert (tmp_path / "thing.log.previous").read_text() == "one\n"


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path):
    missing = Child("thing", [str(tmp_path / "none")], {}, tmp_path / "log", tmp_path)
    with pytest.raises(OperatorError, match="The thing cannot be started"):
        missing.start()


def test_signals_get_through_code_that_handles_every_error():
    def library_call() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except Exception as error:  # noqa: BLE001 - what libraries do around their calls
            pytest.fail(f"swallowed: {error}")

    with pytest.raises(EndedByOperator), ending_on_signals():
        library_call()
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN


# ---- refusals ----------------------------------------------------------------------------------------------------
def test_a_busy_port_is_one_line_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert not port_is_free(port)
        assert main(["run", "--port", str(port), "--state", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (f"error: Port {port} is taken by another program. "
                                       f"Choose another one: `make run PORT={port + 10}`.\n")


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path):
    with pytest.raises(OperatorError, match="MB of disk are free"):
        require_disk(tmp_path, least=2**60)


def test_a_missing_package_is_told(tmp_path: Path):
    settings = LocalSettings(home=tmp_path / "home", port=1, identity_port=2, package=tmp_path / "none")
    with pytest.raises(OperatorError, match="make package"), LocalStack(settings):
        pytest.fail("it started")


def test_a_second_stack_in_the_same_directory_is_refused_and_harms_nothing(tmp_path: Path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "deployment.zip").touch()
    (package / "sam.yaml").touch()
    settings = LocalSettings(home=tmp_path / "home", port=1, identity_port=2, package=package)
    first = LocalStack(settings)
    settings.home.mkdir()
    first._take_lock()
    settings.run_file.write_text(json.dumps({"site": "http://gas.localhost:8080"}))
    with pytest.raises(OperatorError, match=r"already runs here at http://gas.localhost:8080/"), LocalStack(settings):
        pytest.fail("it started")
    assert settings.run_file.exists()
    first.stop()


def test_the_demo_wants_a_file_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["demo", str(tmp_path / "none.vcf"), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == f"error: There is no file {tmp_path / 'none.vcf'}.\n"


# ---- the emulator ------------------------------------------------------------------------------------------------
def test_the_emulator_enforces_policies_stays_here_and_knows_nothing_of_the_operator(tmp_path: Path):
    outer = {"PATH": "/bin", "AWS_PROFILE": "company", "AWS_SESSION_TOKEN": "real", "PYTHONPATH": "/x"}
    inner = environment(8080, "eu-central-1", tmp_path, tmp_path / "tmp", outer)
    assert inner["AUTH"] == "true"
    assert inner["BIND_HOST"] == "127.0.0.1"
    assert inner["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "PYTHONPATH"} & set(inner)


def test_kept_state_follows_the_port(tmp_path: Path):
    queues = tmp_path / "state" / "sqs.json"
    queues.parent.mkdir()
    follow_port(tmp_path, 8080)
    queues.write_text('{"http://localhost:8080/000000000000/uploads": "http://localhost:80801/not-ours"}')
    follow_port(tmp_path, 8080)
    assert "localhost:8080/" in queues.read_text()
    follow_port(tmp_path, 9090)
    assert json.loads(queues.read_text()) == {
        "http://localhost:9090/000000000000/uploads": "http://localhost:80801/not-ours"}


# ---- logs --------------------------------------------------------------------------------------------------------
def test_a_log_record_is_told_in_words():
    line = json.dumps({"level": "INFO", "location": "x:1", "message": "Job completed", "service": "annotator",
                       "timestamp": "2026-11-24 06:11:12,681+0000", "job_id": "87b2aa5c-b836", "records": 1141})
    assert readable(line, "annotator 1") == "06:11:12 annotator  INFO    87b2aa5c Job completed (records=1141)"


def test_an_exception_is_shown_below_its_record():
    line = json.dumps({"level": "ERROR", "message": "Failed", "service": "api", "exception": "Traceback:\n  x"})
    assert readable(line, "api", "06:00:00") == "06:00:00 api        ERROR   Failed\n    Traceback:\n      x"


@pytest.mark.parametrize("line", ["", "START RequestId: 1", "END RequestId: 1", "REPORT RequestId: 1 Duration",
                                  json.dumps({"_aws": {}, "message": "metric"})])
def test_what_says_nothing_is_left_out(line: str):
    assert readable(line, "api") is None


def test_plain_text_is_kept():
    assert readable("Segmentation fault", "api", "06:00:00") == "06:00:00 api                Segmentation fault"


def test_a_file_is_followed_by_whole_lines(tmp_path: Path):
    path = tmp_path / "log"
    tail = FileTail(path, "annotator 1")
    assert list(tail.lines()) == []
    path.write_text("one\ntw")
    assert [line.split()[-1] for line in tail.lines()] == ["one"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert [line.split()[-1] for line in tail.lines()] == ["two", "three"]


def test_function_logs_are_told_once_and_in_order():
    class Logs:
        events: list[dict[str, Any]] = []

        def describe_log_groups(self, **_: str) -> dict[str, Any]:
            return {"logGroups": [{"logGroupName": "/aws/lambda/gas-local-api"}]}

        def filter_log_events(self, **request: Any) -> dict[str, Any]:
            return {"events": [event for event in self.events if event["timestamp"] >= request["startTime"]]}

    client = Logs()
    logs = FunctionLogs(client, "/aws/lambda/gas-local-", 0, lambda _: "06:00:00")
    client.events = [{"timestamp": 20, "message": "second"}, {"timestamp": 10, "message": "first"}]
    assert [line.split()[-1] for line in logs.lines()] == ["first", "second"]
    client.events.append({"timestamp": 15, "message": "late"})
    assert [line.split()[1:] for line in logs.lines()] == [["api", "late"]]


# ---- pages -------------------------------------------------------------------------------------------------------
def test_forms_of_a_page_with_their_hidden_fields_and_buttons():
    page = ('<input type="hidden" name="out" value="side"><form action="/logout" method="POST">'
            '<input type="hidden" name="csrf_token" value="a&amp;b"><input name="typed">'
            '<button name="go" value="1">Go</button><button type="button" name="not">Not</button></form>')
    assert forms(page) == [Form("/logout", "post", {"csrf_token": "a&b"}, [("go", "1")])]
