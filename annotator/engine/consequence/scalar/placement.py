"""Where an allele lies in a transcript: regions, parts of introns, positions, codons and amino acids."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from annotator.engine.consequence.allele import Allele, Interval
from annotator.engine.consequence.region_rules import (
    EXON_REACH,
    EXON_STRETCH,
    INTRON_REACH,
    INTRON_VARIANT,
    SPLICE_REGION,
    SPLICE_TERMS,
    TRACT,
    intron_terms,
    is_frameshift_intron,
)
from annotator.engine.lazy import lazy
from annotator.engine.reference.transcript import Piece, Transcript
from annotator.engine.reference.translation import codons_to_stop, reverse_complement, translate

#: An allele that differs in no more ranges is looked at range by range.
FEW_REGIONS = 64


def overlap(start: int, end: int, first: int, last: int) -> bool:
    """Whether two ranges meet; an insertion, whose start is its end + 1, meets what holds both its neighbours."""
    return end >= first and start <= last


def _near_intron(regions: list[Interval], first: int, last: int) -> list[Interval]:
    """Those of the ranges in which an allele differs that can change what is said of an intron, in their order.

    A long substitution differs in many ranges, most of them far inside exons and introns. What counts are the ranges
    near the ends of the intron, and one in its middle, if there is any.

    Args:
        regions: ascending, without overlaps, 1-based and inclusive.
        first: first base of the intron.
        last: last base of the intron.
    """
    if len(regions) <= FEW_REGIONS:
        return regions
    chosen: set[int] = set()
    for edge in (first, last):
        begin = bisect_left(regions, edge - INTRON_REACH, key=_end)
        chosen.update(range(begin, bisect_right(regions, edge + INTRON_REACH, key=_start)))
    middle = bisect_left(regions, first + INTRON_REACH, key=_end)
    if middle < len(regions) and regions[middle][0] <= last - INTRON_REACH:
        chosen.add(middle)
    return [regions[at] for at in sorted(chosen)]


def _start(region: Interval) -> int:
    return region[0]


def _end(region: Interval) -> int:
    return region[1]


class Placement:
    """An allele in a transcript that it lies within; the sequence of a transcript that is translated is loaded."""

    def __init__(self, allele: Allele, transcript: Transcript, code: int, inside: int = -1, shift: int = 0) -> None:
        """Place an allele.

        Args:
            allele: the allele.
            transcript: the transcript.
            code: number of the genetic code.
            inside: index of the exon in whose coding part the allele is known to lie well inside; -1: find out.
            shift: by how many bases the allele can be shifted in the direction of the transcript.
        """
        self.shift = shift
        self.allele = allele
        self.transcript = transcript
        self.code = code
        self.start, self.end = allele.start, allele.end
        self.low, self.high = min(self.start, self.end), max(self.start, self.end)
        self.increase = len(allele.alt) > len(allele.ref)
        self.decrease = len(allele.alt) < len(allele.ref)
        self.same_length = not self.increase and not self.decrease
        #: The alternate bases in the direction of the transcript.
        self.alt = allele.alt if transcript.strand > 0 else reverse_complement(allele.alt)
        #: Terms of the rows of :mod:`annotator.engine.consequence.region_rules` that count from introns.
        self.intron_terms = 0
        self.in_frameshift_intron = self.boundary = False
        self.inside = inside >= 0
        if self.inside:
            self._place_inside(inside)
        else:
            self._splice()

    def _place_inside(self, exon: int) -> None:
        """What is known of a change that touches neither an end of its exon nor the first or last codon."""
        t = self.transcript
        ends = self.start, self.end
        begin, until = (t.cdna_in(exon, one) for one in (ends if t.strand > 0 else ends[::-1]))
        first = t.cdna_coding[0] - 1
        self.__dict__.update(
            pieces=[(begin, until)],
            coding_pieces=[(begin - first, until - first)],
            cds_start=begin - first + t.phase,
            cds_end=until - first + t.phase,
            exonic=True,
            complete=False,
            coding=True,
            beyond_coding=False,
            at_start_codon=False,
            at_stop_codon=False,
            beside_stop_codon=False,
            partial_codon=False,
            start_whole=False,
            start_lost=False,
            start_retained=False,
        )

    @lazy
    def ref(self) -> str:
        """The reference bases in the direction of the transcript."""
        return self.allele.ref if self.transcript.strand > 0 else reverse_complement(self.allele.ref)

    # Regions

    @lazy
    def exonic(self) -> bool:
        """Whether it touches an exon."""
        stretch = EXON_STRETCH if self.transcript.has_frameshift_intron else 0
        exons = self.transcript.exons
        for at in self.transcript.exons_near(self.low, self.high):
            if self.high >= exons[at][0] - stretch and self.low <= exons[at][1] + stretch:
                return True
        return False

    @lazy
    def complete(self) -> bool:
        """Whether it covers the whole transcript."""
        return self.start <= self.transcript.start and self.end >= self.transcript.end

    @lazy
    def pieces(self) -> list[Piece]:
        """Where it lies in the spliced transcript."""
        return self.transcript.pieces(self.start, self.end)

    @lazy
    def coding_pieces(self) -> list[Piece]:
        """Where it lies in the coding sequence."""
        return self.transcript.coding_pieces(self.pieces)

    @lazy
    def in_coding_region(self) -> bool:
        """Whether it touches the genome between first and last coding base."""
        t = self.transcript
        return t.coding and overlap(self.low, self.high, t.coding_start, t.coding_end)

    @lazy
    def coding(self) -> bool:
        """Whether it may change codons."""
        return self.in_coding_region and self.exonic

    @lazy
    def beyond_coding(self) -> bool:
        """Whether a part of it lies outside first and last coding base."""
        t = self.transcript
        return t.coding and (self.low < t.coding_start or self.high > t.coding_end)

    def _splice(self) -> None:
        """Find out which parts of introns it changes.

        As in VEP, introns are searched for around the whole allele (``_overlapped_introns`` and
        ``_overlapped_introns_boundary``), and then compared with each range in which the allele differs.
        """
        t = self.transcript
        beside = [
            (first, last)
            for first, last in t.introns_near(self.low, self.high)
            if overlap(self.low, self.high, first - INTRON_REACH, last + INTRON_REACH)
        ]
        if not beside:
            return
        regions = self.allele.regions()
        boundary = [one for one in beside if intron_terms(t.strand, one, (self.low, self.high)) & SPLICE_REGION]
        self.boundary = bool(boundary)
        for intron in beside:
            first, last = intron
            looked_at = SPLICE_TERMS & ~TRACT if intron in boundary else 0
            if overlap(self.low, self.high, first - EXON_REACH, last + EXON_REACH):
                looked_at |= INTRON_VARIANT | TRACT
            for region in _near_intron(regions, first, last) if looked_at else []:
                if is_frameshift_intron(first, last) and overlap(*region, first, last):
                    self.in_frameshift_intron = True
                else:
                    self.intron_terms |= intron_terms(t.strand, intron, region) & looked_at
        if self.intron_terms & SPLICE_REGION and not self._splice_region_last(regions, boundary):
            self.intron_terms &= ~SPLICE_REGION

    def _splice_region_last(self, regions: list[Interval], introns: list[Interval]) -> bool:
        """Whether the last range lies in the splice region of the last intron: VEP overwrites earlier answers."""
        for region in reversed(regions):
            for intron in reversed(introns):
                if not (is_frameshift_intron(*intron) and overlap(*region, *intron)):
                    return intron_terms(self.transcript.strand, intron, region) & SPLICE_REGION != 0
        return False

    # Positions, from 1; None where that end of the change lies in no exon, or not in the coding sequence

    @lazy
    def cdna_start(self) -> int | None:
        """First position in the spliced transcript."""
        return self.pieces[0][0] if self.pieces[0] else None

    @lazy
    def cdna_end(self) -> int | None:
        """Last position in the spliced transcript."""
        return self.pieces[-1][1] if self.pieces[-1] else None

    @lazy
    def cds_start(self) -> int | None:
        """First position in the coding sequence."""
        piece = self.coding_pieces[0] if self.coding_pieces else None
        return piece[0] + self.transcript.phase if piece else None

    @lazy
    def cds_end(self) -> int | None:
        """Last position in the coding sequence."""
        piece = self.coding_pieces[-1] if self.coding_pieces else None
        return piece[1] + self.transcript.phase if piece else None

    @lazy
    def protein_start(self) -> int | None:
        """First amino acid."""
        return None if self.cds_start is None else (self.cds_start + 2) // 3

    @lazy
    def protein_end(self) -> int | None:
        """Last amino acid."""
        return None if self.cds_end is None else (self.cds_end + 2) // 3

    # Codons and amino acids

    @lazy
    def altered_cds(self) -> str | None:
        """The coding sequence with the change, and the rest of the transcript behind it."""
        if self.cds_start is None or self.cds_end is None:
            return None
        t = self.transcript
        return t.cds[: self.cds_start - 1] + self.alt + t.cds[self.cds_end :] + t.three_prime

    @lazy
    def altered_stop(self) -> int:
        """Number of the stop that ends the changed protein, from 1; 0 when there is none."""
        before = (self.protein_start or 1) - 1
        found = codons_to_stop(self.altered_cds or "", self.code, before * 3)
        return before + found if found else 0

    @lazy
    def codons(self) -> tuple[str, str] | None:
        """Codons before and after; empty where there is none on that side."""
        if self.protein_start is None or self.protein_end is None or self.altered_cds is None:
            return None
        if not self.allele.plain and not set(self.allele.alt) <= set("ACGTN"):
            return None
        if self.cds_start is None or self.cds_end is None:
            return None
        first, last = self.protein_start * 3 - 2, self.protein_end * 3
        length = last - first + 1
        grown = length + len(self.alt) - (self.cds_end - self.cds_start + 1)
        return self.transcript.cds[first - 1 : first - 1 + length], self.altered_cds[first - 1 : first - 1 + grown]

    def _peptide(self, codon: str) -> str:
        found = translate(codon, self.code)
        return found + "X" if len(codon) % 3 and found != "*" else found

    @lazy
    def peptides(self) -> tuple[str, str] | None:
        """Amino acids before and after; X for a part of a codon."""
        if self.codons is None or not self.allele.plain:
            return None
        before, after = self._peptide(self.codons[0]), self._peptide(self.codons[1])
        for number in self.transcript.selenocysteine_codons:
            at = number - (self.protein_start or 0)
            if 0 <= at < len(before) and before[at] == "*":
                before = before[:at] + "U" + before[at + 1 :]
                if len(before) == len(after) and self.codons[1][3 * at : 3 * at + 3] == "TGA":
                    after = after[:at] + "U" + after[at + 1 :]
        t = self.transcript
        if self.protein_start == 1 and t.start_known(self.code):
            before, after = (
                "M" + acids[1:] if len(codons) >= 3 and t.starts_at(codons[:3], self.code) else acids
                for codons, acids in zip(self.codons, (before, after), strict=True)
            )
        return before, after

    @lazy
    def first_difference(self) -> tuple[int, str, str] | None:
        """The first codon, from the one that is changed on, that codes for another amino acid than before.

        Returns:
            its number, from 1, and the amino acids before and after (``*`` for a stop; "" before, behind the end of a
            protein that the models give no stop); None where the sequence ends before there is one, or where both have
            their stop.
        """
        t, altered = self.transcript, self.altered_cds or ""
        protein = t.peptide(self.code) + "*" * t.has_stop(self.code)
        at = self.protein_start or 1
        while len(altered) >= 3 * at:
            before, after = protein[at - 1 : at], translate(altered[3 * at - 3 : 3 * at], self.code)
            if at == 1 and t.start_known(self.code) and t.starts_at(altered[:3], self.code):
                after = "M"
            if before == after == "*":
                return None
            if before != after:
                return at, before, after
            at += 1
        return None
