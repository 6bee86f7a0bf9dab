"""What an allele does to the start and stop codon of a transcript: whether each is touched, lost or retained.

Where VEP's terms contradict the protein, these follow the protein; ``docs/vep-errata.md`` lists the differences.
"""

from __future__ import annotations

from annotator.engine.consequence.allele import overlap
from annotator.engine.consequence.scalar.coding_change import CodingChange
from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import translate


class StartAndStop(CodingChange):
    """An allele in a transcript, and the start and stop codon of the transcript."""

    @lazy
    def whole_in_exons(self) -> bool:
        """Whether both its ends lie in exons, so that the spliced transcript with the change is known."""
        return bool(self.cdna_start and self.cdna_end)

    def _touches(self, first: int) -> bool:
        """Whether it touches a codon, by the codon's first position in the spliced transcript.

        Where an end of the change lies in no exon, the codon must have other bases, or fewer, after it.
        """
        pieces = self.pieces
        if not self.whole_in_exons and self.same_length:
            pieces = [piece for low, high in self.allele.regions() for piece in self.transcript.pieces(low, high)]
        return any(piece is not None and overlap(*piece, first, first + 2) for piece in pieces)

    @lazy
    def at_start_codon(self) -> bool:
        """Whether it touches the first codon, if translation is known to begin there.

        VEP's ``_overlaps_start_codon`` says no where an end of the change lies in no exon.
        """
        t = self.transcript
        return t.start_known(self.code) and self._touches(t.cdna_coding[0])

    @lazy
    def shifts_into_start_codon(self) -> bool:
        """Whether it lies in the 5' UTR while the same change, shifted, touches the first codon."""
        t = self.transcript
        if not self.shift or not self.cdna_start or not self.cdna_end or not t.start_known(self.code):
            return False
        first = t.cdna_coding[0]
        last = max(self.cdna_start, self.cdna_end) if self.decrease else self.cdna_end
        start = t.coding_start if t.strand > 0 else t.coding_end
        end = self.end if t.strand > 0 else self.start
        # Both in one exon: as far apart in the genome as in the transcript.
        return last < first <= last + self.shift and abs(start - end) == first - last

    @lazy
    def at_stop_codon(self) -> bool:
        """Whether it touches the last codon.

        VEP's ``_overlaps_stop_codon`` says no where an end of the change lies in no exon.
        """
        t = self.transcript
        if not t.coding or t.end_unknown:
            return False
        return (self.whole_in_exons or t.has_stop(self.code)) and self._touches(t.cdna_coding[1] - 2)

    @lazy
    def beside_stop_codon(self) -> bool:
        """Whether it touches the stop codon at the end, or inserts bases directly in front of it."""
        t = self.transcript
        if not t.coding or t.end_unknown or not t.has_stop(self.code):
            return False
        return self.at_stop_codon or (self.start > self.end and self.cds_start == len(t.cds) - 2)

    @lazy
    def _edited_start(self) -> str:
        """The transcript up to its last coding base, with the change."""
        t = self.transcript
        whole = t.five_prime + t.cds
        return whole[: (self.cdna_start or 1) - 1] + self.in_exons(self.alt) + whole[self.cdna_end or 0 :]

    @lazy
    def start_in_place(self) -> bool:
        """Whether a start codon still follows the 5' UTR."""
        if not self.whole_in_exons:
            return False
        before, edited = self.transcript.five_prime, self._edited_start
        if not edited.startswith(before):
            return False
        return self.transcript.starts_at(edited[len(before) : len(before) + 3], self.code)

    @lazy
    def start_whole(self) -> bool:
        """Whether a change of length at the first codon only shortens or lengthens what is in front of it.

        A start codon and all that follows it are then still there. In a transcript that begins with its start codon, a
        deletion in a run of bases that reaches out of it is the same as one in front of the transcript.
        """
        if not self.allele.plain or self.same_length or not self.at_start_codon or self.start_in_place:
            return False
        if self.back and self.cdna_end is not None and self.cdna_end <= self.back:
            return True
        if not self.whole_in_exons:
            return False
        cds, edited = self.transcript.cds, self._edited_start
        first = len(edited) - len(cds)
        if first < 0 or not edited.endswith(cds[3:]):
            return False
        return self.transcript.starts_at(edited[first : first + 3], self.code)

    @lazy
    def start_lost(self) -> bool:
        """Whether the first codon is touched and no start codon is left (``start_lost``)."""
        return self.at_start_codon and self.allele.plain and not (self.start_in_place or self.start_whole)

    @lazy
    def start_retained(self) -> bool:
        """Whether the first codon is touched and a start codon is left (``start_retained_variant``)."""
        return self.start_whole or (self.at_start_codon and not self.start_lost)

    @lazy
    def stop_altered(self) -> bool:
        """Whether a change of length, or across the last codon, leaves no stop there (``_ins_del_stop_altered``)."""
        if not self.allele.plain or not self.at_stop_codon:
            return False
        if not self.whole_in_exons:
            return True
        if self.cds_start is None:
            return False
        if self.same_length and (self.cds_end is not None or not self.transcript.has_stop(self.code)):
            return False
        t = self.transcript
        whole, replaced = t.cds + t.three_prime, (self.cdna_end or 0) - (self.cdna_start or 0) + 1
        edited = whole[: self.cds_start - 1] + self.in_exons(self.alt) + whole[self.cds_start - 1 + replaced :]
        if len(edited) < len(t.cds):
            return True
        return translate(edited[len(t.cds) - 3 : len(t.cds)], self.code) != "*"

    @lazy
    def protein_kept(self) -> bool:
        """Whether a change of length in the coding sequence leaves the protein and its stop as they were."""
        t = self.transcript
        if self.same_length or not t.coding or t.end_unknown or not t.has_stop(self.code):
            return False
        if not t.three_prime and self.cdna_start is not None and self.cdna_start + self.shift > t.cdna_coding[1]:
            return True  # the same as a change behind the transcript
        if self.altered_cds is None:
            return False
        if t.slips and self.frame_moves:  # the ribosome would have to meet the slip in another frame
            return False
        return self.first_difference is None and self.altered_stop > 0

    @lazy
    def stop_lost(self) -> bool:
        """Whether a stop is gone (``stop_lost``)."""
        if self.protein_kept:
            return False
        if self.beside_stop_codon and self.frame_moves and self.altered_cds is not None:
            return not 0 < self.altered_stop <= len(self.transcript.peptide(self.code)) + 1
        if self.frame_moves and self.first_difference is not None and self.first_difference[1] == "*":
            return True
        if self.peptides is not None:
            return "*" in self.peptides[0] and "*" not in self.peptides[1]
        return self.stop_altered

    @lazy
    def stop_retained(self) -> bool:
        """Whether a stop is touched and still there (``stop_retained``)."""
        if self.protein_kept:
            return True
        if self.partial_codon or self.stop_lost:
            return False
        if self.peptides is not None and self.peptides[1]:
            return not self.frame_moves and self._same_stop(*self.peptides)
        kept = not self.same_length or (self.cds_end is None and self.transcript.has_stop(self.code))
        return kept and self.at_stop_codon and not self.stop_altered

    def _same_stop(self, before: str, after: str) -> bool:
        t = self.transcript
        if "*" in before and before.index("*") == after.find("*"):
            return True
        if not t.has_stop(self.code):
            return False
        protein, start, end = t.peptide(self.code), self.protein_start or 1, self.protein_end or 0
        if start > len(protein) and after.startswith("*"):
            return True
        altered = protein[: start - 1] + after + protein[max(end, start - 1) :]
        return altered[: len(protein)] == protein and 0 < len(altered) - len(protein) < 3
