"""How many bytes a user has stored: one item for each user in the table `annotations`, in none of its indexes.

The figure spares a count of all of a user's annotations with every upload. It is counted again when it is some minutes
old, so nothing depends on its being exact: results that were completed since are missing from it.
"""
from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item, to_item
from chalicelib.aws.job_table import EXPIRES, JobTable
from chalicelib.aws.record_update import VERSION, ConditionFailedError, update_record
from chalicelib.clock import NewId, random_id

FRESH_SECONDS = 600
"""How long a figure is good for."""


class UsageRecord:
    """Reads and writes the figures.

    :param jobs: the table of jobs
    :param new_id: makes the id that each update writes
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def get(self, user_id: str, now: int) -> int | None:
        """Bytes, None where they are to be counted.

        :param now: epoch seconds
        """
        figure = self._read(user_id, now)
        return figure[0] if figure is not None else None

    def note(self, user_id: str, stored: int, now: int) -> None:
        """Note what was counted.

        :param stored: bytes
        """
        update_record(self._table, _key(user_id), self._new_id(),
                      assign={"stored": stored, EXPIRES: now + FRESH_SECONDS})

    def add(self, user_id: str, size: int, now: int) -> None:
        """A file of `size` bytes was added. Where the figure changed meanwhile, it is to be counted again."""
        figure = self._read(user_id, now)
        if figure is None:
            return
        stored, version = figure
        try:
            update_record(self._table, _key(user_id), self._new_id(), assign={"stored": stored + size},
                          condition="version = :seen", values={":seen": version})
        except ConditionFailedError:
            self.forget(user_id, now)

    def forget(self, user_id: str, now: int) -> None:
        """The figure is to be counted again: something was deleted."""
        try:
            update_record(self._table, _key(user_id), self._new_id(), assign={EXPIRES: now},
                          condition="attribute_exists(job_id)")
        except ConditionFailedError:
            return  # there is none

    def delete(self, user_id: str) -> None:
        """The user goes; nothing is left of the figure."""
        client("dynamodb").delete_item(TableName=self._table, Key=to_item(_key(user_id)))

    def _read(self, user_id: str, now: int) -> tuple[int, str] | None:
        """The figure and its version; DynamoDB drops items some time after they expire."""
        answer = client("dynamodb").get_item(
            TableName=self._table, Key=to_item(_key(user_id)), ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        return (int(record["stored"]), str(record[VERSION])) if record.get(EXPIRES, 0) > now else None


def _key(user_id: str) -> dict[str, str]:
    """The item's key. Job ids are UUIDs, so none is this."""
    return {"job_id": f"usage:{user_id}"}
