"""Which introns of a transcript an allele changes, and in which parts: splice sites, splice regions, the rest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from annotator.engine.consequence.allele import Allele, Interval, overlap
from annotator.engine.consequence.region_rules import (
    EXON_REACH,
    INTRON_REACH,
    INTRON_VARIANT,
    SPLICE_REGION,
    SPLICE_TERMS,
    TRACT,
    intron_terms,
    is_frameshift_intron,
)
from annotator.engine.reference.transcript import Transcript

FEW_RANGES = 64
"""An allele that differs from the reference in no more ranges than this is compared range by range."""


class IntronChanges(NamedTuple):
    """What an allele does to the introns of a transcript.

    Attributes:
        terms: bits of the rows that count from introns, before :func:`annotator.engine.consequence.region_rules.given`.
        boundary: the allele as a whole touches the splice region of an intron.
        frameshift: it changes a frameshift intron.
    """

    terms: int = 0
    boundary: bool = False
    frameshift: bool = False


def intron_changes(allele: Allele, transcript: Transcript) -> IntronChanges:
    """Compare an allele with the introns of a transcript, as VEP's ``_intron_effects`` does.

    Introns are searched for around the whole allele (``_overlapped_introns`` and ``_overlapped_introns_boundary``);
    then each range in which it differs from the reference is compared with each of them. A term of one range is kept
    whatever the others have: VEP forgets ``splice_region_variant`` when a later range lies outside the region.
    """
    low, high = min(allele.start, allele.end), max(allele.start, allele.end)
    strand = transcript.strand
    introns = [
        (first, last)
        for first, last in transcript.introns_near(low, high)
        if overlap(low, high, first - INTRON_REACH, last + INTRON_REACH)
    ]
    if not introns:
        return _NONE
    ranges = allele.regions()
    boundary = [one for one in introns if intron_terms(strand, one, (low, high)) & SPLICE_REGION]
    terms, frameshift = 0, False
    for intron in introns:
        first, last = intron
        asked = SPLICE_TERMS & ~TRACT if intron in boundary else 0
        if overlap(low, high, first - EXON_REACH, last + EXON_REACH):
            asked |= INTRON_VARIANT | TRACT
        for one in _near(ranges, first, last) if asked else []:
            if is_frameshift_intron(first, last) and overlap(*one, first, last):
                frameshift = True
            else:
                terms |= intron_terms(strand, intron, one) & asked
    return IntronChanges(terms, bool(boundary), frameshift)


_NONE = IntronChanges()


def _near(ranges: list[Interval], first: int, last: int) -> list[Interval]:
    """Those of the ranges in which an allele differs that can have a term of their own at an intron, in their order.

    A long substitution differs in many ranges, most of them far inside exons and introns. What counts are the ranges
    near the ends of the intron, and one in its middle, if there is any.

    Args:
        ranges: ascending, without overlaps, 1-based and inclusive.
        first: first base of the intron.
        last: last base of the intron.
    """
    if len(ranges) <= FEW_RANGES:
        return ranges
    chosen: set[int] = set()
    for edge in (first, last):
        begin = bisect_left(ranges, edge - INTRON_REACH, key=_end)
        chosen.update(range(begin, bisect_right(ranges, edge + INTRON_REACH, key=_start)))
    middle = bisect_left(ranges, first + INTRON_REACH, key=_end)
    if middle < len(ranges) and ranges[middle][0] <= last - INTRON_REACH:
        chosen.add(middle)
    return [ranges[at] for at in sorted(chosen)]


def _start(one: Interval) -> int:
    return one[0]


def _end(one: Interval) -> int:
    return one[1]
