"""When each user's last job was started: one item in the table `annotations`, beside the jobs and in no index."""
from __future__ import annotations

from collections.abc import Callable

from chalicelib.aws.dynamodb.side_items import SideItems

TURNS_ID = "turns"
"""Its key."""
MOST_USERS = 1000
"""Users that the item keeps, some 50 KB."""
MOST_TRIES = 5
"""Writes, where others write at the same moment."""


class LastStarts(SideItems):
    """Reads and writes the item."""

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
            if self._replace(TURNS_ID, {"served": change(served)}, changes):
                return True
        return False

    def _read(self) -> tuple[dict[str, int], int]:
        record = self._get(TURNS_ID)
        return {user: int(moment) for user, moment in record.get("served", {}).items()}, int(record.get("changes", 0))
