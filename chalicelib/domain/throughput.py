"""How long annotations take, learned from those that ended; the basis of expected times."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FADING = 0.95
"""What an older annotation weighs beside the next newer one: the last twenty or so decide."""
_LEAST_SPREAD = 0.01
"""Variance of sizes, as a share of their mean square, below which no slope can be determined."""


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Fading sums over ended annotations, of size (MB) and duration (seconds): enough for a line through them."""

    weight: float = 0.0
    size: float = 0.0
    seconds: float = 0.0
    size_size: float = 0.0
    size_seconds: float = 0.0

    def with_one(self, size: int, seconds: float) -> Throughput:
        """The pace once one more annotation has ended.

        Args:
            size: Of its input file, bytes.
            seconds: From its start to its end.
        """
        megabytes = size / 1e6
        return Throughput(
            weight=self.weight * FADING + 1,
            size=self.size * FADING + megabytes,
            seconds=self.seconds * FADING + seconds,
            size_size=self.size_size * FADING + megabytes**2,
            size_seconds=self.size_seconds * FADING + megabytes * seconds,
        )

    def expected(self, size: int) -> float | None:
        """Seconds that a file of `size` bytes should take, None while nothing is known."""
        if self.weight <= 0:
            return None
        mean_size, mean_seconds = self.size / self.weight, self.seconds / self.weight
        variance = self.size_size / self.weight - mean_size**2
        if variance <= _LEAST_SPREAD * self.size_size / self.weight:
            return mean_seconds
        slope = max(0.0, (self.size_seconds / self.weight - mean_size * mean_seconds) / variance)
        return max(0.0, mean_seconds + slope * (size / 1e6 - mean_size))

    def to_record(self) -> dict[str, float]:
        """The pace as plain types."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Throughput:
        """The pace that `to_record` described."""
        return cls(**{name: float(record.get(name, 0)) for name in cls.__dataclass_fields__})
