"""How many bytes a user has stored: one item for each user in the table `annotations`, in none of its indexes.

The figure spares a count of all of a user's annotations with every upload. It is counted again when it is some minutes
old, so nothing depends on its being exact: results that were completed since are missing from it.
"""
from __future__ import annotations

from boto3.dynamodb.conditions import Attr

from chalicelib.aws.dynamodb.jobs import EXPIRES
from chalicelib.aws.dynamodb.record_update import VERSION, ConditionFailedError
from chalicelib.aws.dynamodb.side_items import SideItems

FRESH_SECONDS = 600
"""How long a figure is good for."""


class StorageUsage(SideItems):
    """Reads and writes the figures."""

    def get(self, user_id: str, now: int) -> int | None:
        """Bytes, None where they are to be counted.

        Args:
            now: Epoch seconds.
        """
        figure = self._read(user_id, now)
        return figure[0] if figure is not None else None

    def note(self, user_id: str, stored: int, now: int) -> None:
        """Note what was counted.

        Args:
            stored: Bytes.
        """
        self._update(_key(user_id), {"stored": stored, EXPIRES: now + FRESH_SECONDS})

    def add(self, user_id: str, size: int, now: int) -> None:
        """A file of `size` bytes was added. Where the figure changed meanwhile, it is to be counted again."""
        figure = self._read(user_id, now)
        if figure is None:
            return
        stored, version = figure
        try:
            self._update(_key(user_id), {"stored": stored + size}, condition=Attr(VERSION).eq(version))
        except ConditionFailedError:
            self.forget(user_id, now)

    def forget(self, user_id: str, now: int) -> None:
        """The figure is to be counted again: something was deleted."""
        try:
            self._update(_key(user_id), {EXPIRES: now}, condition=Attr("job_id").exists())
        except ConditionFailedError:
            return  # there is none

    def delete(self, user_id: str) -> None:
        """The user goes; nothing is left of the figure."""
        self._delete(_key(user_id))

    def _read(self, user_id: str, now: int) -> tuple[int, str] | None:
        """The figure and its version; DynamoDB drops items some time after they expire."""
        record = self._get(_key(user_id))
        return (int(record["stored"]), str(record[VERSION])) if record.get(EXPIRES, 0) > now else None


def _key(user_id: str) -> str:
    """The item's key."""
    return f"usage:{user_id}"
