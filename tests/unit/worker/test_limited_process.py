"""A child that reads a user's file has limits of time and memory, and none of the worker's credentials."""
from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from annotator.worker.engine_process import EngineRun
from annotator.worker.limited_process import (
    Ended,
    ProcessLimits,
    ProcessorTimeError,
    ProcessStoppedError,
    WallTimeError,
    child_environment,
    processor_seconds,
    run_limited,
)
from chalicelib.domain.plans import Plans
from chalicelib.domain.profiles import Role

LIMITS = ProcessLimits(wall=60, processor=60, memory=1 << 30)
BURN = "while True: pass"


def run(script: str, limits: ProcessLimits = LIMITS) -> tuple[Ended, list[str]]:
    lines: list[str] = []
    return run_limited([sys.executable, "-c", script], limits, lines.append, lambda: False), lines


def test_what_it_says_comes_back() -> None:
    ended, lines = run("import sys; print('one'); print('two'); sys.stderr.write('bad'); sys.exit(3)")
    assert (ended, lines) == (Ended(3, "bad"), ["one\n", "two\n"])


def test_the_environment_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ACCESS_KEY_ID",
                 "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "ECS_CONTAINER_METADATA_URI_V4",
                 "JOB_REQUESTS_QUEUE_URL", "HOME"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("GAS_REFERENCE_PATH", "/references")
    _, lines = run("import json, os; print(json.dumps(dict(os.environ)))")
    environment = json.loads(lines[0])
    assert "secret" not in environment.values()
    assert environment["GAS_REFERENCE_PATH"] == "/references"
    assert environment["PATH"] == os.environ["PATH"]


def test_python_finds_its_modules() -> None:
    assert child_environment({"PYTHONPATH": "/x", "AWS_REGION": "y", "TMPDIR": "/z"}) == {
        "PYTHONPATH": "/x", "TMPDIR": "/z"}


def test_children_cannot_read_the_environment_in_proc() -> None:
    """For the system a process that hides its environment is one whose memory nobody else may look at."""
    script = ("import ctypes\nfrom annotator.worker.limited_process import hide_environment\nhide_environment()\n"
              "print(ctypes.CDLL(None).prctl(3, 0))")  # PR_GET_DUMPABLE
    assert run(script)[1] == ["0\n"]


def test_too_long() -> None:
    with pytest.raises(WallTimeError):
        run("import time; time.sleep(60)", ProcessLimits(wall=1, processor=60, memory=1 << 30))


def test_too_much_work() -> None:
    with pytest.raises(ProcessorTimeError):
        run(BURN, ProcessLimits(wall=60, processor=1, memory=1 << 30))


def test_the_work_of_children_counts(tmp_path: Path) -> None:
    """Two children that work at the same time and one that has ended; none is left behind."""
    script = ("import os, subprocess, sys\npids = []\n"
              "subprocess.run([sys.executable, '-c', 'for _ in range(10**6): pass'])\n"
              f"for _ in range(2):\n    pids.append(subprocess.Popen([sys.executable, '-c', {BURN!r}]).pid)\n"
              f"open({str(tmp_path / 'pids')!r}, 'w').write(' '.join(map(str, pids)))\n"
              "import time; time.sleep(60)")
    with pytest.raises(ProcessorTimeError):
        run(script, ProcessLimits(wall=60, processor=2, memory=1 << 30))
    for pid in (tmp_path / "pids").read_text().split():
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_told_to_stop() -> None:
    with pytest.raises(ProcessStoppedError):
        run_limited([sys.executable, "-c", "import time; time.sleep(60)"], LIMITS, lambda _: None, lambda: True)


def test_a_line_without_end() -> None:
    ended, lines = run("import sys; sys.stdout.write('x' * (9 << 20))")
    assert ended.code == 0
    assert [len(line) for line in lines] == [4 << 20, 4 << 20, 1 << 20]


def test_processor_time_of_this_session() -> None:
    before = processor_seconds(os.getsid(0))
    begun = time.process_time()
    while time.process_time() < begun + 0.2:
        pass
    assert processor_seconds(os.getsid(0)) - before >= 0.1
    assert processor_seconds(0x7FFFFFFF) == 0


def test_the_engine_is_started_with_its_limits(tmp_path: Path) -> None:
    plan = Plans(free_upload_limit=1, premium_upload_limit=1, free_retention=1).of(Role.FREE)
    run = EngineRun(input_file=tmp_path, name="a.vcf", reference="rCRS", results=tmp_path, stream=sys.stdout.buffer,
                    limits=LIMITS, plan=plan)
    for option, value in (("--memory-limit", LIMITS.memory), ("--max-records", plan.record_limit),
                          ("--max-uncompressed", plan.uncompressed_limit), ("--max-results", plan.results_limit)):
        assert run.command[run.command.index(option) + 1] == str(value)
    assert int(run.command[run.command.index("--cpu-limit") + 1]) >= LIMITS.processor
    assert "--shift-3prime" not in run.command
    assert "--shift-3prime" in replace(run, shift_3prime=True).command
    assert "--layer" not in run.command
    assert replace(run, layer="a=b.bed").command[-2:] == ["--layer", "a=b.bed"]
