"""Files that no record names, as the sweep saw them: items in the table `annotations`, beside the jobs."""
from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item
from chalicelib.aws.job_table import JobTable
from chalicelib.aws.record_update import update_record
from chalicelib.clock import NewId, random_id


class UnnamedFiles:
    """Remembers when a file was first seen that no record names.

    :param jobs: the table of jobs
    :param new_id: makes the id that each update writes
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def first_seen(self, bucket: str, key: str) -> int | None:
        """Epoch seconds of the first sighting, None when there was none."""
        answer = client("dynamodb").get_item(TableName=self._table, Key={"job_id": {"S": _id(bucket, key)}},
                                             ConsistentRead=True)
        seen: int | None = from_item(answer.get("Item", {})).get("first_seen")
        return seen

    def note(self, bucket: str, key: str, now: int) -> None:
        """Note the first sighting, also of a file that was written again since the last one.

        :param now: epoch seconds
        """
        update_record(self._table, {"job_id": _id(bucket, key)}, self._new_id(), assign={"first_seen": now})

    def forget(self, bucket: str, key: str) -> None:
        """The file is gone."""
        client("dynamodb").delete_item(TableName=self._table, Key={"job_id": {"S": _id(bucket, key)}})


def _id(bucket: str, key: str) -> str:
    """The item's key. Job ids are UUIDs, so none is this."""
    return f"unnamed:{bucket}/{key}"
