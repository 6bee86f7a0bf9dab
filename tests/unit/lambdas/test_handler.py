"""What every function behind a queue shares."""
from __future__ import annotations

import json
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas._handler import queue_handler

CONTEXT: Any = SimpleNamespace(function_name="f", memory_limit_in_mb=128, aws_request_id="r-1",
                               invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
                               get_remaining_time_in_millis=lambda: 1000)


class Outcome(Enum):
    DONE = "done"
    NOTHING = "nothing to do"


def record(message_id: str, body: str = "", **attributes: str) -> dict[str, Any]:
    return {"messageId": message_id, "body": body, "attributes": attributes, "eventSource": "aws:sqs"}


def published(capsys: pytest.CaptureFixture[str], name: str) -> list[Any]:
    return [line[name] for line in map(json.loads, capsys.readouterr().out.splitlines()) if name in line]


def test_the_age_of_each_message_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    @queue_handler(lambda body: [body], {}, clock=lambda: 1_790_000_060)
    def handler(_message: str, _context: Any) -> Outcome:
        return Outcome.NOTHING

    handler({"Records": [record("a", SentTimestamp="1790000000999"), record("b", SentTimestamp="1790000100000"),
                         record("c")]}, CONTEXT)
    assert published(capsys, "MessageAge") == [[60.0, 0.0]]


def test_only_what_failed_comes_again() -> None:
    @queue_handler(lambda body: [body], {})
    def handler(message: str, _context: Any) -> Outcome:
        if message == "poison":
            raise ValueError(message)
        return Outcome.DONE

    answer = handler({"Records": [record("a"), record("b", "poison")]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "b"}]}


def test_what_cannot_be_read_comes_again() -> None:
    @queue_handler(json.loads, {})
    def handler(_message: Any, _context: Any) -> Outcome:
        return Outcome.DONE

    answer = handler({"Records": [record("a", "[]"), record("b", "{")]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "b"}]}


def test_each_message_of_a_record_counts_by_its_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[str, Any]] = []

    @queue_handler(str.split, {Outcome.DONE: ["Done", "Handled"]})
    def handler(message: str, context: Any) -> Outcome:
        seen.append((message, context))
        return Outcome.DONE if message == "work" else Outcome.NOTHING

    handler({"Records": [record("a", "work rest work"), record("b"), record("c", "work")]}, CONTEXT)
    assert seen == [(message, CONTEXT) for message in ("work", "rest", "work", "work")]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"Done"' in line]
    assert [(line["Done"], line["Handled"]) for line in lines] == [([1.0] * 3, [1.0] * 3)]
