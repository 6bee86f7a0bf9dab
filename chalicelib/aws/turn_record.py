"""When each user's last job was started: one item in the table `annotations`, beside the jobs and in no index."""
from __future__ import annotations

from collections.abc import Callable

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item
from chalicelib.aws.job_table import JobTable
from chalicelib.aws.record_update import ConditionFailedError, update_record
from chalicelib.clock import NewId, random_id

TURNS_ID = "turns"
"""Its key. Job ids are UUIDs, so none is this."""
MOST_USERS = 1000
"""Users that the item keeps, some 50 KB."""
MOST_TRIES = 5
"""Writes, where others write at the same moment."""


class TurnRecord:
    """Reads and writes the item.

    Args:
        jobs: the table of jobs.
        new_id: makes the id that each update writes.
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def served(self) -> dict[str, int]:
        """Epoch seconds of the last start, by user id. Users who were not served lately are left out."""
        return self._read()[0]

    def note(self, user_id: str, now: int, since: int) -> bool:
        """A job of this user was started.

        Args:
            now: epoch seconds.
            since: when the oldest open job was submitted, epoch seconds. A start before that decides nothing any more.

        Returns:
            False when others wrote at the same moment, again and again: the user may get a turn too many.
        """
        def noted(served: dict[str, int]) -> dict[str, int]:
            last = sorted((moment, user) for user, moment in {**served, user_id: now}.items() if moment >= since)
            return {user: moment for moment, user in last[-MOST_USERS:]}

        return self._write(noted)

    def forget(self, user_id: str) -> bool:
        """Leave nothing of a user.

        Returns:
            False when others wrote at the same moment, again and again: it is still there.
        """
        return user_id not in self.served() or self._write(
            lambda served: {user: moment for user, moment in served.items() if user != user_id})

    def _write(self, change: Callable[[dict[str, int]], dict[str, int]]) -> bool:
        for _ in range(MOST_TRIES):
            served, changes = self._read()
            try:
                update_record(self._table, {"job_id": TURNS_ID}, self._new_id(),
                              assign={"served": change(served), "changes": changes + 1},
                              condition="attribute_not_exists(changes) OR changes = :seen", values={":seen": changes})
            except ConditionFailedError:
                continue
            return True
        return False

    def _read(self) -> tuple[dict[str, int], int]:
        answer = client("dynamodb").get_item(TableName=self._table, Key={"job_id": {"S": TURNS_ID}},
                                             ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        return {user: int(moment) for user, moment in record.get("served", {}).items()}, int(record.get("changes", 0))
