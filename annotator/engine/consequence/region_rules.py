"""The parts of a transcript that have terms of their own: introns, splice sites, UTRs and flanks, as one table.

Each row of :data:`RULES` is a stretch between two offsets, and the term of a change in it. The functions below evaluate
the table for one change (all arguments are ``int``) or for many at once (all are ``(n,) int64`` arrays). The scalar and
the vectorised path both call them.

The rows follow Ensembl VEP 115: ``vep`` names the predicate in ``VariationEffect.pm`` of ensembl-variation, and the
distances from introns are those of ``_intron_effects`` in ``BaseTranscriptVariationAllele.pm``.

Coordinates: positions are on the forward strand, 1-based and inclusive; an insertion between two bases has
``start == end + 1``. Offsets count in the direction of transcription from a base, the anchor, which has offset 0: the
first base of an intron is ``DONOR`` 0 (HGVS ``+1``), its last one ``ACCEPTOR`` 0 (HGVS ``-1``).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np

from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.gene_models import LONGEST_FRAMESHIFT_INTRON

Numbers = TypeVar("Numbers", int, np.ndarray)
"""One number, or an array of them."""
Span = tuple[Numbers, Numbers]
"""Lowest and highest position, or (``end + 1``, ``end``) for an insertion."""

DONOR, ACCEPTOR, TRANSCRIPT_START, TRANSCRIPT_END, CODING_START, CODING_END = range(6)
"""Anchors: first and last base of an intron, of the transcript and of its coding sequence, as they are transcribed."""


class Rule(NamedTuple):
    """A stretch of the genome and the term of a change in it.

    A deletion or substitution lies in the stretch when any of its bases does, an insertion when both its neighbours do.

    Attributes:
        term: of the Sequence Ontology.
        first: anchor and offset of the first base.
        last: anchor and offset of the last base.
        vep: predicate of VEP.
        insertion: the row is for insertions only: VEP also counts those that lie directly beside the stretch.
        exonic: whether the change must touch an exon (True) or must not (False).
        unless: more specific terms that take the place of this one.
    """

    term: str
    first: tuple[int, int]
    last: tuple[int, int]
    vep: str
    insertion: bool = False
    exonic: bool | None = None
    unless: tuple[str, ...] = ()


_SITES = ("splice_donor_variant", "splice_acceptor_variant")
_FIFTH, _DONOR_REGION = "splice_donor_5th_base_variant", "splice_donor_region_variant"
_TRACT, _SPLICE_REGION = "splice_polypyrimidine_tract_variant", "splice_region_variant"
_INTRON, _FIVE, _THREE = "intron_variant", "5_prime_UTR_variant", "3_prime_UTR_variant"
_UPSTREAM, _DOWNSTREAM = "upstream_gene_variant", "downstream_gene_variant"

RULES = (
    Rule(_SITES[0], (DONOR, 0), (DONOR, 1), "donor_splice_site"),
    Rule(_SITES[1], (ACCEPTOR, -1), (ACCEPTOR, 0), "acceptor_splice_site"),
    Rule(_FIFTH, (DONOR, 4), (DONOR, 4), "splice_donor_5th_base_variant"),
    Rule(_DONOR_REGION, (DONOR, 2), (DONOR, 5), "splice_donor_region_variant", unless=(_FIFTH,)),
    Rule(_TRACT, (ACCEPTOR, -16), (ACCEPTOR, -2), "splice_polypyrimidine_tract_variant", exonic=False),
    Rule(_TRACT, (ACCEPTOR, -17), (ACCEPTOR, -1), "splice_polypyrimidine_tract_variant", insertion=True, exonic=False),
    # SO:0001630: 3 bases of the exon and bases 3 to 8 of the intron. The bases between have the terms of splice sites.
    Rule(_SPLICE_REGION, (DONOR, -3), (DONOR, 7), "splice_region", unless=(*_SITES, _FIFTH, _DONOR_REGION)),
    Rule(_SPLICE_REGION, (ACCEPTOR, -7), (ACCEPTOR, 3), "splice_region", unless=(*_SITES, _FIFTH, _DONOR_REGION)),
    Rule(_INTRON, (DONOR, 2), (ACCEPTOR, -2), "within_intron"),
    Rule(_INTRON, (DONOR, 1), (DONOR, 2), "within_intron", insertion=True),
    Rule(_INTRON, (ACCEPTOR, -2), (ACCEPTOR, -1), "within_intron", insertion=True),
    Rule(_FIVE, (TRANSCRIPT_START, 0), (CODING_START, -1), "within_5_prime_utr", exonic=True),
    Rule(_FIVE, (CODING_START, -1), (CODING_START, 0), "within_5_prime_utr", insertion=True, exonic=True),
    Rule(_THREE, (CODING_END, 1), (TRANSCRIPT_END, 0), "within_3_prime_utr", exonic=True),
    Rule(_THREE, (CODING_END, 0), (CODING_END, 1), "within_3_prime_utr", insertion=True, exonic=True),
    # Which transcripts are near enough is decided by annotator.engine.consequence.overlaps.find_pairs.
    Rule(_UPSTREAM, (TRANSCRIPT_START, -LARGEST_POSITION), (TRANSCRIPT_START, -1), "upstream"),
    Rule(_UPSTREAM, (TRANSCRIPT_START, -1), (TRANSCRIPT_START, 0), "upstream", insertion=True),
    Rule(_DOWNSTREAM, (TRANSCRIPT_END, 1), (TRANSCRIPT_END, LARGEST_POSITION), "downstream"),
    Rule(_DOWNSTREAM, (TRANSCRIPT_END, 0), (TRANSCRIPT_END, 1), "downstream", insertion=True),
)

SPLICE_REGION, TRACT, INTRON_VARIANT = BIT[_SPLICE_REGION], BIT[_TRACT], BIT[_INTRON]
SPLICE_SITES = BIT[_SITES[0]] | BIT[_SITES[1]]
EXON_REACH = max(-rule.first[1] for rule in RULES if rule.first[0] == DONOR)
"""The farthest offsets in the rows that count from introns, into an exon and into the intron."""
INTRON_REACH = max(-rule.first[1] for rule in RULES if rule.first[0] == ACCEPTOR)
EXON_STRETCH = LONGEST_FRAMESHIFT_INTRON - 1
"""In a transcript with a frameshift intron so many bases on either side of each exon count as exon, so that this intron
does, too (VEP's ``_overlapped_exons``)."""


def is_frameshift_intron(first: int, last: int) -> bool:
    """Whether an intron is so short that it is taken for a frameshift in the models, so that no row applies in it."""
    return last - first < LONGEST_FRAMESHIFT_INTRON


def intron_terms(strand: Numbers, intron: Span[Numbers], change: Span[Numbers]) -> Numbers:
    """Terms of the rows that count from an intron; :func:`given` says which of them are given.

    Args:
        strand: of the transcript, 1 or -1.
        intron: its lowest and highest position.
        change: start and end.

    Returns:
        a set of bits as in :data:`annotator.engine.consequence.so_terms.BIT`, or ``(n,) int64`` of them.
    """
    donor, acceptor = _transcribed(strand, intron)
    return _evaluate(_INTRON_ROWS, {DONOR: donor, ACCEPTOR: acceptor}, _transcribed(strand, change))


def utr_terms(strand: Numbers, transcript: Span[Numbers], coding: Span[Numbers], change: Span[Numbers]) -> Numbers:
    """Terms of the rows that count from the coding sequence, as :func:`intron_terms`; none of a UTR without a base.

    VEP gives a change across an end of such a transcript the term of the UTR.

    Args:
        strand: of the transcript, 1 or -1.
        transcript: its lowest and highest position.
        coding: lowest and highest position of its coding sequence.
        change: start and end.
    """
    (start, end), (coding_start, coding_end) = _transcribed(strand, transcript), _transcribed(strand, coding)
    anchors = {TRANSCRIPT_START: start, TRANSCRIPT_END: end, CODING_START: coding_start, CODING_END: coding_end}
    found = _evaluate(_UTR_ROWS, anchors, _transcribed(strand, change))
    there: Numbers = found & ~((start == coding_start) * BIT[_FIVE] | (end == coding_end) * BIT[_THREE])
    return there


def flank_terms(strand: Numbers, transcript: Span[Numbers], change: Span[Numbers]) -> Numbers:
    """Terms of the rows that lie outside a transcript, as :func:`intron_terms`, for a change that does not touch it."""
    start, end = _transcribed(strand, transcript)
    return _evaluate(_FLANK_ROWS, {TRANSCRIPT_START: start, TRANSCRIPT_END: end}, _transcribed(strand, change))


def given(terms: Numbers, exonic: Numbers) -> Numbers:
    """The terms that remain of those whose rows a change lies in, by the columns ``exonic`` and ``unless``.

    Args:
        terms: sets of bits: all that the rows of all introns and UTRs say of a change.
        exonic: whether it touches an exon, as ``bool``.
    """
    remaining: Numbers = terms & ~(_ONLY_IN_EXONS + exonic * (_NOT_IN_EXONS - _ONLY_IN_EXONS))
    for term, others in _UNLESS:
        remaining &= ~(((terms & others) != 0) * term)
    return remaining


def _transcribed(strand: Numbers, span: Span[Numbers]) -> Span[Numbers]:
    """First and last base in the direction of transcription: positions, or negative ones on the reverse strand."""
    low, high = span
    if isinstance(strand, np.ndarray):
        forward = strand > 0
        return np.where(forward, low, -high), np.where(forward, high, -low)
    return (low, high) if strand > 0 else (-high, -low)


_Row = tuple[int, int, int, int, int, bool]


def _rows(rules: Iterable[Rule]) -> tuple[_Row, ...]:
    """Rules as plain tuples, which are read fastest, with the bit of the term."""
    return tuple((BIT[one.term], *one.first, *one.last, one.insertion) for one in rules)


def _counts_from(rule: Rule, *anchors: int) -> bool:
    return rule.first[0] in anchors or rule.last[0] in anchors


_INTRON_ROWS = _rows(one for one in RULES if _counts_from(one, DONOR, ACCEPTOR))
_UTR_ROWS = _rows(one for one in RULES if _counts_from(one, CODING_START, CODING_END))
_FLANK_ROWS = _rows(one for one in RULES if one.term in (_UPSTREAM, _DOWNSTREAM))
SPLICE_TERMS = functools.reduce(operator.or_, (bit for bit, *_ in _INTRON_ROWS)) & ~INTRON_VARIANT
"""Terms of splice sites and what lies around them."""
_UNLESS = tuple({BIT[one.term]: sum(BIT[term] for term in one.unless) for one in RULES if one.unless}.items())
_ONLY_IN_EXONS = sum({BIT[one.term] for one in RULES if one.exonic is True})
_NOT_IN_EXONS = sum({BIT[one.term] for one in RULES if one.exonic is False})


def _evaluate(rows: tuple[_Row, ...], anchors: dict[int, Numbers], change: Span[Numbers]) -> Numbers:
    """Terms of the rows that changes lie in; everything in the direction of transcription."""
    begin, until = change
    insertion = begin > until
    inserts = insertion if isinstance(insertion, bool) else bool(insertion.any())
    found = begin & 0
    for bit, first, first_offset, last, last_offset, only_insertion in rows:
        if only_insertion and not inserts:
            continue
        within = (until >= anchors[first] + first_offset) & (begin <= anchors[last] + last_offset)
        found = found | (within & insertion if only_insertion else within) * bit
    return found
