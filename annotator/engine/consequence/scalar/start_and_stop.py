"""What an allele does to the first and the last codon of a transcript: whether start and stop are still there.

Where Ensembl VEP's terms contradict the protein, these do not; ``docs/annotation.md`` lists the differences.
"""

from __future__ import annotations

from annotator.engine.consequence.scalar.placement import Placement, overlap
from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import translate


class CodingEnds(Placement):
    """An allele within a transcript, and the ends of its coding sequence."""

    @lazy
    def partial_codon(self) -> bool:
        """In a last codon that has fewer than three bases."""
        if self.protein_start is None:
            return False
        return 0 < len(self.transcript.cds) - (self.protein_start * 3 - 3) < 3

    @lazy
    def frame_moves(self) -> bool:
        """Bases are added to or lost from the coding sequence, and not three by three."""
        if self.cds_start is None or self.cds_end is None:
            return False
        return (len(self.alt) - (self.cds_end - self.cds_start + 1)) % 3 != 0

    @lazy
    def at_start_codon(self) -> bool:
        """Touches the first codon, where translation is known to begin."""
        t = self.transcript
        if not self.cdna_start or not self.cdna_end or not t.start_known(self.code):
            return False
        return overlap(self.cdna_start, self.cdna_end, t.cdna_coding[0], t.cdna_coding[0] + 2)

    @lazy
    def shifts_into_start_codon(self) -> bool:
        """Lies in the 5' UTR, and another spelling of the same change touches the first codon."""
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
        """Touches the last codon."""
        t = self.transcript
        if t.end_unknown or not self.cdna_start or not self.cdna_end or not t.coding:
            return False
        return overlap(self.cdna_start, self.cdna_end, t.cdna_coding[1] - 2, t.cdna_coding[1])

    @lazy
    def beside_stop_codon(self) -> bool:
        """Touches a stop codon at the end, or adds bases directly in front of it."""
        t = self.transcript
        if not t.coding or t.end_unknown or not t.has_stop(self.code):
            return False
        return self.at_stop_codon or (self.start > self.end and self.cds_start == len(t.cds) - 2)

    @lazy
    def _edited_start(self) -> str:
        """The transcript up to its last coding base, with the change."""
        t = self.transcript
        whole = t.five_prime + t.cds
        return whole[: (self.cdna_start or 1) - 1] + self.alt + whole[self.cdna_end or 0 :]

    @lazy
    def start_in_place(self) -> bool:
        """A start codon still follows the 5' UTR."""
        before, edited = self.transcript.five_prime, self._edited_start
        if not edited.startswith(before):
            return False
        return self.transcript.starts_at(edited[len(before) : len(before) + 3], self.code)

    @lazy
    def start_whole(self) -> bool:
        """A change of length at the first codon that only shortens or lengthens the 5' UTR: behind it there are still
        a start codon and all that follows it."""
        if not self.allele.plain or self.same_length or not self.at_start_codon or self.start_in_place:
            return False
        cds, edited = self.transcript.cds, self._edited_start
        first = len(edited) - len(cds)
        if first < 0 or not edited.endswith(cds[3:]):
            return False
        return self.transcript.starts_at(edited[first : first + 3], self.code)

    @lazy
    def start_lost(self) -> bool:
        """The first codon is touched, and no start codon is there any more."""
        return self.at_start_codon and self.allele.plain and not (self.start_in_place or self.start_whole)

    @lazy
    def start_retained(self) -> bool:
        """The first codon is touched, and a start codon is still there."""
        return self.start_whole or (self.at_start_codon and not self.start_lost)

    @lazy
    def stop_altered(self) -> bool:
        """A change at the last codon after which no stop stands there: of its length, or across its end."""
        if not self.allele.plain or not self.at_stop_codon or self.cds_start is None:
            return False
        if self.same_length and (self.cds_end is not None or not self.transcript.has_stop(self.code)):
            return False
        t = self.transcript
        whole, replaced = t.cds + t.three_prime, (self.cdna_end or 0) - (self.cdna_start or 0) + 1
        edited = whole[: self.cds_start - 1] + self.alt + whole[self.cds_start - 1 + replaced :]
        if len(edited) < len(t.cds):
            return True
        return translate(edited[len(t.cds) - 3 : len(t.cds)], self.code) != "*"

    @lazy
    def protein_kept(self) -> bool:
        """A change of length in the coding sequence that leaves the protein as it was: its stop is still there."""
        t = self.transcript
        if self.same_length or self.altered_cds is None or not t.coding or t.end_unknown or not t.has_stop(self.code):
            return False
        return self.first_difference is None and self.altered_stop > 0

    @lazy
    def stop_lost(self) -> bool:
        """A stop is gone."""
        if self.protein_kept:
            return False
        if self.beside_stop_codon and self.frame_moves and self.altered_cds is not None:
            return not 0 < self.altered_stop <= len(self.transcript.peptide(self.code)) + 1
        if self.peptides is not None:
            return "*" in self.peptides[0] and "*" not in self.peptides[1]
        return self.stop_altered

    @lazy
    def stop_retained(self) -> bool:
        """A stop is touched and still there."""
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
