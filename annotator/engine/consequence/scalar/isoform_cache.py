"""Rows of one allele for transcripts that are alike around it: what is known of one is moved to the others.

Isoforms of a gene share most of their exons. Where two of them have the same exons from an allele on to their ends, and
read them in the same frame, only the numbers of what an allele does to them differ.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from annotator.engine.consequence.allele import SYMBOLIC, Allele
from annotator.engine.consequence.scalar.rows import ExactRows, Row, exon_numbers, intron_numbers
from annotator.engine.reference.transcript import Transcript

#: Bases between a change and the ends of the coding part of its exon: it touches neither splice sites, nor start or
#: stop codon, nor codons that an intron cuts.
MARGIN = 6
#: Bases of the exon before a change that must be there, beside as many as are inserted: codons that an intron cuts,
#: and what an insertion may be told to repeat.
BEFORE = 12
_POSITIONS = re.compile(r"([-*]?)(\d+)([+-]\d+)?(?:_([-*]?)(\d+)([+-]\d+)?)?(.*)$")
_PROTEIN = re.compile(r"(\D+)(\d+)(?:_(\D+)(\d+))?(.*)$")
_DIGITS = re.compile(r"\d+")


class _Place(NamedTuple):
    """Exon of the first base of a change in the transcript's direction; position there and in the coding sequence."""

    exon: int
    cdna: int
    cds: int


class SharedRows:
    """Makes the rows of alleles, one allele after the other."""

    def __init__(self, exact: ExactRows) -> None:
        self._exact = exact
        self._kinds: dict[tuple[object, ...], int] = {}
        self._of_exon: dict[tuple[int, int], tuple[int, int, int, int, _Place, int]] = {}
        self._allele: Allele | None = None
        self._found: dict[int, tuple[Row, _Place]] = {}
        self._reach: dict[int, tuple[int, int]] = {}

    def row(self, allele: Allele, index: int, transcript: Transcript) -> Row:
        """The row of an allele and a transcript that it lies within; ``index`` is the transcript's in its contig."""
        if allele.kind == SYMBOLIC:
            return self._exact.row(allele, transcript)
        if allele is not self._allele:
            self._allele, self._found, self._reach = allele, {}, {}
        low, high = self._range(allele, transcript.strand)
        ends, forward = transcript.exon_ends, transcript.strand > 0
        exon = bisect_left(ends, low) if forward else bisect_right(transcript.exon_starts, high) - 1
        if not 0 <= exon < len(ends):
            return self._exact.row(allele, transcript)
        known = self._of_exon.get((index, exon))
        if known is None:
            known = self._of_exon[index, exon] = self._kind(transcript, exon)
        kind, kind_inside, local, left, place, room = known
        inside = kind_inside >= 0 and self._is_inside(allele, transcript, exon, low, high)
        if inside:
            found = self._found.get(local)
            if found is not None:
                return _moved(*found, allele, transcript, place, inside)
            kind = kind_inside
        elif room < len(allele.alt):
            return self._exact.row(allele, transcript)
        found = self._found.get(kind)
        if found is not None:
            return _moved(*found, allele, transcript, place, inside)
        row = self._exact.row_inside(allele, transcript, exon) if inside else self._exact.row(allele, transcript)
        if inside and _reach(row.hgvsp) + len(allele.ref) + len(allele.alt) <= left:
            kind = local
        self._found[kind] = row, place
        return row

    @staticmethod
    def _is_inside(allele: Allele, t: Transcript, exon: int, low: int, high: int) -> bool:
        """Whether a change lies well inside the coding part of an exon, wherever it is moved to."""
        first, last = t.exons[exon]
        margin = MARGIN + len(allele.alt)
        return low >= max(first, t.coding_start) + margin and high <= min(last, t.coding_end) - margin

    def _range(self, allele: Allele, strand: int) -> tuple[int, int]:
        """First and last base that the allele touches where it is and where it can be moved to."""
        if strand not in self._reach:
            by = self._exact.shift(allele, strand) * strand
            low, high = min(allele.start, allele.end), max(allele.start, allele.end)
            self._reach[strand] = min(low, low + by), max(high, high + by)
        return self._reach[strand]

    def _kind(self, t: Transcript, exon: int) -> tuple[int, int, int, int, _Place, int]:
        """Numbers that transcripts have in common when they are the same from this exon on to their ends.

        Returns:
            the number; one for changes well inside the exon, to which its first base is nothing (-1: none can be);
            one for such changes that make no difference behind the exon; up to which base of the coding sequence that
            is; the place; and how many bases may be inserted there.
        """
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
            *(t.strand, t.biotype, t.start_frame, t.start_unknown, t.end_unknown, t.selenocysteines),
            *(t.has_frameshift_intron, t.slip, t.coding, t.coding and not t.five_prime),
            *(cds % 3 if t.coding else 0, begin, until),
            (last if forward else first) if there else 0,
            tuple(t.exons[exon:] if forward else t.exons[: exon + 1]),
        )
        kind = self._kinds.setdefault(structure, len(self._kinds))
        inside = local = left = -1
        if t.coding and not t.start_frame and not t.selenocysteines and not t.has_frameshift_intron and t.slip is None:
            tail = (t.exons[exon][1], *t.exons[exon + 1 :]) if forward else (t.exons[exon][0], *t.exons[:exon])
            inside = self._kinds.setdefault((t.strand, t.biotype, cds % 3, until, tail), len(self._kinds))
            last = t.exons[exon][1] if forward else t.exons[exon][0]
            edge = min(last, t.coding_end) if forward else max(last, t.coding_start)
            left = cds + 1 - abs(last - edge)
            local = self._kinds.setdefault((t.strand, t.biotype, left % 3, edge), len(self._kinds))
        return kind, inside, local, left, _Place(exon, cdna, cds), room


def _reach(name: str) -> int:
    """Last base of the coding sequence that the name of a change of a protein depends on; a large number: unknown."""
    found = _PROTEIN.match(name.partition(":p.")[2])
    if found is None:
        return 1 << 30
    _, first, _, last, rest = found.groups()
    _, shift, stop = rest.partition("fsTer")
    if shift and not stop.isdigit():
        return 1 << 30
    # Two codons more are looked at, to see that a change can be moved no further.
    return 3 * (int(last or first) + int(stop or 0) + 2)


def _moved(row: Row, like: _Place, allele: Allele, t: Transcript, place: _Place, inside: bool) -> Row:
    """The row of a transcript, from that of one that is alike."""
    exon, count = place.exon, len(t.exons)
    number = f"{exon + 1 if t.strand > 0 else count - exon}/{count}"
    of_cdna, of_cds = place.cdna - like.cdna, place.cds - like.cds
    codons = of_cds // 3
    return Row(
        row.terms,
        number if inside else row.exon and exon_numbers(t, allele.start, allele.end),
        row.intron and intron_numbers(t, allele.start, allele.end),
        row.hgvsc and f"{t.id}:{_transcript_name(row.hgvsc.partition(':')[2], of_cds)}",
        row.hgvsp and f"{t.protein}:p.{_protein_name(row.hgvsp.partition(':p.')[2], codons)}",
        _numbers(row.cdna, of_cdna),
        _numbers(row.cds, of_cds),
        _numbers(row.protein, codons),
        row.amino_acids,
        row.codons,
    )


def _numbers(text: str, by: int) -> str:
    if not by or not text:
        return text
    return _DIGITS.sub(lambda found: str(int(found[0]) + by), text)


def _transcript_name(name: str, by: int) -> str:
    """A name with its numbers moved; those before and behind the coding sequence count from its ends and stay."""
    found = _POSITIONS.match(name, 2) if by else None
    if found is None:
        return name
    before, first, offset, before_last, last, offset_last, rest = found.groups()
    text = f"{name[:2]}{before}{first if before else int(first) + by}{offset or ''}"
    if last:
        text += f"_{before_last}{last if before_last else int(last) + by}{offset_last or ''}"
    return text + rest


def _protein_name(name: str, by: int) -> str:
    found = _PROTEIN.match(name) if by else None
    if found is None:
        return name
    one, first, other, last, rest = found.groups()
    return f"{one}{int(first) + by}" + (f"_{other}{int(last) + by}" if last else "") + rest
