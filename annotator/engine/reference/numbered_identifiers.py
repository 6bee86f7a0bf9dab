"""Identifiers such as ``rs123`` as small numbers: differences between identifiers that were assigned together.

A submission to dbSNP gets consecutive numbers in the order of its positions, so that the identifiers of a stretch are
those of some submissions, interleaved. Numbers with the same high bits (a *run*) mostly belong to one submission:
sorted by run and otherwise left in their order, each is a little larger than the one before. What is stored is the run
of each identifier, and its difference from the one before it in that order.
"""

from __future__ import annotations

import numpy as np

RUN_BITS = 20
"""Low bits, which do not count for the run."""
LARGEST = (1 << RUN_BITS + 16) - 1
"""The largest number: its run has 16 bits."""


def differences(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The runs of n numbers, ``(n,) uint16``, and their differences, ``(n,) int64``.

    Args:
        numbers: ``(n,) int64``, up to :data:`LARGEST`.
    """
    runs = (numbers >> RUN_BITS).astype(np.uint16)
    order = np.argsort(runs, kind="stable")
    found = np.empty(len(numbers), np.int64)
    found[order] = np.diff(numbers[order], prepend=0)
    return runs, found


def numbers(runs: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The opposite of :func:`differences`: ``(n,) int64``."""
    order = np.argsort(runs, kind="stable")
    result = np.empty(len(found), np.int64)
    result[order] = np.cumsum(found[order])
    return result
