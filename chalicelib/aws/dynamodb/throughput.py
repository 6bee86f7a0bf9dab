"""The pace of annotations: one item in the table `annotations`, beside the jobs and in none of their indexes."""
from __future__ import annotations

from chalicelib.aws.dynamodb.side_items import SideItems
from chalicelib.domain.throughput import Throughput

PACE_ID = "pace"
"""Its key."""


class ThroughputRecord(SideItems):
    """Reads and writes the pace."""

    def get(self) -> Throughput:
        """The pace as it was last written."""
        return self._read()[0]

    def add(self, size: int, seconds: float) -> None:
        """Note one more ended annotation. Where two workers do so at once, one of them is left out: it is a mean."""
        pace, changes = self._read()
        self._replace(PACE_ID, {"pace": pace.with_one(size, seconds).to_record()}, changes)

    def _read(self) -> tuple[Throughput, int]:
        record = self._get(PACE_ID, consistent=False)
        return Throughput.from_record(record.get("pace", {})), int(record.get("changes", 0))
