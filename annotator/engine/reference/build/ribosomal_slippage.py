"""Ribosomal slippage: coding sequences whose parts cannot simply be joined.

Where the ribosome slips back by one base, NCBI writes two parts that share it (``101..280`` and ``280..462``); where it
skips one, a part ends within an exon and the next begins after the skipped base. The engine reads a coding sequence
base by base, so that all codons from there on would be wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from annotator.engine.reference.build.gene_formats import GeneModel, Interval


def joined(intervals: list[Interval]) -> list[Interval]:
    """Intervals (1-based, inclusive) in ascending order; those that touch or overlap are merged."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def slip_of(one: GeneModel) -> int | None:
    """Where the first codon that cannot be read base by base begins.

    Args:
        one: a coding transcript with ``exons`` joined, ``cds`` and ``stop_codon`` as the source has them.

    Returns:
        The position (1-based) of its first base in the direction of translation; None when all codons can be read.
    """
    forward = one.strand == "+"
    parts = sorted(set(one.cds))
    exon_starts = [first for first, _ in one.exons]
    found: int | None = None
    for left, right in pairwise(parts):
        if right[0] <= left[1]:
            here = right[0] if forward else left[1]
        elif right[0] > left[1] + 1 and _same_exon(one.exons, exon_starts, left[1], right[0]):
            here = left[1] + 1 if forward else right[0] - 1
        else:
            continue
        if found is None or (here < found) == forward:
            found = here
    return None if found is None else _start_of_codon(one, found)


def _same_exon(exons: list[Interval], starts: list[int], left: int, right: int) -> bool:
    at = bisect_right(starts, left) - 1
    return at >= 0 and exons[at][1] >= right


def _start_of_codon(one: GeneModel, position: int) -> int:
    """The first base, in the direction of translation, of the codon that a coding base belongs to."""
    forward = one.strand == "+"
    coding = joined([*one.cds, *one.stop_codon])
    before = [
        at
        for first, last in coding
        for at in (range(first, min(last, position - 1) + 1) if forward else range(max(first, position + 1), last + 1))
    ]
    if not forward:
        before.reverse()
    inside = (len(before) - one.phase) % 3
    return before[-inside] if inside and inside <= len(before) else position
