"""Blocks worked on by several processes, with their outcomes in the order of the file."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from annotator.engine.bcftools_child import tie_to_parent
from annotator.engine.errors import EngineError

AHEAD = 2
"""Blocks that wait or are worked on for each process: enough to keep it busy, few enough for memory to stay flat."""

T = TypeVar("T")
R = TypeVar("R")


class Pool:
    """Processes that all start from a copy of this one. With one only, the work is done here.

    Args:
        processes: how many.
        prepare: called once in each process, to open what must not be shared: files have one position for all.

    Example:
        >>> with Pool(1, lambda: None) as pool:
        ...     list(pool.in_order(abs, [-1, -2]))
        [1, 2]
    """

    def __init__(self, processes: int, prepare: Callable[[], None]) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None
        if processes == 1:
            prepare()
            return
        # Copies have all modules loaded, at no cost of time and little of memory.
        context = multiprocessing.get_context("fork")
        self._executor = ProcessPoolExecutor(processes, context, _begin, (os.getpid(), prepare))

    def in_order(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """What ``work`` gives for each item, in their order. Items are taken a few ahead of what is given.

        Raises:
            EngineError: a process was killed.
        """
        if self._executor is None:
            for item in items:  # not map: a StopIteration out of the work would end it as if all were done
                yield work(item)
            return
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(self._executor.submit(work, item))
                if len(waiting) >= AHEAD * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise EngineError("process_died", "A process of the annotation was killed.") from error
        finally:
            for future in waiting:
                future.cancel()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


def _begin(parent: int, prepare: Callable[[], None]) -> None:
    """Make a new process end with its parent, and leave signals to that."""
    if not tie_to_parent(parent):
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
