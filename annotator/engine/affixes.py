"""How much two sequences share at their starts and at their ends, in time linear in what is compared.

Used wherever alleles are trimmed or shifted: a loop that drops one base at a time copies the rest of the allele at each
step, which takes time quadratic in its length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Sequence = TypeVar("Sequence", str, bytes)

_FIRST = 16
"""Bases compared in the first step; most alleles differ within them."""


def common_prefix(one: Sequence, two: Sequence) -> int:
    """Length of the longest common start of two sequences.

    Args:
        one: bases or amino acids.
        two: of the same type.
    """
    return _agreeing(min(len(one), len(two)), lambda first, last: one[first:last] == two[first:last])


def common_suffix(one: Sequence, two: Sequence) -> int:
    """Length of the longest common end of two sequences; see :func:`common_prefix`."""
    ends = len(one), len(two)
    return _agreeing(
        min(ends), lambda first, last: one[ends[0] - last : ends[0] - first] == two[ends[1] - last : ends[1] - first]
    )


def _agreeing(most: int, agree: Callable[[int, int], bool]) -> int:
    """How far two sequences agree, at most ``most``.

    Args:
        most: length of the shorter one.
        agree: whether they agree from ``first`` up to, not including, ``last``, counted from where both begin.
    """
    done, step = 0, _FIRST
    # Pieces twice as long each time while they agree, then halves of the piece that does not.
    while done < most and agree(done, min(done + step, most)):
        done, step = done + step, 2 * step
    if done >= most:
        return most
    differs = min(done + step, most)
    while done < differs:
        middle = (done + differs + 1) // 2
        if agree(done, middle):
            done = middle
        else:
            differs = middle - 1
    return done
