"""The pace of annotations: one item in the table `annotations`, beside the jobs and in none of their indexes."""
from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item
from chalicelib.aws.job_table import JobTable
from chalicelib.aws.record_update import ConditionFailedError, update_record
from chalicelib.clock import NewId, random_id
from chalicelib.domain.pace import Pace

PACE_ID = "pace"
"""Its key. Job ids are UUIDs, so none is this."""


class PaceRecord:
    """Reads and writes the pace.

    :param jobs: the table of jobs
    :param new_id: makes the id that each update writes
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def get(self) -> Pace:
        """The pace as it was last written."""
        return self._read()[0]

    def add(self, size: int, seconds: float) -> None:
        """Note one more ended annotation. Where two workers do so at once, one of them is left out: it is a mean."""
        pace, changes = self._read()
        try:
            update_record(self._table, {"job_id": PACE_ID}, self._new_id(),
                          assign={"pace": pace.with_one(size, seconds).to_record(), "changes": changes + 1},
                          condition="attribute_not_exists(changes) OR changes = :seen", values={":seen": changes})
        except ConditionFailedError:
            return

    def _read(self) -> tuple[Pace, int]:
        answer = client("dynamodb").get_item(TableName=self._table, Key={"job_id": {"S": PACE_ID}})
        record = from_item(answer.get("Item", {}))
        return Pace.from_record(record.get("pace", {})), int(record.get("changes", 0))
