"""What API Gateway and Lambda refuse to carry: autouse in every test that calls the site's function."""
from __future__ import annotations

import json
from typing import Any

import pytest
from chalice import Chalice

LARGEST_REQUEST = 10 * 1024 * 1024
"""Bytes: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
LARGEST_PAYLOAD = 6 * 1024 * 1024
"""Bytes of an event and of an answer, base64 included:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
LONGEST_HEADERS = 10_240
"""Bytes of all headers: API Gateway's page of limits, as above."""


class LimitExceededError(AssertionError):
    """AWS would have answered 413, 431 or 502."""


def check_request(event: dict[str, Any]) -> None:
    """Raise LimitExceededError for a request that API Gateway or Lambda would refuse."""
    if len(event.get("body") or "") > LARGEST_REQUEST:
        raise LimitExceededError("API Gateway takes no request over 10 MB")
    if len(json.dumps(event, default=str)) > LARGEST_PAYLOAD:
        raise LimitExceededError("Lambda takes no event over 6 MB")
    if _size(event.get("multiValueHeaders") or {}) > LONGEST_HEADERS:
        raise LimitExceededError("API Gateway takes no headers over 10,240 bytes")


def check_answer(answer: dict[str, Any]) -> None:
    """Raise LimitExceededError for an answer that Lambda or API Gateway would turn into a 502."""
    if len(json.dumps(answer, default=str)) > LARGEST_PAYLOAD:
        raise LimitExceededError("Lambda gives no answer over 6 MB")
    if _size({name: [value] for name, value in answer.get("headers", {}).items()}) + _size(
            answer.get("multiValueHeaders", {})) > LONGEST_HEADERS:
        raise LimitExceededError("API Gateway gives no headers over 10,240 bytes")


def _size(headers: dict[str, list[str]]) -> int:
    return sum(len(name) + len(str(value)) for name, values in headers.items() for value in values)


@pytest.fixture(autouse=True)
def _gateway_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's function is called with, and answers, what API Gateway and Lambda can carry."""
    original = Chalice.__call__

    def call(app: Chalice, event: dict[str, Any], context: Any) -> Any:
        check_request(event)
        answer = original(app, event, context)
        check_answer(answer)
        return answer

    monkeypatch.setattr(Chalice, "__call__", call)
