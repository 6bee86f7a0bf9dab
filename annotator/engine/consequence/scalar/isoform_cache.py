"""Rows of one allele shared between isoforms: where two agree around a change, they differ in numbers alone.

Isoforms of a gene share most of their exons. Where two of them have the same exons from an allele on to their 3' ends,
and read them in the same frame, the second takes over the row of the first, renumbered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from annotator.engine.consequence.allele import SYMBOLIC, Allele
from annotator.engine.consequence.hgvs import HgvsP
from annotator.engine.consequence.scalar.rows import ScalarRow, ScalarRows, Span, exon_numbers, intron_numbers
from annotator.engine.reference.transcript import Transcript

MARGIN = 6
"""Bases between a change and the ends of the coding part of its exon: it touches neither splice sites, nor start or
stop codon, nor codons that an intron cuts."""
BEFORE = 12
"""Bases of the exon upstream of a change that must exist, besides as many as are inserted: codons that an intron cuts,
and what an insertion may duplicate."""


class _Anchor(NamedTuple):
    """The most 3' base of the exon that holds the first base of a change, in the direction of the transcript.

    Attributes:
        exon: index of the exon, from 0 in ascending order of the genome.
        cdna: position of the base in the spliced transcript, 1-based.
        cds: bases between the first coding one and it; in a transcript that is not translated the same as ``cdna``.
    """

    exon: int
    cdna: int
    cds: int


class _Surroundings(NamedTuple):
    """What isoforms have in common around an exon; equal numbers mean equal structures.

    Attributes:
        downstream: of all from this exon to the 3' end, and of what is upstream next to it.
        within: for changes well inside the exon, to which upstream does not matter; -1 where none can be.
        coding_part: for changes well inside whose effect ends in the coding part of this exon; -1 as above.
        last_cds: last base of the coding sequence in that part, 1-based.
        room: most bases that may be inserted for ``downstream`` to hold.
        anchor: what numbers are counted from.
    """

    downstream: int
    within: int
    coding_part: int
    last_cds: int
    room: int
    anchor: _Anchor


class IsoformCache:
    """Makes the rows of alleles, one allele after the other.

    Args:
        exact: makes the rows of transcripts that share none.
    """

    def __init__(self, exact: ScalarRows) -> None:
        self._exact = exact
        self._numbers: dict[tuple[object, ...], int] = {}
        self._surroundings: dict[tuple[int, int], _Surroundings] = {}
        self._allele: Allele | None = None
        self._rows: dict[int, tuple[ScalarRow, _Anchor]] = {}
        self._ranges: dict[int, tuple[int, int]] = {}

    def row(self, allele: Allele, index: int, transcript: Transcript) -> ScalarRow:
        """The row of an allele and a transcript that it lies within; ``index`` is the transcript's in its contig."""
        if allele.kind == SYMBOLIC:
            return self._exact.row(allele, transcript)
        if allele is not self._allele:
            self._allele, self._rows, self._ranges = allele, {}, {}
        low, high = self._range(allele, transcript.strand)
        ends, forward = transcript.exon_ends, transcript.strand > 0
        exon = bisect_left(ends, low) if forward else bisect_right(transcript.exon_starts, high) - 1
        if not 0 <= exon < len(ends):
            return self._exact.row(allele, transcript)
        around = self._surroundings.get((index, exon))
        if around is None:
            around = self._surroundings[index, exon] = self._around(transcript, exon)
        inside = around.within >= 0 and self._is_inside(allele, transcript, exon, low, high)
        if not inside and around.room < len(allele.alt):
            return self._exact.row(allele, transcript)
        for number in (around.coding_part, around.within) if inside else (around.downstream,):
            found = self._rows.get(number)
            if found is not None:
                return _renumbered(*found, allele, transcript, around.anchor, inside)
        row = self._exact.row_inside(allele, transcript, exon) if inside else self._exact.row(allele, transcript)
        if inside and _last_base_read(row.hgvsp) + len(allele.ref) + len(allele.alt) <= around.last_cds:
            number = around.coding_part
        self._rows[number] = row, around.anchor
        return row

    @staticmethod
    def _is_inside(allele: Allele, t: Transcript, exon: int, low: int, high: int) -> bool:
        """Whether a change lies well inside the coding part of an exon, however it is shifted."""
        first, last = t.exons[exon]
        margin = MARGIN + len(allele.alt)
        return low >= max(first, t.coding_start) + margin and high <= min(last, t.coding_end) - margin

    def _range(self, allele: Allele, strand: int) -> tuple[int, int]:
        """First and last base of the genome (1-based) that the allele touches, where it is and as far as it shifts."""
        if strand not in self._ranges:
            by = self._exact.shift(allele, strand) * strand
            low, high = min(allele.start, allele.end), max(allele.start, allele.end)
            self._ranges[strand] = min(low, low + by), max(high, high + by)
        return self._ranges[strand]

    def _around(self, t: Transcript, exon: int) -> _Surroundings:
        """What a transcript has around an exon, which holds the first base of a change in its direction."""
        if t.coding:
            self._exact.load(t)
        forward = t.strand > 0
        before = exon - 1 if forward else exon + 1
        there = 0 <= before < len(t.exons)
        first, last = t.exons[before] if there else (0, 0)
        room = last - first + 1 - BEFORE if there else 1 << 30
        begin, until = (t.coding_start, t.coding_end) if forward else (t.coding_end, t.coding_start)
        if there and (begin < first if forward else begin > last):
            begin = -1  # somewhere before
        cdna = t.cdna(t.exons[exon][1] if forward else t.exons[exon][0])
        cds = cdna - t.cdna_coding[0] if t.coding else cdna
        structure = (
            *(t.strand, t.biotype, t.genetic_code, t.start_frame, t.start_unknown, t.end_unknown),
            *(t.selenocysteines, t.recoded, t.recoded_as),
            *(t.has_frameshift_intron, t.slips, t.numbered_as_read, t.coding, t.coding and not t.five_prime),
            *(cds % 3 if t.coding else 0, begin, until),
            (last if forward else first) if there else 0,
            tuple(t.exons[exon:] if forward else t.exons[: exon + 1]),
        )
        downstream = self._number(structure)
        within = coding_part = last_cds = -1
        if t.coding and not t.start_frame and not t.recoded_codons and not t.has_frameshift_intron and not t.slips:
            tail = (t.exons[exon][1], *t.exons[exon + 1 :]) if forward else (t.exons[exon][0], *t.exons[:exon])
            within = self._number((t.strand, t.biotype, t.genetic_code, cds % 3, until, tail))
            last = t.exons[exon][1] if forward else t.exons[exon][0]
            edge = min(last, t.coding_end) if forward else max(last, t.coding_start)
            last_cds = cds + 1 - abs(last - edge)
            coding_part = self._number((t.strand, t.biotype, t.genetic_code, last_cds % 3, edge))
        return _Surroundings(downstream, within, coding_part, last_cds, room, _Anchor(exon, cdna, cds))

    def _number(self, structure: tuple[object, ...]) -> int:
        """The number of a structure: the same for equal ones."""
        return self._numbers.setdefault(structure, len(self._numbers))


def _last_base_read(p: HgvsP | None) -> int:
    """Last base of the coding sequence that a description of a protein depends on; a large number where unknown."""
    if p is None or (p.tail == "fs" and not p.to_stop):
        return 1 << 30
    # Two codons more are compared, to see that a change can be shifted no further.
    return 3 * (p.end + (p.to_stop if p.tail == "fs" else 0) + 2)


def _renumbered(row: ScalarRow, of: _Anchor, allele: Allele, t: Transcript, anchor: _Anchor, inside: bool) -> ScalarRow:
    """The row of a transcript, from that of an isoform whose numbers count to another anchor."""
    exon, count = anchor.exon, len(t.exons)
    number = f"{exon + 1 if t.strand > 0 else count - exon}/{count}"
    by_cdna, by_cds = anchor.cdna - of.cdna, anchor.cds - of.cds
    by_codons = by_cds // 3
    return ScalarRow(
        row.terms,
        number if inside else row.exon and exon_numbers(t, allele.start, allele.end),
        row.intron and intron_numbers(t, allele.start, allele.end),
        row.hgvsc and row.hgvsc.renumbered(by_cds),
        row.hgvsp and row.hgvsp.renumbered(by_codons),
        _plus(row.cdna, by_cdna),
        _plus(row.cds, by_cds),
        _plus(row.protein, by_codons),
        row.amino_acids,
        row.codons,
    )


def _plus(span: Span, by: int) -> Span:
    if not by or span is None:
        return span
    start, end = span
    return None if start is None else start + by, None if end is None else end + by
