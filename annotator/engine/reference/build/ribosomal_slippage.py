"""Ribosomal slippage: coding sequences whose parts are not simply the coding part of the exons.

Where the ribosome slips back by one base, NCBI writes two parts that share it (``101..280`` and ``280..462``); where it
skips one, a part ends within an exon and the next begins after the skipped base. A coding sequence is read part by
part: a shared base twice, a skipped one not at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from annotator.engine.reference.transcript import LONGEST_FRAMESHIFT_INTRON, Interval


class ReadingOrderError(Exception):
    """The order in which the parts of a coding sequence are read is unknown."""


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals (1-based, inclusive) in ascending order; those that touch or overlap are merged."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def slips_of(strand: str, exons: Sequence[Interval], parts: Sequence[Interval], declared: bool) -> list[Interval]:
    """Where the ribosome slips.

    Args:
        strand: ``+`` or ``-``.
        exons: as the source has them; without any, a short gap between two parts is not an intron.
        parts: of the coding sequence, as the source has them.
        declared: whether the source says that the ribosome slips, so that a short gap between two parts is not an
            intron even if the exons have it, too.

    Returns:
        For each slip the last base before it and the first one after it, in the direction of translation.

    Raises:
        ReadingOrderError: a part of the coding sequence lies within another one.
    """
    exons = joined(exons)
    starts = [first for first, _ in exons]
    found = []
    for left, right in pairwise(sorted(set(parts))):
        if right[0] == left[0] or right[1] <= left[1]:
            raise ReadingOrderError("a part of the coding sequence lies within another one")
        gap = right[0] - left[1] - 1
        short = gap <= LONGEST_FRAMESHIFT_INTRON and (declared or not exons)
        within = short or _holds(exons, starts, left[1], right[0])
        if gap < 0 or (gap > 0 and within):
            found.append((left[1], right[0]))
    return found if strand == "+" else [(right, left) for left, right in reversed(found)]


def _holds(exons: list[Interval], starts: list[int], left: int, right: int) -> bool:
    """Whether one exon holds two bases."""
    at = bisect_right(starts, left) - 1
    return at >= 0 and exons[at][1] >= right


def exons_follow_reading(exons: Sequence[Interval], slips: Sequence[Interval]) -> bool:
    """Whether the bases of the transcript are those that are read, so that its numbers count a base read twice twice.

    They are where the source has no exon across a slip: viruses have only coding sequences, and their databases
    number those. An mRNA with exons of its own is numbered by its bases, whatever the ribosome does.

    Args:
        exons: as the source has them.
        slips: as :func:`slips_of` returns them.
    """
    ends = [(min(one), max(one)) for one in slips]
    return any(not any(first < low and high < last for first, last in exons) for low, high in ends)
