"""Files that no record names, as the sweep saw them: items in the table `annotations`, beside the jobs."""
from __future__ import annotations

from chalicelib.aws.dynamodb.side_items import SideItems


class OrphanSightings(SideItems):
    """Remembers when a file was first seen that no record names."""

    def first_seen(self, bucket: str, key: str) -> int | None:
        """Epoch seconds of the first sighting, None when there was none."""
        seen: int | None = self._get(_id(bucket, key)).get("first_seen")
        return seen

    def note(self, bucket: str, key: str, now: int) -> None:
        """Note the first sighting, also of a file that was written again since the last one.

        Args:
            now: Epoch seconds.
        """
        self._update(_id(bucket, key), {"first_seen": now})

    def forget(self, bucket: str, key: str) -> None:
        """The file is gone."""
        self._delete(_id(bucket, key))


def _id(bucket: str, key: str) -> str:
    """The item's key."""
    return f"unnamed:{bucket}/{key}"
