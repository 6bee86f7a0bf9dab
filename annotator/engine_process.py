"""The engine in a process of its own: what kills it does not kill the worker, and its limits are the system's."""
from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.domain.jobs import Progress, Stage
from chalicelib.exceptions import GasError, JobFailure

logger = Logger(service="annotator", child=True)

INPUT_AT_FAULT = 2
"""Exit code of `python -m annotator annotate` for a file that cannot be annotated."""
POLL_SECONDS = 0.1
GRACE_SECONDS = 5.0


class EngineCrashedError(GasError):
    """The engine ended without an answer: killed, out of memory, or a fault of ours."""

    code = "engine_crashed"
    default_message = "The annotation process ended unexpectedly."


class EngineStoppedError(GasError):
    """The engine was stopped because the worker was told to."""

    code = "engine_stopped"
    default_message = "The annotation process was stopped."


@dataclass(frozen=True)
class EngineRun:
    """One run of the engine.

    :param name: the input file's own name, as the log shall show it
    :param time_limit: seconds
    :param memory_limit: bytes
    """

    input_file: Path
    name: str
    reference: str
    results: Path
    log: Path
    summary: Path
    variants: Path
    time_limit: int
    memory_limit: int

    @property
    def command(self) -> list[str]:
        """The command line, that of `python -m annotator annotate --help`."""
        return [sys.executable, "-m", "annotator", "annotate", str(self.input_file), "--name", self.name,
                "--reference", self.reference, "--out", str(self.results), "--log", str(self.log),
                "--summary", str(self.summary), "--variants", str(self.variants), "--progress",
                "--tmp", str(self.results.parent), "--memory-limit", str(self.memory_limit)]


def run_engine(run: EngineRun, on_progress: Callable[[Progress], None], stopping: Callable[[], bool]) -> None:
    """Annotate, and wait for the end.

    :param on_progress: called from another thread with each report of the engine
    :param stopping: asked ten times a second; True ends the engine
    :raises JobFailure: the file cannot be annotated, or not within its limits
    :raises EngineCrashedError: the engine ended without an answer
    :raises EngineStoppedError: `stopping` said so
    """
    # Its own session, so that the engine's children can be ended with it.
    child = subprocess.Popen(run.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             encoding="utf-8", errors="replace", start_new_session=True)
    reports = _Reports(on_progress)
    assert child.stdout is not None
    assert child.stderr is not None
    readers = [threading.Thread(target=reports.read, args=(child.stdout,), daemon=True),
               threading.Thread(target=reports.read_errors, args=(child.stderr,), daemon=True)]
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + run.time_limit
    try:
        while child.poll() is None:
            if stopping():
                raise EngineStoppedError()
            if time.monotonic() > deadline:
                raise JobFailure("time_limit", f"The annotation took longer than {_duration(run.time_limit)}.",
                                 "Split the file by chromosome and upload the parts.")
            time.sleep(POLL_SECONDS)
    finally:
        _end(child)
        for reader in readers:
            reader.join(timeout=GRACE_SECONDS)
        child.stdout.close()
        child.stderr.close()
    if child.returncode == 0:
        return
    if child.returncode == INPUT_AT_FAULT and reports.error is not None:
        raise _failure(reports.error)
    logger.error("The engine ended without an answer",
                 extra={"exit_code": child.returncode, "stderr": reports.last_errors})
    raise EngineCrashedError()


class _Reports:
    """Reads the engine's JSON lines, the last of which may be an error."""

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self.error: dict[str, Any] | None = None
        self.last_errors = ""

    def read(self, lines: Any) -> None:
        for line in lines:
            try:
                report = json.loads(line)
            except ValueError:
                logger.warning("The engine said something that is not JSON", extra={"text": line[:500]})
                continue
            if "error" in report:
                self.error = report["error"]
            elif "stage" in report:
                self._on_progress(Progress(stage=Stage(report["stage"]), records=report.get("records") or 0,
                                           total=report.get("total"), warnings=report.get("warnings") or 0))

    def read_errors(self, lines: Any) -> None:
        for line in lines:
            self.last_errors = (self.last_errors + line)[-4000:]


def _failure(error: dict[str, Any]) -> JobFailure:
    return JobFailure(error["code"], error["message"], error.get("hint") or "", line=error.get("line"),
                      column=error.get("column"), field=error.get("field") or "", text=error.get("text") or "")


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
