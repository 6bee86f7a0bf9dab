"""Rows of one allele for transcripts that are alike around it: what is known of one is moved to the others.

Isoforms of a gene share most of their exons. Where an allele lies well inside an exon that two of them share, in the
same reading frame and with the same exons behind it, only the numbers differ.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from annotator.engine.consequence.alleles import SYMBOLIC, Allele
from annotator.engine.consequence.exact import ExactRows, Row
from annotator.engine.consequence.transcript import Transcript

#: Bases between a change and the ends of the coding part of its exon: it touches neither splice sites, nor start or
#: stop codon, nor codons that an intron cuts.
MARGIN = 6
_CODING = re.compile(r"^(.*:c\.)(\d+)(?:_(\d+))?(\D.*)$")
_PROTEIN = re.compile(r"^(.*:p\.)(\D+)(\d+)(?:_(\D+)(\d+))?(\D.*)$")


class SharedRows:
    """Makes the rows of alleles, one allele after the other."""

    def __init__(self, exact: ExactRows) -> None:
        self._exact = exact
        self._tails: dict[tuple[object, ...], int] = {}
        self._of_transcript: dict[int, list[int]] = {}
        self._allele: Allele | None = None
        self._found: dict[tuple[int, int], tuple[Row, Transcript, int, int]] = {}
        self._reach: dict[int, tuple[int, int]] = {}

    def row(self, allele: Allele, index: int, transcript: Transcript) -> Row:
        """The row of an allele and a transcript that it lies within; ``index`` is the transcript's in its contig."""
        if allele is not self._allele:
            self._allele, self._found, self._reach = allele, {}, {}
        place = self._place(allele, index, transcript)
        if place is None:
            return self._exact.row(allele, transcript)
        key, exon, cds = place
        known = self._found.get(key)
        if known is None:
            row = self._exact.row_inside(allele, transcript, exon)
            self._found[key] = row, transcript, exon, cds
            return row
        return self._moved(*known, transcript, exon, cds)

    def _place(self, allele: Allele, index: int, t: Transcript) -> tuple[tuple[int, int], int, int] | None:
        """Which transcripts are alike, the exon, and a position of the coding sequence; None where none can be."""
        if not t.coding or t.phase or t.selenocysteines or t.has_frameshift_intron or allele.kind == SYMBOLIC:
            return None
        low, high = self._range(allele, t.strand)
        exon = bisect_left(t.exon_ends, high)
        if exon >= len(t.exons):
            return None
        first, last = t.exons[exon]
        # What is inserted may be told to be a duplication of what stands before it.
        margin = MARGIN + len(allele.alt)
        if low < max(first, t.coding_start) + margin or high > min(last, t.coding_end) - margin:
            return None
        cds = t.cdna(low if t.strand > 0 else high) - t.cdna_coding[0] + 1
        return (self._tail(index, t, exon), cds % 3), exon, cds

    def _range(self, allele: Allele, strand: int) -> tuple[int, int]:
        """First and last base that the allele touches where it is and where it can be moved to."""
        if strand not in self._reach:
            by = self._exact.shift(allele, strand) * strand
            low, high = min(allele.start, allele.end), max(allele.start, allele.end)
            self._reach[strand] = min(low, low + by), max(high, high + by)
        return self._reach[strand]

    def _tail(self, index: int, t: Transcript, exon: int) -> int:
        """A number that transcripts have in common when they are the same from the end of this exon on."""
        if index not in self._of_transcript:
            tails = []
            for at, (first, last) in enumerate(t.exons):
                after = (
                    (last, *t.exons[at + 1 :], t.coding_end) if t.strand > 0 else (first, *t.exons[:at], t.coding_start)
                )
                tails.append(self._tails.setdefault((t.strand, *after), len(self._tails)))
            self._of_transcript[index] = tails
        return self._of_transcript[index][exon]

    def _moved(
        self, row: Row, like: Transcript, like_exon: int, like_cds: int, t: Transcript, exon: int, cds: int
    ) -> Row:
        by = cds - like_cds
        codons = by // 3
        of_cdna = by + t.cdna_coding[0] - like.cdna_coding[0]
        count = len(t.exons)
        return row._replace(
            exon=f"{exon + 1 if t.strand > 0 else count - exon}/{count}",
            hgvsc=_coding(row.hgvsc, t.id, by),
            hgvsp=_protein(row.hgvsp, t.protein, codons),
            cdna=_numbers(row.cdna, of_cdna),
            cds=_numbers(row.cds, by),
            protein=_numbers(row.protein, codons),
        )


def _numbers(text: str, by: int) -> str:
    low, dash, high = text.partition("-")
    return f"{int(low) + by}-{int(high) + by}" if dash else str(int(low) + by)


def _coding(name: str, owner: str, by: int) -> str:
    found = _CODING.match(name)
    if found is None:
        return ""
    _, first, last, rest = found.groups()
    return f"{owner}:c.{int(first) + by}" + (f"_{int(last) + by}" if last else "") + rest


def _protein(name: str, owner: str, by: int) -> str:
    found = _PROTEIN.match(name)
    if found is None:
        return ""
    _, one, first, other, last, rest = found.groups()
    return f"{owner}:p.{one}{int(first) + by}" + (f"_{other}{int(last) + by}" if last else "") + rest
