"""The contigs of a reference, each worked on by one of several processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, TypeVar

from annotator.engine.bcftools_child import tie_to_parent
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.library_errors import LIBRARY_ERRORS
from annotator.engine.processors import processors

PARALLEL_BYTES = 64 << 20
"""Inputs of at least this many bytes in total are worked on by several processes."""

_LOOK_EVERY = 0.2
"""Seconds between two looks at the progress of another process."""

T = TypeVar("T")
R = TypeVar("R")

_KILLED = "A process of the build was killed, perhaps because memory is short."

_shared: Callable[[Any], Any]
"""What the processes of the pool that is made next do; they take it over from this one."""


def worth_processes(input_bytes: int) -> bool:
    """Whether several processes work on an input of so many bytes."""
    return input_bytes >= PARALLEL_BYTES and processors() > 1


def in_processes(work: Callable[[T], R], items: Sequence[T], input_bytes: int) -> Iterator[tuple[int, R]]:
    """Work on items, in several processes if there is enough to do. They start from a copy of this one.

    Args:
        work: is given an item; what it returns can be pickled.
        items: the largest first, so that the processes end at about the same time.
        input_bytes: how much is read for all of them.

    Yields:
        The index of an item and what came of it, in any order.

    Raises:
        BundleError: a process was killed.
    """
    if len(items) < 2 or not worth_processes(input_bytes):
        for number, item in enumerate(items):
            yield number, work(item)
        return
    global _shared
    _shared = work
    context = multiprocessing.get_context("fork")
    gc.freeze()  # otherwise every garbage collection of a process would copy the memory that it shares with this one
    pool = ProcessPoolExecutor(min(processors(), len(items)), context, _begin, (os.getpid(),))
    try:
        waiting: dict[Future[R], int] = {pool.submit(_work, item): number for number, item in enumerate(items)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BrokenProcessPool as error:
        raise BundleError("reference_build", _KILLED) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()


def _work(item: Any) -> Any:
    return _shared(item)


def _begin(parent: int) -> None:
    """Make a new process end with its parent, and leave signals to that."""
    if not tie_to_parent(parent):
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Beside(Generic[R]):
    """Work that another process does while this one does something else; a context manager, which ends the process.

    Args:
        work: is given a function that takes its progress, as a number; what it returns can be pickled.
    """

    def __init__(self, work: Callable[[Callable[[int], None]], R]) -> None:
        self._context = multiprocessing.get_context("fork")
        self._work = work

    def __enter__(self) -> Beside[R]:
        self._progress = self._context.Value("q", 0)
        self._answers, answers = self._context.Pipe(duplex=False)
        self._process = self._context.Process(target=self._run, args=(answers, os.getpid()))
        self._process.start()
        answers.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()

    def result(self, show: Callable[[int], None]) -> R:
        """Wait for the work.

        Args:
            show: receives its progress from time to time.

        Raises:
            BundleError: the process was killed.
            EngineError, OSError: what the work raised, or one of :data:`LIBRARY_ERRORS`.
        """
        while not self._answers.poll(_LOOK_EVERY):
            show(self._progress.value)
        try:
            done, answer = self._answers.recv()
        except EOFError as error:
            raise BundleError("reference_build", _KILLED) from error
        if isinstance(answer, Exception) and not done:
            raise answer
        result: R = answer
        return result

    def _run(self, answers: Connection, parent: int) -> None:
        """Do the work in the other process."""
        _begin(parent)
        try:
            answer: tuple[bool, Any] = True, self._work(self._note)
        except EngineError as error:
            answer = False, error
        except LIBRARY_ERRORS as error:
            answer = False, error
        answers.send(answer)

    def _note(self, progress: int) -> None:
        self._progress.value = progress
