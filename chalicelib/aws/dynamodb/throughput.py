"""The pace of annotations: one item in the table `annotations`, beside the jobs and in none of their indexes."""
from __future__ import annotations

from chalicelib.aws.dynamodb.side_items import SideItems
from chalicelib.domain.throughput import Pace

PACE_ID = "pace"
"""Its key."""


class PaceRecord(SideItems):
    """Reads and writes the pace."""

    def get(self) -> Pace:
        """The pace as it was last written."""
        return self._read()[0]

    def add(self, size: int, seconds: float) -> None:
        """Note one more ended annotation. Where two workers do so at once, one of them is left out: it is a mean."""
        pace, changes = self._read()
        self._replace(PACE_ID, {"pace": pace.with_one(size, seconds).to_record()}, changes)

    def _read(self) -> tuple[Pace, int]:
        record = self._get(PACE_ID, consistent=False)
        return Pace.from_record(record.get("pace", {})), int(record.get("changes", 0))
