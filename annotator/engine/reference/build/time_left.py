"""How far a long step of a build has come, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable

SAID_EVERY = 10.0
"""Seconds between two lines."""


class TimeLeft:
    """Says from time to time how much of a step is done.

    Args:
        what: the step.
        total: how much there is to do, in any unit.
        say: receives the lines.
        clock: seconds, monotonic.
    """

    def __init__(
        self, what: str, total: float, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what, self._total, self._say, self._clock = what, total, say, clock
        self._began: tuple[float, float] | None = None
        self._next = clock() + SAID_EVERY

    def begin(self, done: float = 0) -> None:
        """Begin to measure.

        Args:
            done: what had been done before.
        """
        self._began = self._clock(), done

    def show(self, done: float) -> None:
        """Show the progress.

        Args:
            done: how much has been done, in the unit of the total.
        """
        now = self._clock()
        if self._began is None:
            self._began = now, done
        since, before = self._began
        if now < self._next or not self._total or done <= before:
            return
        self._next = now + SAID_EVERY
        left = (now - since) * (self._total - done) / (done - before)
        self._say(f"{self._what}: {done / self._total:.0%}, about {time_words(left)} left")


def time_words(seconds: float) -> str:
    """A time in words: seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
