"""What every function behind a queue shares."""
from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics

from lambdas._handler import process

CONTEXT: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 1000)


def record(message_id: str, **attributes: str) -> dict[str, Any]:
    return {"messageId": message_id, "body": "{}", "attributes": attributes, "eventSource": "aws:sqs"}


def test_the_age_of_each_message_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics(namespace="GAS", service="test")
    event = {"Records": [record("a", SentTimestamp="1790000000999"), record("b", SentTimestamp="1790000100000"),
                         record("c")]}
    process(event, CONTEXT, Logger(service="test"), lambda _: None, clock=lambda: 1_790_000_060)
    metrics.flush_metrics()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "MessageAge" in line]
    assert [line["MessageAge"] for line in told] == [[60.0, 0.0]]
    assert told[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "MessageAge", "Unit": "Seconds"}]


def test_only_what_failed_comes_again() -> None:
    def handle(message: Any) -> None:
        if message.message_id == "b":
            raise ValueError("poison")

    answer = process({"Records": [record("a"), record("b")]}, CONTEXT, Logger(service="test"), handle)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "b"}]}
