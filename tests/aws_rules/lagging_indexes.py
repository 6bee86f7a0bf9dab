"""Indexes that lag behind their table, as those of DynamoDB may; moto's are always up to date.

AWS: "Queries on global secondary indexes support eventual consistency only"
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes).
"""
from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from moto.dynamodb.models import dynamodb_backends

ACCOUNT = "123456789012"
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


class LaggingIndexes:
    """Lets each query of an index see all writes, or none since the last query that saw all.

    Args:
        seed: Of the choice, which is made for each query.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._before: dict[tuple[str, str], Any] = {}
        """Items as they were when the indexes were last up to date, by table and key; None for one that was not."""
        self.late = 0
        """How many queries did not see the last writes, although there were any."""

    def catch_up(self) -> None:
        """Some time has passed without a write: the indexes have all of them."""
        self._before.clear()

    def call(self, original: Any, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        """Carry out one call of a client."""
        if client.meta.service_model.service_name != "dynamodb":
            return original(client, operation, arguments)
        backend = dynamodb_backends[ACCOUNT][client.meta.region_name]
        if operation in _WRITES:
            table = backend.get_table(arguments["TableName"])
            (name,) = table.table_key_attrs
            key = (arguments.get("Key") or arguments["Item"])[name]["S"]
            self._before.setdefault((table.name, key), copy.deepcopy(self._items(backend, table.name).get(key)))
        elif operation == "Query" and "IndexName" in arguments:
            if not self._before or self._random.random() < 0.5:
                self._before.clear()
            else:
                self.late += 1
                self._swap(backend)
                try:
                    return original(client, operation, arguments)
                finally:
                    self._swap(backend)
        return original(client, operation, arguments)

    def _swap(self, backend: Any) -> None:
        """Exchange the items as they are and as they were."""
        for (table, key), before in self._before.items():
            items = self._items(backend, table)
            now = items.pop(key, None)
            if before is not None:
                items[key] = before
            self._before[table, key] = now

    @staticmethod
    def _items(backend: Any, table: str) -> dict[str, Any]:
        items: dict[str, Any] = backend.get_table(table).items
        return items


@pytest.fixture(params=range(4))
def lagging_indexes(request: pytest.FixtureRequest, aws: dict[str, str]) -> Iterator[LaggingIndexes]:
    """Indexes that lag, with four seeds."""
    lagging = LaggingIndexes(request.param)
    original = BaseClient._make_api_call
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(BaseClient, "_make_api_call",
                            lambda client, operation, arguments: lagging.call(original, client, operation, arguments))
        yield lagging
