"""A child process that reads a user's file: with limits of time and memory, and without the worker's credentials.

Libraries written in C parse what users send. What takes one of them over, or makes it run on for ever, must reach
neither the worker nor AWS.
"""
from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from chalicelib.exceptions import GasError

INHERITED = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "GAS_REFERENCE_PATH")
"""Environment variables that children get, beside Python's own. Those of AWS lead to credentials."""
POLL_SECONDS = 0.1
GRACE_SECONDS = 5.0
LONGEST_LINE = 4 << 20
"""Characters of a line that a child writes; longer ones are read in pieces."""
SPARE_SECONDS = 10
NOT_DUMPABLE = 4
"""`PR_SET_DUMPABLE` of Linux's prctl(2)."""


class ProcessStoppedError(GasError):
    """The process was ended because the worker was asked to stop."""

    code = "process_stopped"
    default_message = "The process was stopped."


class WallTimeError(GasError):
    """The process took longer than it may."""

    code = "wall_time"
    default_message = "The process took longer than it may."


class ProcessorTimeError(GasError):
    """The process and its children took more processor time than they may."""

    code = "processor_time"
    default_message = "The process took more processor time than it may."


@dataclass(frozen=True)
class ProcessLimits:
    """What a process may take.

    Attributes:
        wall: Seconds from start to end.
        processor: Seconds of processor time, of the process and all its children together.
        memory: Bytes of address space, of each process; it is the command that sets this limit.
    """

    wall: int
    processor: int
    memory: int

    @property
    def options(self) -> list[str]:
        """Options of the engine's commands, which limit each of their processes by the system's means.

        The limit of processor time is a second line of defence: that of all processes together is reached sooner.
        """
        return ["--memory-limit", str(self.memory), "--cpu-limit", str(self.processor + SPARE_SECONDS)]


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: Its exit code, negative for a signal.
        errors: The end of what it wrote on standard error.
    """

    code: int
    errors: str


def run_limited(command: Sequence[str], limits: ProcessLimits, on_line: Callable[[str], None],
                stopping: Callable[[], bool], inherited: BinaryIO | None = None) -> Ended:
    """Run a command and wait for its end.

    Args:
        command: A program with its arguments.
        on_line: Called from another thread with each line of standard output.
        stopping: Asked ten times a second; True ends the process.
        inherited: A file that the process gets under the same number; it is closed here once it has.

    Raises:
        ProcessStoppedError: `stopping` said so.
        WallTimeError: It took too long.
        ProcessorTimeError: It took too much processor time.
    """
    # A session of its own: by that its children are found, and ended with it.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, encoding="utf-8", errors="replace", start_new_session=True,
                             env=child_environment(os.environ), pass_fds=[inherited.fileno()] if inherited else [])
    if inherited is not None:
        inherited.close()
    errors = _Tail()
    assert child.stdout is not None
    assert child.stderr is not None
    readers = [threading.Thread(target=_read, args=(child.stdout, on_line), daemon=True),
               threading.Thread(target=_read, args=(child.stderr, errors.add), daemon=True)]
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + limits.wall
    worked, looked = 0.0, 0.0
    try:
        while child.poll() is None:
            if stopping():
                raise ProcessStoppedError()
            now = time.monotonic()
            if now > deadline:
                raise WallTimeError()
            if now >= looked + 1:
                worked, looked = max(worked, processor_seconds(child.pid)), now
                if worked > limits.processor:
                    raise ProcessorTimeError()
            time.sleep(POLL_SECONDS)
    finally:
        _end(child)
        for reader in readers:
            reader.join(timeout=GRACE_SECONDS)
        child.stdout.close()
        child.stderr.close()
    if child.returncode == -signal.SIGXCPU:
        raise ProcessorTimeError()
    return Ended(child.returncode, errors.text)


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that reads a user's file: nothing of AWS, and nothing else that it does not need."""
    return {name: value for name, value in ours.items() if name in INHERITED or name.startswith("PYTHON")}


def hide_environment() -> None:
    """Keep other processes of this user, our children above all, from reading our environment in /proc."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(NOT_DUMPABLE, 0)


def processor_seconds(session: int) -> float:
    """Processor time, in seconds, of all processes of a session and of their children that have ended.

    Returns:
        0 where the system does not tell.
    """
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        # Behind the name, which may hold anything: state, parent, group, session, ..., and from the twelfth on times
        # of the process and of its children that have ended, each in the program and in the system.
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = entry.read_text("ascii", "replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


class _Tail:
    """The last of what was written."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, line: str) -> None:
        self.text = (self.text + line)[-4000:]


def _read(stream: IO[str], on_line: Callable[[str], None]) -> None:
    while line := stream.readline(LONGEST_LINE):
        on_line(line)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # what it left behind
