"""What the adapters of all DynamoDB tables have in common."""
from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from chalicelib.clock import NewId, random_id


class Table:
    """A table. Subclasses read and write its items.

    Args:
        name: The table's name.
        new_id: Makes the id that each update writes.
    """

    def __init__(self, name: str, new_id: NewId = random_id) -> None:
        self.name = name
        self._new_id = new_id

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb")
