"""The processes of the local stack: each started, watched and ended by its own id."""
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import OperatorError

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_parent() -> None:
    """Asks Linux to end this process when the one that started it dies, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process in a group of its own, so that Ctrl-C reaches it only through us, in the right order.

    Attributes:
        name: What messages call it.
        command: Program and arguments.
        environment: All of its environment.
        log: File that takes its output; the last start's output is kept beside it.
        patience: Seconds it has to end after it was asked to.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    directory: Path
    patience: float = 10.0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process.

        Raises:
            OperatorError: It cannot be started.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_name(self.log.name + ".previous"))
        try:
            with self.log.open("wb") as output:
                # Each argument is ours; no shell is involved.
                self._process = subprocess.Popen(
                    self.command, env=dict(self.environment), cwd=self.directory, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                    preexec_fn=_end_with_parent if sys.platform == "linux" else None)
        except OSError as error:
            raise OperatorError(f"The {self.name} cannot be started: {error}.") from error

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        """True between start and end."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """Check that the process still runs.

        Raises:
            OperatorError: It has ended.
        """
        if self.exit_code is not None:
            raise OperatorError(f"The {self.name} {self.ending()}: {self.last_words()}.", f"Its log is {self.log}.")

    def ending(self) -> str:
        """How it ended, for a sentence."""
        code = self.exit_code or 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"

    def last_words(self) -> str:
        """The last line of its log, or a remark that there is none."""
        last = ""
        with contextlib.suppress(OSError), self.log.open(encoding="utf-8", errors="replace") as log:
            for line in log:
                last = line.strip() or last
        try:
            return f"“{json.loads(last)['message']}”"
        except (ValueError, KeyError, TypeError):
            return f"“{last}”" if last else "it said nothing"

    def ask_to_end(self) -> None:
        """Sends SIGTERM, and does not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Asks it to end, waits, and at last ends it; then everything that it started and left behind."""
        if self._process is None:
            return
        self.ask_to_end()
        if self._process.poll() is None:
            try:
                self._process.wait(self.patience)
            except subprocess.TimeoutExpired:
                self.kill()
        self._end_group()

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._end_group()

    def _end_group(self) -> None:
        # The group's id is the process's own: it was started as the leader of a new session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
