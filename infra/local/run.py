"""`make run`: the whole service on this machine until Ctrl-C."""
from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from annotator.engine.cli.progress import say
from infra.aws.references import References
from infra.local.logs import FileTail, FunctionLogs
from infra.local.settings import (
    LocalSettings,
    any_free_port,
    port_is_free,
    require_disk,
    require_port,
)
from infra.local.stack import LocalStack
from infra.template.package import default_builder

ADD_A_GENOME = ("It has only the references that it is shipped with. `make reference NAME=GRCh38 SMALL=1`, in another "
                "terminal, adds the human genome; about 2 GB are fetched.")
LOOK_EVERY = 0.5
"""Seconds between two looks at processes and logs."""


class EndedByOperator(BaseException):
    """Somebody asked us to end. Like KeyboardInterrupt, nothing that handles errors may hold it up."""


def _end(_number: int, _frame: FrameType | None) -> None:
    raise EndedByOperator


@contextlib.contextmanager
def ending_on_signals() -> Iterator[None]:
    """Turns the first SIGINT or SIGTERM into `EndedByOperator`; later ones do not disturb the shutdown."""
    def first(number: int, frame: FrameType | None) -> None:
        for known in (signal.SIGINT, signal.SIGTERM):
            signal.signal(known, signal.SIG_IGN)
        _end(number, frame)

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def settings(home: Path, port: int, workers: int) -> LocalSettings:
    """Settings for a stack at a port; the development sign-in gets the next one, or any when that is taken."""
    identity = port + 1 if port_is_free(port + 1) else any_free_port()
    return LocalSettings(home=home, port=port, identity_port=identity, workers=workers)


def follow(stack: LocalStack) -> None:
    """Prints logs until somebody asks to end.

    Raises:
        OperatorError: A process of the stack has died.
    """
    functions = FunctionLogs(stack.client("logs"), f"/aws/lambda/{stack.place.stack_name}-",
                             int(time.time() * 1000), lambda ms: time.strftime("%H:%M:%S", time.gmtime(ms / 1000)))
    tails: dict[Path, FileTail] = {}
    while True:
        stack.check()
        for worker in stack.workers:
            tails.setdefault(worker.log, FileTail(worker.log, worker.name))
        for lines in (functions.lines(), *(tail.lines() for tail in tails.values())):
            for line in lines:
                say(line)
        time.sleep(LOOK_EVERY)


def run(home: Path, port: int, workers: int) -> None:
    """Builds what is missing, starts everything, follows the logs, and stops everything at the end.

    Args:
        home: Directory of everything that is kept.
        port: TCP port of the site.

    Raises:
        OperatorError: Something is missing, or a process of the stack has died.
    """
    try:
        with ending_on_signals():
            require_disk(home)
            require_port(port, f"make run PORT={port + 10}")
            default_builder(lambda line: say(f"  {line}")).build()
            with LocalStack(settings(home, port, workers), say=lambda line: say(f"  {line}")) as stack:
                say(f"\nGAS is at {stack.settings.site}/\nMails that it sends are at {stack.settings.outbox}\n\n"
                    f"It stays on this machine; what it keeps is in {home}. Ctrl-C stops it. Times below are UTC.\n")
                if not References(stack.place, say).catalogue():
                    say(f"{ADD_A_GENOME}\n")
                try:
                    follow(stack)
                finally:
                    say("\nstopping; running annotations are handed back")
    except EndedByOperator:
        say("stopped")
