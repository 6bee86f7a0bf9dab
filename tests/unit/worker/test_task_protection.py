"""A working task asks the ECS agent for protection: against a server that answers as the agent does."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from annotator.worker import task_protection
from annotator.worker.settings import WorkerSettings
from annotator.worker.task_protection import RENEW_SECONDS, TaskProtection
from tests.ecs_agent import OFF, ON, Agent, running_agent


@pytest.fixture
def agent() -> Iterator[Agent]:
    with running_agent() as running:
        yield running


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(task_protection.logger, "warning", lambda text, **_: said.append(text))
    return said


def test_a_task_is_protected_renewed_in_time_and_let_go(agent: Agent, warnings: list[str]) -> None:
    now = 100.0
    protection = TaskProtection(agent.address, lambda: now)
    protection.clear()
    assert agent.asked == [], "there was nothing to clear"
    for _ in range(3):
        protection.protect()
    assert agent.asked == [("PUT", "/api/0123/task-protection/v1/state", ON)]
    now += RENEW_SECONDS
    protection.protect()
    protection.protect()
    assert agent.states == [ON, ON]
    for _ in range(2):
        protection.clear()
    assert agent.states == [ON, ON, OFF]
    protection.protect()
    assert agent.states == [ON, ON, OFF, ON], "the next job"
    assert warnings == []
    assert RENEW_SECONDS < task_protection.MINUTES * 60 / 2


REFUSAL = b'{"failure": {"Arn": "t", "Detail": null, "Reason": "TASK_NOT_VALID"}}'
ERROR = b'{"error": {"Code": "AccessDeniedException", "Message": "not authorized"}, "requestID": "1"}'


@pytest.mark.parametrize("answer", [(200, REFUSAL), (400, ERROR), (500, b""), (200, b"<html>"), (200, b"[]"), None],
                         ids=["refused", "forbidden", "broken", "no JSON", "a list", "silent"])
def test_what_goes_wrong_is_logged_and_stops_nothing(agent: Agent, warnings: list[str], answer: Any,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_protection, "TIMEOUT", 0.2)
    agent.answer = answer
    protection = TaskProtection(agent.address)
    protection.protect()
    protection.protect()
    assert agent.states == [ON], "not asked again with each heartbeat"
    protection.clear()
    assert agent.states == [ON, OFF]
    assert len(warnings) == 2


def test_an_agent_that_is_not_there(warnings: list[str]) -> None:
    protection = TaskProtection("http://127.0.0.1:9")  # a port that nobody listens at
    protection.protect()
    assert len(warnings) == 1


def test_outside_ecs_nothing_happens(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    ask: Callable[..., Any] = lambda *_, **__: pytest.fail("nobody is to be asked")  # noqa: E731
    monkeypatch.setattr(task_protection.urllib.request, "urlopen", ask)
    protection = TaskProtection(WorkerSettings.from_environment({}).ecs_agent)
    protection.protect()
    protection.clear()
    assert warnings == []
    assert WorkerSettings.from_environment({"ECS_AGENT_URI": "http://a"}).ecs_agent == "http://a"
