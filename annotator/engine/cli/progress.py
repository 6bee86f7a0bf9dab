"""Progress: JSON lines for programs, words for people, and bars where a person watches a terminal.

rich is imported only for a terminal: it takes longer to load than the rest of the command line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from annotator.engine.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PROGRESS_EVERY = 0.4
"""Seconds between two progress lines of one stage."""
DOWNLOAD_LINE_EVERY = 5.0
"""Seconds between two lines about a download."""

Say = Callable[[str], None]
ReportDownload = Callable[[str, int, int | None], None]
"""Receives the name of a file, the bytes that are there, and the bytes in all (None: unknown)."""


class ProgressLines:
    """Progress as JSON lines, a few a second at most.

    Args:
        write: writes one line, flushed.
        clock: seconds, monotonic.
    """

    def __init__(self, write: Say, clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._stage = ""
        self._next = 0.0

    def report(self, progress: Progress) -> None:
        """Show the progress of a run."""
        now = self._clock()
        if progress.stage == self._stage and now < self._next:
            return
        self._stage, self._next = progress.stage, now + PROGRESS_EVERY
        self.last(
            {
                "stage": progress.stage,
                "records": progress.records,
                "total": progress.total,
                "warnings": progress.warnings,
            }
        )

    def last(self, message: dict[str, Any]) -> None:
        """Show the last message of a run."""
        """Write a line whatever the time."""
        self._write(json.dumps(message, ensure_ascii=False))


class ProgressWords:
    """Progress for people: a line a stage, and the end."""

    def __init__(self, write: Say) -> None:
        self._write = write
        self._stage = ""

    def report(self, progress: Progress) -> None:
        """Show the progress of a run."""
        if progress.stage != self._stage:
            self._stage = progress.stage
            known = "" if progress.total is None else f" {progress.total:,} records"
            self._write(f"{progress.stage}{known} ...")

    def last(self, message: dict[str, Any]) -> None:
        """Show the last message of a run."""
        if "done" in message:
            done = message["done"]
            known = "" if done["known"] is None else f"{done['known']:,} known, {done['novel']:,} novel, "
            left = sum(done["skipped"].values())
            self._write(f"Annotated {done['records']:,} records: {known}{left:,} left as they are.")
            return
        error = message["error"]
        where = "" if error.get("line") is None else f"line {error['line']}: "
        self._write(f"error: {where}{error['message']}")
        if error.get("text"):
            self._write(f"  {error['text']}")
        if error.get("hint"):
            self._write(f"  {error['hint']}")


class ProgressBar(ProgressWords):
    """Progress for people at a terminal: one bar, and the end in words.

    Args:
        write: writes one line.
        bar: drawn at each report and not by a thread, since the engine forks.
    """

    def __init__(self, write: Say, bar: Bar) -> None:
        super().__init__(write)
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def report(self, progress: Progress) -> None:
        """Show the progress of a run."""
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(progress.stage, total=progress.total)
        self._bar.update(self._task, completed=progress.records, refresh=True)

    def last(self, message: dict[str, Any]) -> None:
        """Show the last message of a run."""
        self._bar.stop()
        super().last(message)


@contextmanager
def reporting(for_programs: bool) -> Iterator[ProgressLines | ProgressWords]:
    """What to report an annotation to.

    Args:
        for_programs: JSON lines on standard output; otherwise words or a bar on standard error.
    """
    if for_programs:
        yield ProgressLines(say, time.monotonic)
    elif not sys.stderr.isatty():
        yield ProgressWords(_say_on_stderr)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description:10}"), BarColumn(), TextColumn("{task.completed:,.0f} records"))
        with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), auto_refresh=False, transient=True,
                 redirect_stdout=False, redirect_stderr=False) as bar:  # fmt: skip
            yield ProgressBar(_say_on_stderr, bar)


class DownloadLines:
    """A line every few seconds about a download.

    Args:
        write: receives the lines.
        clock: seconds, monotonic.
    """

    def __init__(self, write: Say, clock: Callable[[], float]) -> None:
        self._write, self._clock = write, clock
        self._next = clock() + DOWNLOAD_LINE_EVERY
        self._from: tuple[str, int, float] = ("", 0, 0.0)

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Show how much of a file has been received, in bytes."""
        now = self._clock()
        if self._from[0] != name:
            self._from = (name, done, now)
        if now < self._next:
            return
        self._next = now + DOWNLOAD_LINE_EVERY
        speed = (done - self._from[1]) / max(now - self._from[2], 0.001)
        left = f", {(total - done) / speed:,.0f} s left" if total and speed > 0 else ""
        whole = f" of {size_words(total)}" if total else ""
        self._write(f"{name}: {size_words(done)}{whole}, {size_words(int(speed))}/s{left}")


@contextmanager
def downloads() -> Iterator[ReportDownload]:
    """What to report downloads to: a bar on a terminal, else a line every few seconds on standard output."""
    if not sys.stdout.isatty():
        yield DownloadLines(say, time.monotonic)
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, TimeRemainingColumn(), transient=True) as bar:

        def report(name: str, done: int, total: int | None) -> None:
            if [task.description for task in bar.tasks] != [name]:
                for task in bar.task_ids:
                    bar.remove_task(task)
                bar.add_task(name, total=total, completed=done)
            bar.update(bar.task_ids[0], completed=done)

        yield report


@contextmanager
def steps() -> Iterator[Say]:
    """What to report the steps of a long command to: lines; on a terminal, with the time of the last one below them."""
    if not sys.stdout.isatty():
        yield say
        return
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TimeElapsedColumn

    with Bar(SpinnerColumn(), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(line: str) -> None:
            say(line)  # rich puts what is written to standard output above the spinner
            bar.reset(task)

        yield tell


def say(line: str) -> None:
    """Write a line to standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def size_words(count: int) -> str:
    """Bytes in words, in powers of 1,000."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _say_on_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
