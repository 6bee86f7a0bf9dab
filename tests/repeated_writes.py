"""`pytest --repeat-writes`: every write to AWS is carried out twice, as when an answer is lost and the SDK asks again.

The first answer is thrown away and the caller sees the second, which is what botocore does when an answer does not
come. A test that passes so shows that nothing in what it goes through depends on a write being carried out once.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

REPEATED = {
    "dynamodb": {"PutItem", "UpdateItem", "DeleteItem"},
    "sqs": {"SendMessage", "SendMessageBatch", "DeleteMessage", "ChangeMessageVisibility"},
    "sns": {"Publish"},
    "s3": {"PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "RestoreObject",
           "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"},
    "glacier": {"InitiateMultipartUpload", "UploadMultipartPart", "CompleteMultipartUpload", "InitiateJob",
                "DeleteArchive"},
}
"""What is repeated, by service. Reads are left alone. SES is, too: a repeated email is a second email, which no sender
can prevent. So is AbortMultipartUpload of S3: moto breaks on an upload that it does not know, where S3 says so."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--repeat-writes", action="store_true", help="carry out every write to AWS twice")


def repeating(config: pytest.Config) -> bool:
    """True when every write is carried out twice."""
    return bool(config.getoption("--repeat-writes"))


def send_twice(monkeypatch: pytest.MonkeyPatch, wanted: Any = lambda service, operation, arguments: True) -> list[str]:
    """Carry out writes twice.

    Args:
        wanted: Called with service, operation and arguments; says which writes.

    Returns:
        The operations that were carried out twice, as they come.
    """
    original, seen = BaseClient._make_api_call, []

    def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if _State.paused or operation not in REPEATED.get(service, ()) or not wanted(service, operation, arguments):
            return original(client, operation, arguments)
        seen.append(operation)
        first, second = _twice(arguments)
        try:
            original(client, operation, first)
        except ClientError as refused:
            # Carried out or not, the answer was lost; what was refused is refused again.
            seen.append(refused.response["Error"]["Code"])
        return original(client, operation, second)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return seen


def _twice(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same arguments for two calls: a body can be read once only."""
    for name in ("Body", "body"):
        if hasattr(arguments.get(name), "read"):
            arguments = {**arguments, name: arguments[name].read()}
    return dict(arguments), dict(arguments)


class _State:
    """What is repeated just now, for helpers that read queues."""

    services: frozenset[str] = frozenset()
    paused: bool = False


@contextmanager
def carried_out_once() -> Iterator[None]:
    """What a browser sends, which is no write of ours."""
    _State.paused = True
    try:
        yield
    finally:
        _State.paused = False


def sent_twice(service: str) -> bool:
    """True while every message of "sqs" or "sns" is sent twice."""
    return service in _State.services


@pytest.fixture(autouse=True)
def _writes_are_repeated(request: pytest.FixtureRequest) -> Iterator[None]:
    """Active with `--repeat-writes`; the mark `writes_once` takes out services, or all of them when it names none."""
    mark = request.node.get_closest_marker("writes_once")
    left_out = set() if mark is None else set(mark.args or REPEATED)
    services = frozenset(REPEATED) - left_out
    if not repeating(request.config) or not services:
        yield
        return
    with pytest.MonkeyPatch.context() as monkeypatch:
        send_twice(monkeypatch, lambda service, *_: service in services)
        monkeypatch.setattr(_State, "services", services)
        yield
