"""How far the sweep's walk through files and records has come: one item in the table `annotations`, beside the jobs."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.dynamodb.side_items import SideItems

WALK_ID = "walk"
"""Its key."""


@dataclass(frozen=True)
class SweepPosition:
    """Where a walk continues.

    Attributes:
        begun: When the walk began, in epoch seconds.
        part: The bucket, `inputs`, `results` or `archive`, or `records`.
        after: The last key, or job id among records, that was compared; None at the beginning of a part.
    """

    begun: int
    part: str
    after: str | None


class SweepPositionRecord(SideItems):
    """Reads and writes the position of a walk that ran out of time."""

    def get(self) -> SweepPosition | None:
        """The position of the last walk, or None if it was finished."""
        record = self._get(WALK_ID)
        return SweepPosition(record["begun"], record["part"], record.get("after")) if record else None

    def put(self, position: SweepPosition) -> None:
        """Note where the next walk continues."""
        after = {} if position.after is None else {"after": position.after}
        self._update(WALK_ID, {"begun": position.begun, "part": position.part, **after},
                     remove=() if after else ("after",))

    def clear(self) -> None:
        """The walk is finished, and the next one begins at the beginning."""
        self._delete(WALK_ID)
