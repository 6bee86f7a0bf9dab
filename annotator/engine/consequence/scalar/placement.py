"""Where an allele lies in a transcript: regions, parts of introns, positions, codons and amino acids."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from annotator.engine.consequence.allele import Allele, Interval
from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import codons_to_stop, translate
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Piece, Transcript

#: Bases around an exon that count as touching it in a transcript with a frameshift intron.
STRETCH = 12
#: Bases on either side of an end of an intron in which a change can be more than "in the intron" or "outside".
REACH = 20
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
        begin = bisect_left(regions, edge - REACH, key=_end)
        chosen.update(range(begin, bisect_right(regions, edge + REACH, key=_start)))
    middle = bisect_left(regions, first + REACH, key=_end)
    if middle < len(regions) and regions[middle][0] <= last - REACH:
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
        self.intronic = self.in_frameshift_intron = self.at_start = self.at_end = False
        self.fifth = self.fifth_reverse = self.region = self.region_reverse = False
        self.tract = self.tract_reverse = self.splice_near = self.boundary = False
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
            cds_start=begin - first + t.start_frame,
            cds_end=until - first + t.start_frame,
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
        stretch = STRETCH if self.transcript.has_frameshift_intron else 0
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
        """Find out which parts of introns it changes."""
        t = self.transcript
        beside = t.introns_near(self.low, self.high)
        near = [one for one in beside if overlap(self.low, self.high, one[0] - 3, one[1] + 3)]
        boundary = [
            (first, last)
            for first, last in beside
            if overlap(self.low, self.high, first - 3, first + 7) or overlap(self.low, self.high, last - 7, last + 3)
        ]
        self.boundary = bool(boundary)
        regions = self.allele.regions()
        for first, last in near:
            for start, end in _near_intron(regions, first, last):
                insertion = start == end + 1
                low, high = min(start, end), max(start, end)
                if last - first <= STRETCH and overlap(start, end, first, last):
                    self.in_frameshift_intron = True
                    continue
                if overlap(start, end, first + 2, last - 2) or (insertion and (start == first + 2 or end == last - 2)):
                    self.intronic = True
                self.tract |= overlap(low, high, last - 16, last - 2)
                self.tract_reverse |= overlap(low, high, first + 2, first + 16)
        for first, last in boundary:
            for start, end in _near_intron(regions, first, last):
                if last - first <= STRETCH and overlap(start, end, first, last):
                    self.in_frameshift_intron = True
                    continue
                self.at_start |= overlap(start, end, first, first + 1)
                self.at_end |= overlap(start, end, last - 1, last)
                self.fifth |= overlap(start, end, first + 4, first + 4)
                self.region |= overlap(start, end, first + 2, first + 5)
                self.fifth_reverse |= overlap(start, end, last - 4, last - 4)
                self.region_reverse |= overlap(start, end, last - 5, last - 2)
        if boundary and not (self.at_start or self.at_end):
            self.splice_near = self._is_splice_near(regions, boundary)

    @staticmethod
    def _is_splice_near(regions: list[Interval], boundary: list[Interval]) -> bool:
        """Whether a change touches a splice region: the last range and the last intron decide, as in VEP."""
        for start, end in reversed(regions):
            insertion = start == end + 1
            for first, last in reversed(boundary):
                if last - first <= STRETCH and overlap(start, end, first, last):
                    continue
                return (
                    overlap(start, end, first + 2, first + 7)
                    or overlap(start, end, last - 7, last - 2)
                    or overlap(start, end, first - 3, first - 1)
                    or overlap(start, end, last + 1, last + 3)
                    or (insertion and (start in (first, first + 2) or end in (last, last - 2)))
                )
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
        return piece[0] + self.transcript.start_frame if piece else None

    @lazy
    def cds_end(self) -> int | None:
        """Last position in the coding sequence."""
        piece = self.coding_pieces[-1] if self.coding_pieces else None
        return piece[1] + self.transcript.start_frame if piece else None

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
