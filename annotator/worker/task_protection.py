"""ECS's scale-in protection of this task: while it works on a job, neither scaling nor a deployment ends it.

The container agent answers at `$ECS_AGENT_URI`; outside ECS there is none, and nothing happens. Protection only saves
work: a job whose annotator is ended all the same is handed back. So a failure is logged and never stops a job. See
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""
from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable

from aws_lambda_powertools import Logger

logger = Logger(service="annotator", child=True)

PATH = "/task-protection/v1/state"
MINUTES = 60
"""How long a protection lasts that is neither renewed nor removed, as when the annotator dies."""
RENEW_SECONDS = 15 * 60
"""Seconds between two requests for one job, whether the first one succeeded or failed."""
TIMEOUT = 5
"""Seconds to wait for the agent, which asks ECS: a heartbeat must not be late for it."""
LONGEST_ANSWER = 64 * 1024


class TaskProtection:
    """Protects this task and stops protecting it.

    Args:
        agent: address of the container agent, "" outside ECS.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, agent: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent = agent.rstrip("/")
        self._clock = clock
        self._asked: float | None = None
        """When protection was last asked for; None while it is not wanted."""

    def protect(self) -> None:
        """Protect the task, or renew that where it is time. Cheap when called often."""
        if not self._agent or (self._asked is not None and self._clock() - self._asked < RENEW_SECONDS):
            return
        self._asked = self._clock()
        self._put({"ProtectionEnabled": True, "ExpiresInMinutes": MINUTES})

    def clear(self) -> None:
        """Let ECS end the task again."""
        if not self._agent or self._asked is None:
            return
        self._asked = None
        self._put({"ProtectionEnabled": False})

    def _put(self, state: dict[str, bool | int]) -> None:
        request = urllib.request.Request(f"{self._agent}{PATH}", json.dumps(state).encode(), method="PUT",
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                said = json.loads(answer.read(LONGEST_ANSWER))
            if not isinstance(said, dict) or "protection" not in said:  # "failure" or "error" in its place
                raise ValueError(f"the agent answered {str(said)[:300]}")
        except (OSError, ValueError):  # HTTP errors, timeouts and refused connections are OSErrors
            logger.warning("The task's scale-in protection could not be set", extra=state, exc_info=True)
