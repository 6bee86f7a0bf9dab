"""Items of the table `annotations` that are no jobs: what GAS remembers beside them, in none of their indexes."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import from_item, to_item
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.record_update import ConditionFailedError, update_record
from chalicelib.clock import NewId, random_id


class SideItems:
    """Reads and writes such items. Job ids are UUIDs, so no other key is a job's.

    Args:
        jobs: The table of jobs.
        new_id: Makes the id that each update writes.
    """

    def __init__(self, jobs: JobTable, new_id: NewId = random_id) -> None:
        self._table = jobs.name
        self._new_id = new_id

    def _get(self, key: str, consistent: bool = True) -> dict[str, Any]:
        """An item's attributes, none of them where there is no such item."""
        answer = client("dynamodb").get_item(TableName=self._table, Key=to_item({"job_id": key}),
                                             **({"ConsistentRead": True} if consistent else {}))
        return from_item(answer.get("Item", {}))

    def _update(self, key: str, assign: Mapping[str, Any], *, remove: Iterable[str] = (),
                condition: ConditionBase | None = None) -> None:
        """See `update_record`."""
        update_record(self._table, {"job_id": key}, self._new_id(), assign=assign, remove=remove, condition=condition)

    def _replace(self, key: str, assign: Mapping[str, Any], changes: int) -> bool:
        """Update an item that counts its changes, unless it changed since it was read.

        Args:
            key: The item's key.
            assign: New values, worked out of those that were read.
            changes: The item's number of changes when it was read, 0 for one that did not exist.

        Returns:
            False when the item has changed.
        """
        try:
            self._update(key, {**assign, "changes": changes + 1},
                         condition=Attr("changes").not_exists() | Attr("changes").eq(changes))
        except ConditionFailedError:
            return False
        return True

    def _delete(self, key: str) -> None:
        """Delete an item; no error when there is none."""
        client("dynamodb").delete_item(TableName=self._table, Key=to_item({"job_id": key}))
