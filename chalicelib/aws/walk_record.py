"""How far the sweep's walk through files and records has come: one item in the table `annotations`, beside the jobs."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item
from chalicelib.aws.job_table import JobTable
from chalicelib.aws.record_update import update_record
from chalicelib.clock import NewId, random_id

WALK_ID = "walk"
"""Its key. Job ids are UUIDs, so none is this."""


@dataclass(frozen=True)
class WalkPosition:
    """Where a walk continues.

    Attributes:
        begun: When the walk began, in epoch seconds.
        part: The bucket, `inputs`, `results` or `archive`, or `records`.
        after: The last key, or job id among records, that was compared; None at the beginning of a part.
    """

    begun: int
    part: str
    after: str | None


class WalkRecord:
    """Reads and writes the position of a walk that ran out of time.

    Args:
        jobs: The table of jobs.
        new_id: Makes the id that each update writes.
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def get(self) -> WalkPosition | None:
        """The position of the last walk, or None if it was finished."""
        answer = client("dynamodb").get_item(TableName=self._table, Key={"job_id": {"S": WALK_ID}},
                                             ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        return WalkPosition(record["begun"], record["part"], record.get("after")) if record else None

    def put(self, position: WalkPosition) -> None:
        """Note where the next walk continues."""
        after = {} if position.after is None else {"after": position.after}
        update_record(self._table, {"job_id": WALK_ID}, self._new_id(),
                      assign={"begun": position.begun, "part": position.part, **after},
                      remove=() if after else ("after",))

    def clear(self) -> None:
        """The walk is finished, and the next one begins at the beginning."""
        client("dynamodb").delete_item(TableName=self._table, Key={"job_id": {"S": WALK_ID}})
