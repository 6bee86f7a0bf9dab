"""What the simulations share: runs of functions on the AWS in memory, with faults, and time that passes meanwhile."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from tests.integration.memory_aws import Fault, MemoryAws, using_aws
from tests.integration.memory_messages import MemorySqs, Message

START = 1_790_000_000
#: A run ends by force, or one of its calls is refused or carried out twice.
ends = st.tuples(st.sampled_from(["cut off", "refused", "repeated"]), st.integers(1, 24))


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
            return self.aws.run(work, self.fault(drawn))
        finally:
            self.lives.pop()

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
