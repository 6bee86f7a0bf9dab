"""One transcript: its exons and introns, its spliced sequences, and its coordinates.

Genome positions are 1-based and inclusive, on the forward strand. cDNA positions are 1-based, in the direction of the
transcript, and count the bases of the spliced transcript; CDS positions count those of the coding sequence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import CONTEXT_STOPS, STARTS, STOPS, translate
from annotator.engine.reference.nucleotides import reverse_complement

Interval = tuple[int, int]
Piece = Interval | None
"""First and last position of a stretch of the spliced transcript, or None for bases of the genome outside of it."""
Fetch = Callable[[int, int], bytes]
"""Gives the upper-case bases of a contig on the forward strand: from a 1-based position on, so many; fewer at its
end."""
LONGEST_FRAMESHIFT_INTRON = 13
"""Longest intron, in bases, that is taken for a frameshift in the models rather than for an intron, as in Ensembl
VEP."""


@dataclass
class Transcript:
    """A transcript.

    Attributes:
        id: with its version.
        protein: id of the protein; empty when the transcript is not translated.
        biotype: as the source has it.
        strand: 1 or -1.
        start, end: first and last base of the genome.
        coding_start, coding_end: lowest and highest base of the coding sequence; 0 when it is not translated.
        genetic_code: number of the genetic code, if it is not that of the contig; otherwise 0.
        start_frame: number of bases of the first codon that are missing because the coding sequence is cut off at its
            start, 0 to 2: ``(3 - phase) % 3`` of GFF3's phase, which is the number of bases to skip.
        exons: first and last base of each, ascending.
        selenocysteines: lowest base of each stop codon that is read as selenocysteine.
        recoded: lowest base of each other codon that the source says is read in another way than the genetic code has
            it, such as a stop codon that is read through.
        recoded_as: one-letter amino acids of these codons; X for an unknown one.
        start_unknown, end_unknown: the source says that the coding sequence is cut off there.
        slips: where the ribosome slips: the last base before and the first base after it, in the direction of
            translation.
        numbered_as_read: whether HGVS counts bases as they are read: one that is read twice has two numbers, one that
            is skipped has none. Otherwise each base of the transcript has one number.
    """

    id: str
    protein: str
    biotype: str
    strand: int
    start: int
    end: int
    coding_start: int
    coding_end: int
    start_frame: int
    exons: list[Interval]
    genetic_code: int = 0
    selenocysteines: frozenset[int] = frozenset()
    recoded: tuple[int, ...] = ()
    recoded_as: str = ""
    start_unknown: bool = False
    end_unknown: bool = False
    slips: tuple[Interval, ...] = ()
    numbered_as_read: bool = False
    _spliced: str = field(default="", repr=False)
    _peptides: dict[int, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, row: dict[str, Any]) -> Transcript:
        """The transcript of a row of :data:`annotator.engine.reference.transcript_table.SCHEMA`."""
        return cls(
            id=row["id"],
            protein=row["protein"],
            biotype=row["biotype"],
            strand=row["strand"],
            start=row["start"],
            end=row["end"],
            coding_start=row["coding_start"],
            coding_end=row["coding_end"],
            start_frame=row["phase"],
            exons=list(zip(row["exon_starts"], row["exon_ends"], strict=True)),
            genetic_code=row["genetic_code"],
            selenocysteines=frozenset(row["selenocysteines"]),
            recoded=tuple(row["recoded"]),
            recoded_as=row["recoded_as"],
            start_unknown="cds_start_NF" in row["flags"],
            end_unknown="cds_end_NF" in row["flags"],
            slips=tuple(zip(row["slips"][::2], row["slips"][1::2], strict=True)),
            numbered_as_read=row["numbered_as_read"],
        )

    @property
    def coding(self) -> bool:
        """Whether the transcript is translated."""
        return bool(self.protein)

    @lazy
    def introns(self) -> list[Interval]:
        """First and last base of each intron, ascending; exons that touch have none between them."""
        pairs = zip(self.exons, self.exons[1:], strict=False)
        return [(left[1] + 1, right[0] - 1) for left, right in pairs if left[1] + 1 <= right[0] - 1]

    def exons_near(self, start: int, end: int) -> range:
        """Indices of the exons that a range of the genome comes within 20 bases of, and of one more on each side."""
        first = max(0, bisect_left(self.exon_ends, start - 20) - 1)
        return range(first, min(len(self.exons), bisect_right(self.exon_starts, end + 20) + 1))

    def introns_near(self, start: int, end: int) -> list[Interval]:
        """Introns next to the exons of :meth:`exons_near`: at least those within 20 bases of a range of the genome."""
        near = self.exons_near(start, end)
        found = []
        for at in range(near.start, near.stop - 1):
            first, last = self.exons[at][1] + 1, self.exons[at + 1][0] - 1
            if first <= last:
                found.append((first, last))
        return found

    @lazy
    def has_frameshift_intron(self) -> bool:
        """Whether an intron is so short that it is a frameshift in the models."""
        return any(last - first + 1 <= LONGEST_FRAMESHIFT_INTRON for first, last in self.introns)

    @lazy
    def exon_starts(self) -> list[int]:
        """First base of each exon, ascending."""
        return [first for first, _ in self.exons]

    @lazy
    def exon_ends(self) -> list[int]:
        """Last base of each exon, ascending."""
        return [last for _, last in self.exons]

    @lazy
    def _before(self) -> list[int]:
        """Number of exonic bases before each exon on the forward strand, and the total."""
        total, found = 0, []
        for first, last in self.exons:
            found.append(total)
            total += last - first + 1
        return [*found, total]

    @property
    def length(self) -> int:
        """Length of the spliced transcript in bases."""
        return self._before[-1]

    def cdna(self, position: int) -> int:
        """Position in the spliced transcript (cDNA) of a genome position; 0 for one in no exon."""
        at = bisect_right(self.exon_starts, position) - 1
        if at < 0 or position > self.exons[at][1]:
            return 0
        offset = self._before[at] + position - self.exons[at][0]
        return offset + 1 if self.strand > 0 else self.length - offset

    def cdna_in(self, exon: int, position: int) -> int:
        """Position in the spliced transcript (cDNA) of a genome position in the exon with an index."""
        offset = self._before[exon] + position - self.exons[exon][0]
        return offset + 1 if self.strand > 0 else self.length - offset

    def position(self, cdna: int) -> int:
        """Genome position of a cDNA position, which is from 1 to :attr:`length`."""
        offset = cdna - 1 if self.strand > 0 else self.length - cdna
        exon = bisect_right(self._before, offset, hi=len(self.exons)) - 1
        return self.exons[exon][0] + offset - self._before[exon]

    @lazy
    def cdna_coding(self) -> Interval:
        """Positions in the spliced transcript (cDNA) of the first and the last coding base."""
        ends = self.cdna(self.coding_start), self.cdna(self.coding_end)
        return min(ends), max(ends)

    def pieces(self, start: int, end: int) -> list[Piece]:
        """The cDNA positions of a range of the genome, in the transcript's direction.

        Args:
            start: first base of the range; of an insertion the base after it.
            end: last base of the range; of an insertion the base before it, ``start - 1``.

        Returns:
            A piece for each stretch within or outside the exons. An insertion that touches an exon has one piece,
            whose first position is its last + 1.
        """
        if start > end:
            return self._insertion(end, start)
        found: list[Piece] = []
        at, here = bisect_left(self.exon_ends, start), start
        while here <= end:
            if at >= len(self.exons) or self.exons[at][0] > end:
                found.append(None)
                break
            first, last = self.exons[at]
            if here < first:
                found.append(None)
                here = first
            upto = min(last, end)
            ends = self.cdna(here), self.cdna(upto)
            found.append((min(ends), max(ends)))
            here, at = upto + 1, at + 1
        return found if self.strand > 0 else found[::-1]

    def _insertion(self, left: int, right: int) -> list[Piece]:
        before, after = (left, right) if self.strand > 0 else (right, left)
        previous, following = self.cdna(before), self.cdna(after)
        if previous:
            return [(previous + 1, previous)]
        return [(following, following - 1)] if following else [None]

    @lazy
    def readings(self) -> list[tuple[int, int, int]]:
        """The stretches of the transcript that make up the coding sequence, in the order in which they are read.

        Returns:
            First and last cDNA position of each, and the difference between its CDS and its cDNA positions. There is
            one stretch, and one more for each slip of the ribosome.
        """
        first, last = self.cdna_coding
        found, read = [], 0
        for before, after in [*self.slips, (self.position(last), 0)]:
            end = self.cdna(before)
            found.append((first, end, read + 1 - first))
            read += end - first + 1
            first = self.cdna(after)
        return found

    def coding_pieces(self, pieces: list[Piece]) -> list[Piece]:
        """CDS positions of pieces that are given in cDNA positions; None for stretches outside the coding sequence.

        A piece across a slip of the ribosome stays one piece, of the bases that are read.
        """
        first, last = self.cdna_coding
        found: list[Piece] = []
        for piece in pieces if self.coding else []:
            if piece is None or piece[1] < first or piece[0] > last:
                found.append(None)
                continue
            if piece[0] < first:
                found.append(None)
            if self.slips:
                read = [(begin + by, end + by) for begin, end, by in self.read_parts(*piece)]
                found.append((read[0][0], read[-1][1]) if read else None)
            else:
                found.append((max(piece[0], first) - first + 1, min(piece[1], last) - first + 1))
            if piece[1] > last:
                found.append(None)
        return found

    def read_parts(self, begin: int, end: int) -> list[tuple[int, int, int]]:
        """What is read of a stretch of the transcript, in parts as those of :attr:`readings`.

        Args:
            begin: first cDNA position.
            end: last cDNA position; ``begin - 1`` for an insertion.
        """
        return [
            (max(begin, first), min(end, last), by)
            for first, last, by in self.readings
            if end >= first and begin <= last
        ]

    def touches_slip(self, begin: int, end: int) -> bool:
        """Whether bases that are read twice or skipped are in a stretch of cDNA positions, as :meth:`read_parts`."""
        for before, after in self.slips:
            last, first = self.cdna(before), self.cdna(after)
            if end >= min(last + 1, first) and begin <= max(last, first - 1):
                return True
        return False

    def coding_number(self, cdna: int) -> tuple[int, int]:
        """The number of a base in HGVS's ``c.`` numbering, for a base up to the last one of the coding sequence.

        Args:
            cdna: position in the spliced transcript.

        Returns:
            Number and offset. The offset is 0 except for a base that is skipped and has no number: it is named after
            the last one before it. A base with two numbers has the lower one.
        """
        first = self.cdna_coding[0]
        if cdna < first or not self.numbered_as_read:
            return cdna - first + (cdna >= first), 0
        at = 0
        while at + 1 < len(self.readings) and self.readings[at][1] < cdna >= self.readings[at + 1][0]:
            at += 1
        _, last, by = self.readings[at]
        return min(cdna, last) + by, max(0, cdna - last)

    def coding_base(self, number: int) -> int:
        """The cDNA position of a number in HGVS's ``c.`` numbering that is above 0: :meth:`coding_number` reversed."""
        if self.numbered_as_read:
            for _, last, by in self.readings:
                if number <= last + by:
                    return number - by
        return self.cdna_coding[0] + number - 1

    # Sequences

    def load(self, fetch: Fetch) -> None:
        """Read the spliced sequence, once.

        Args:
            fetch: bases of the contig.
        """
        if not self._spliced:
            bases = b"".join([fetch(first, last - first + 1) for first, last in self.exons]).decode("ascii")
            bases = bases if self.strand > 0 else reverse_complement(bases)
            self._spliced = bases

    @property
    def spliced(self) -> str:
        """The spliced sequence, 5' to 3'. :meth:`load` has to be called first."""
        return self._spliced

    @lazy
    def cds(self) -> str:
        """The coding sequence as it is read, preceded by one N for each missing base of the first codon."""
        return "N" * self.start_frame + self.read(self._spliced)

    def read(self, spliced: str) -> str:
        """What the ribosome reads of a spliced sequence as long as that of the transcript."""
        return "".join([spliced[first - 1 : last] for first, last, _ in self.readings])

    @lazy
    def five_prime(self) -> str:
        """The sequence of the 5' UTR."""
        return self._spliced[: self.cdna_coding[0] - 1]

    @lazy
    def three_prime(self) -> str:
        """The sequence of the 3' UTR."""
        return self._spliced[self.cdna_coding[1] :]

    @lazy
    def recoded_codons(self) -> dict[int, str]:
        """One-letter amino acids of codons that have others than in the genetic code, by the codon's number from 1.

        A selenocysteine that the models have at another codon than a stop is not one.
        """
        found: dict[int, str] = {}
        for at in self.selenocysteines:
            for number in self._codons_from(at):
                if self.cds[3 * number - 3 : 3 * number] in ("TGA", "TAA", "TAG"):
                    found[number] = "U"
        for at, residue in zip(self.recoded, self.recoded_as, strict=True):
            found |= dict.fromkeys(self._codons_from(at), residue)
        return found

    def _codons_from(self, lowest: int) -> list[int]:
        """Numbers of the codons whose lowest base on the forward strand is a position."""
        first = self.cdna(lowest) if self.strand > 0 else self.cdna(lowest) - 2
        return [(begin + by + self.start_frame + 2) // 3 for begin, _, by in self.read_parts(first, first)]

    def start_known(self, code: int) -> bool:
        """Whether translation is known to begin at the first codon.

        It is not where the source or the start frame says that the coding sequence is cut off, nor where the transcript
        begins with a codon that is not a start codon: such a transcript is taken to be cut off.

        Args:
            code: number of the genetic code.
        """
        if not self.coding or self.start_unknown or self.start_frame or len(self.cds) < 3:
            return False
        return bool(self.five_prime) or self.cds[:3] in STARTS[code]

    def starts_at(self, codon: str, code: int) -> bool:
        """Whether translation would begin if the first codon were ``codon``."""
        return codon in STARTS[code] or codon == self.cds[:3]

    def is_context_stop(self, codon: str, number: int, code: int) -> bool:
        """Whether a codon is a stop because it is the last one, while elsewhere it has an amino acid.

        Args:
            codon: bases in upper case.
            number: of the codon, from 1.
            code: number of the genetic code.
        """
        return codon in CONTEXT_STOPS[code] and 3 * number == len(self.cds) and self.has_stop(code)

    def has_stop(self, code: int) -> bool:
        """Whether the last codon is complete and a stop codon."""
        return len(self.cds) % 3 == 0 and self.cds[-3:] in STOPS[code]

    def peptide(self, code: int) -> str:
        """The protein without the final stop; it begins with Met, whatever the start codon is, where that is known."""
        if code not in self._peptides:
            self._peptides[code] = self._translate(code)
        return self._peptides[code]

    def _translate(self, code: int) -> str:
        whole = translate(self.cds, code)
        if self.has_stop(code):
            whole = whole[:-1]
        for number, residue in self.recoded_codons.items():
            if number <= len(whole):
                whole = whole[: number - 1] + residue + whole[number:]
        return "M" + whole[1:] if self.start_known(code) else whole
