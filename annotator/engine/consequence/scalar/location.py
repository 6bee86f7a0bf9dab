"""Where an allele lies in a transcript: exons and introns, the spliced transcript, the coding sequence, the protein."""

from __future__ import annotations

from annotator.engine.consequence.allele import Allele, overlap
from annotator.engine.consequence.region_rules import EXON_STRETCH, given, utr_terms
from annotator.engine.consequence.scalar.introns import IntronChanges, intron_changes
from annotator.engine.lazy import lazy
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Piece, Transcript


class Location:
    """An allele and a transcript that it touches.

    ``start`` and ``end`` are those of the allele: 1-based, inclusive, on the forward strand, with ``start == end + 1``
    for an insertion; ``low`` and ``high`` are the same in ascending order. ``alt`` and ``ref`` are its bases as the
    transcript has them.
    """

    def __init__(self, allele: Allele, transcript: Transcript, code: int, shift: int = 0, back: int = 0) -> None:
        """Take an allele and a transcript.

        Args:
            allele: the allele.
            transcript: the transcript; its sequence is loaded if it is translated.
            code: number of the genetic code in NCBI's table.
            shift: by how many bases the allele can be shifted in the direction of the transcript.
            back: by how many against it; 0 for a transcript with a 5' UTR, where it does not matter.
        """
        self.shift, self.back = shift, back
        self.allele = allele
        self.transcript = transcript
        self.code = code
        self.start, self.end = allele.start, allele.end
        self.low, self.high = min(self.start, self.end), max(self.start, self.end)
        self.increase = len(allele.alt) > len(allele.ref)
        self.decrease = len(allele.alt) < len(allele.ref)
        self.same_length = not self.increase and not self.decrease
        self.alt = allele.alt if transcript.strand > 0 else reverse_complement(allele.alt)

    @lazy
    def ref(self) -> str:
        """The reference bases in the direction of the transcript."""
        return self.allele.ref if self.transcript.strand > 0 else reverse_complement(self.allele.ref)

    # Regions

    @lazy
    def introns(self) -> IntronChanges:
        """What it does to introns."""
        return intron_changes(self.allele, self.transcript)

    @property
    def boundary(self) -> bool:
        """Whether it touches the splice region of an intron."""
        return self.introns.boundary

    @lazy
    def exonic(self) -> bool:
        """Whether it touches an exon; a frameshift intron counts as one (VEP's ``_overlapped_exons``)."""
        stretch = EXON_STRETCH if self.transcript.has_frameshift_intron else 0
        exons = self.transcript.exons
        for at in self.transcript.exons_near(self.low, self.high):
            if self.high >= exons[at][0] - stretch and self.low <= exons[at][1] + stretch:
                return True
        return False

    @lazy
    def within_exon(self) -> bool:
        """Whether it touches an exon itself."""
        exons = self.transcript.exons
        return any(overlap(self.low, self.high, *exons[at]) for at in self.transcript.exons_near(self.low, self.high))

    @lazy
    def complete(self) -> bool:
        """Whether it covers the whole transcript."""
        return self.start <= self.transcript.start and self.end >= self.transcript.end

    @lazy
    def coding(self) -> bool:
        """Whether it may change codons: it touches an exon, and the genome between the first and the last codon."""
        t = self.transcript
        return t.coding and overlap(self.low, self.high, t.coding_start, t.coding_end) and self.exonic

    @lazy
    def beyond_coding(self) -> bool:
        """Whether a part of it lies before the first or behind the last coding base."""
        t = self.transcript
        return t.coding and (self.low < t.coding_start or self.high > t.coding_end)

    @lazy
    def non_coding_exon(self) -> bool:
        """Whether it touches an exon of a transcript that is not translated, without covering the whole transcript."""
        if self.complete or self.transcript.coding:
            return False
        return any(overlap(self.start, self.end, first, last) for first, last in self.transcript.exons)

    def region_terms(self) -> int:
        """Terms of the introns, splice sites and UTRs that it changes."""
        found, t = self.introns.terms, self.transcript
        if self.exonic and self.beyond_coding and self.within_cdna:
            found |= utr_terms(t.strand, (t.start, t.end), (t.coding_start, t.coding_end), (self.start, self.end))
        return given(found, self.within_exon) if found else 0

    # The spliced transcript and the coding sequence

    @lazy
    def pieces(self) -> list[Piece]:
        """Where it lies in the spliced transcript."""
        return self.transcript.pieces(self.start, self.end)

    @lazy
    def coding_pieces(self) -> list[Piece]:
        """Where it lies in the coding sequence."""
        return self.transcript.coding_pieces(self.pieces)

    @lazy
    def within_cdna(self) -> bool:
        """Whether it touches the spliced transcript, or a frameshift intron (VEP's ``within_cdna``)."""
        return any(self.pieces) or self.introns.frameshift

    @lazy
    def within_cds(self) -> bool:
        """Whether it touches the coding sequence, or a frameshift intron in it (VEP's ``within_cds``)."""
        if any(self.coding_pieces):
            return True
        t = self.transcript
        return t.coding and self.introns.frameshift and overlap(self.start, self.end, t.coding_start, t.coding_end)

    @lazy
    def at_slip(self) -> bool:
        """Whether it changes a place where the ribosome slips in a way that leaves unknown what is read there.

        It adds or removes bases there, or changes only bases that are skipped.
        """
        t = self.transcript
        if not (t.slips and self.coding):
            return False
        touched = any(piece is not None and t.touches_slip(*piece) for piece in self.pieces)
        return touched and not (self.same_length and any(self.coding_pieces))

    def as_read(self, bases: str) -> str:
        """Bases that take the place of the reference, as the ribosome reads them.

        Args:
            bases: in the direction of the transcript; as many as in the reference where it slips.
        """
        bases = self.in_exons(bases)
        t, first, last = self.transcript, self.cdna_start, self.cdna_end
        if not (t.slips and self.same_length and first and last and self.cds_start and self.cds_end):
            return bases
        edited = t.read(t.spliced[: first - 1] + bases + t.spliced[last:])
        return edited[self.cds_start - t.start_frame - 1 : self.cds_end - t.start_frame]

    def in_exons(self, bases: str) -> str:
        """Those of the bases that take the place of the reference, one for one, that lie in exons.

        Others lie in an intron between both ends of the allele, such as a frameshift intron.
        """
        if not self.same_length or all(self.pieces):
            return bases
        positions = range(self.start, self.end + 1)[:: self.transcript.strand]
        return "".join(base for base, at in zip(bases, positions, strict=True) if self.transcript.cdna(at))

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
        """First position in the coding sequence, unknown bases of an incomplete first codon included."""
        piece = self.coding_pieces[0] if self.coding_pieces else None
        return piece[0] + self.transcript.start_frame if piece else None

    @lazy
    def cds_end(self) -> int | None:
        """Last position in the coding sequence, as :attr:`cds_start`."""
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
