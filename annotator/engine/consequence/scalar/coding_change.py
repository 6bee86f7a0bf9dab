"""What an allele does to the sequence of a coding transcript: its codons, amino acids and reading frame."""

from __future__ import annotations

from annotator.engine.consequence.scalar.location import Location
from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import codons_to_stop, translate


class CodingChange(Location):
    """An allele in a transcript, with the sequences before and after it.

    Numbers of codons and amino acids count from 1.
    """

    @lazy
    def frame_moves(self) -> bool:
        """Whether bases are added to or lost from the coding sequence, and not three by three."""
        if self.cds_start is None or self.cds_end is None:
            return False
        return (len(self.read_alt) - (self.cds_end - self.cds_start + 1)) % 3 != 0

    @lazy
    def read_alt(self) -> str:
        """The alternate bases as the ribosome reads them."""
        return self.as_read(self.alt)

    @lazy
    def partial_codon(self) -> bool:
        """Whether it lies in a last codon of fewer than three bases (VEP's ``partial_codon``)."""
        if self.protein_start is None:
            return False
        return 0 < len(self.transcript.cds) - (self.protein_start * 3 - 3) < 3

    @lazy
    def altered_cds(self) -> str | None:
        """The coding sequence with the change, and the rest of the transcript behind it.

        In another reading frame the ribosome does not meet the codons at which it slips, and does not slip.
        """
        if self.cds_start is None or self.cds_end is None:
            return None
        t = self.transcript
        rest = t.cds[self.cds_end :] + t.three_prime
        if t.slips and self.frame_moves and self.cdna_end is not None:
            rest = t.spliced[self.cdna_end :]
        return t.cds[: self.cds_start - 1] + self.read_alt + rest

    @lazy
    def altered_stop(self) -> int:
        """Number of the stop that ends the changed protein, from 1; 0 when there is none."""
        before = (self.protein_start or 1) - 1
        found = codons_to_stop(self.altered_cds or "", self.code, before * 3)
        return before + found if found else 0

    @lazy
    def codons(self) -> tuple[str, str] | None:
        """Codons before and after, without bases behind the coding sequence; empty where there is none on that side."""
        if self.protein_start is None or self.protein_end is None or self.altered_cds is None:
            return None
        if not self.allele.plain and not set(self.allele.alt) <= set("ACGTN"):
            return None
        if self.cds_start is None or self.cds_end is None:
            return None
        first, last = self.protein_start * 3 - 2, min(self.protein_end * 3, len(self.transcript.cds))
        length = last - first + 1
        grown = length + len(self.read_alt) - (self.cds_end - self.cds_start + 1)
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
        for number, residue in self.transcript.recoded_codons.items():
            at = number - (self.protein_start or 0)
            if 0 <= at < len(before):
                before = before[:at] + residue + before[at + 1 :]
                old, new = (one[3 * at : 3 * at + 3] for one in self.codons)
                if len(before) == len(after) and old == new:
                    after = after[:at] + residue + after[at + 1 :]
        t = self.transcript
        last = len(t.cds) // 3
        if self.protein_end == last:
            before, after = (
                acids[:-1] + "*" if t.is_context_stop(codons[-3:], last, self.code) else acids
                for codons, acids in zip(self.codons, (before, after), strict=True)
            )
        if self.protein_start == 1 and t.start_known(self.code):
            before, after = (
                "M" + acids[1:] if len(codons) >= 3 and t.starts_at(codons[:3], self.code) else acids
                for codons, acids in zip(self.codons, (before, after), strict=True)
            )
        return before, after

    @lazy
    def of_unknown_residue(self) -> bool:
        """Whether it touches a codon of which the source says no more than that it is not read as usual."""
        numbers = range(self.protein_start or 0, (self.protein_end or -1) + 1)
        return any(residue == "X" and number in numbers for number, residue in self.transcript.recoded_codons.items())

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
