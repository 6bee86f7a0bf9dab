"""Parts of a coding sequence that cannot be read one behind the other: ribosomal slippage.

Where the ribosome slips back by one base, NCBI writes two parts that share it (``101..280`` and ``280..462``); where it
skips one, a part ends within an exon and the next begins behind that base. The engine reads a coding sequence base by
base, so all codons behind such a place would be wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from annotator.engine.reference.build.gene_formats import GeneModel, Interval


def joined(intervals: list[Interval]) -> list[Interval]:
    """Intervals in ascending order, those that touch or overlap as one."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def slip_of(one: GeneModel) -> int | None:
    """The base at which the first codon begins, in the direction of translation, that cannot be read.

    Args:
        one: a coding transcript with ``exons`` joined, ``cds`` and ``stop_codon`` as the source has them.

    Returns:
        A 1-based position; None when the whole coding sequence can be read.
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
    """The first base of the codon that holds a base, as far as it belongs to the coding sequence."""
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
