"""What the simulations share: runs of functions on the AWS in memory, with faults, and time that passes meanwhile."""
from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, run_state_machine_as_test

from tests.integration.support.memory_aws import Fault, MemoryAws, using_aws
from tests.integration.support.memory_messages import MemorySqs, Message

START = 1_790_000_000
NO_SHRINKING = bool(os.environ.get("NO_SHRINKING"))
"""That it fails is enough, as with mutants: no shorter example is looked for, which can take minutes."""
ends = st.tuples(st.sampled_from(["cut off", "refused", "repeated"]), st.integers(1, 24))
"""A run ends by force, or one of its calls is refused or carried out twice."""


class Life(RuleBasedStateMachine):
    """An AWS in memory, and runs of functions on it."""

    def __init__(self) -> None:
        super().__init__()
        self.aws = aws = MemoryAws(START, self.check)
        for module in using_aws():
            module.client = aws.client  # type: ignore[attr-defined]  # put back by the test
        self.ids = 0
        self.lives: list[int] = []
        """Seconds that are left to each run that stands still."""

    @initialize(seed=st.integers(0, 2**16))
    def seeds(self, seed: int) -> None:
        """Which queries see the last writes, and which messages come first."""
        self.aws.tables.lag.seed(seed)
        MemorySqs.order.seed(seed)

    def check(self) -> None:
        """What must be so before every call."""

    def meanwhile(self, what: str, seconds: int, fault: Any) -> None:
        """Something happens while a run stands still for `seconds`."""
        raise NotImplementedError

    def new_id(self) -> str:
        self.ids += 1
        return f"run-{self.ids}"

    def run(self, work: Callable[[], object], drawn: Any, life: int) -> BaseException | None:
        """One run of a function that lives `life` seconds at most, with the fault that was drawn for it."""
        self.lives.append(life)
        try:
            ended = self.aws.run(work, self.fault(drawn))
        finally:
            self.lives.pop()
        if isinstance(ended, TypeError | LookupError | AttributeError):
            raise ended  # a fault of the code or of the test
        return ended

    def fault(self, drawn: Any) -> Fault | None:
        if drawn is None:
            return None
        kind, at, *what = drawn
        return Fault(kind, at, lambda: self.meanwhile(*what))

    def wait(self, seconds: int) -> None:
        """Time passes, but no more than those who stand still have left to live."""
        passed = min([seconds, *self.lives])
        self.lives[:] = [left - passed for left in self.lives]
        self.aws.now += passed

    def visible(self, queue: str) -> list[Message]:
        return [message for message in self.aws.messages
                if message.queue == queue and message.visible <= self.aws.now]


def run_life(life: type[Life], examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try so many lives, the same ones each time; logs, thousands of lines, are left out."""
    for module in using_aws():
        monkeypatch.setattr(module, "client", module.client)  # type: ignore[attr-defined]
    phases = [Phase.generate] if NO_SHRINKING else [Phase.generate, Phase.shrink]
    Logger()  # the parent of what the use cases log to, as every function has one
    logging.disable(logging.CRITICAL)
    try:
        run_state_machine_as_test(life, settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, derandomize=True, print_blob=False,
            suppress_health_check=list(HealthCheck), phases=phases))
    finally:
        logging.disable(logging.NOTSET)
