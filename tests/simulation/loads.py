"""Four patterns of work; each is the same at every run."""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.simulation.fleet import Job

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True)
class Load:
    """A pattern of work.

    Attributes:
        days: How long it is simulated.
        make: Gives arrival times and durations, in seconds.
    """

    name: str
    days: int
    make: Callable[[random.Random], Iterator[tuple[float, float]]]

    def jobs(self) -> list[Job]:
        """The jobs, each time new ones."""
        return [Job(*times) for times in self.make(random.Random(self.name))]

    @property
    def seconds(self) -> float:
        """How long it is simulated."""
        return self.days * DAY


def _minutes(dice: random.Random, median: float, spread: float) -> float:
    """A duration in seconds: many short ones, a few long ones."""
    return dice.lognormvariate(0, spread) * median * 60


def _batch_then_trickle(dice: random.Random) -> Iterator[tuple[float, float]]:
    """Forty jobs at once, then one every ten minutes for the rest of two days."""
    for _ in range(40):
        yield 9 * HOUR + dice.uniform(0, 60), _minutes(dice, 3, 0.5)
    for number in range(220):
        yield 10 * HOUR + number * 600 + dice.uniform(0, 60), _minutes(dice, 3, 0.5)


def _working_days(dice: random.Random) -> Iterator[tuple[float, float]]:
    """Twenty jobs an hour from nine to six, one an hour at night."""
    now = 0.0
    while now < 3 * DAY:
        by_day = 9 <= now % DAY / HOUR < 18
        now += dice.expovariate((20 if by_day else 1) / HOUR)
        yield now, _minutes(dice, 5, 1)


def _class(dice: random.Random) -> Iterator[tuple[float, float]]:
    """Two hundred small files within five minutes, three times."""
    for start in (10 * HOUR, 14 * HOUR, 34 * HOUR):
        for _ in range(200):
            yield start + dice.uniform(0, 300), _minutes(dice, 0.7, 0.4)


def _now_and_then(dice: random.Random) -> Iterator[tuple[float, float]]:
    """One job every eight to thirty hours."""
    now = 0.0
    while (now := now + dice.uniform(8, 30) * HOUR) < 14 * DAY:
        yield now, _minutes(dice, 5, 1)


LOADS = (
    Load("a batch, then one job every ten minutes", 2, _batch_then_trickle),
    Load("working days", 3, _working_days),
    Load("a class of 200 small files, three times", 2, _class),
    Load("one job every eight to thirty hours", 14, _now_and_then),
)
