"""What one allele does to one transcript, as consequence terms.

The rules are those of Ensembl VEP 115: where a docstring names a function, it is that of ``VariationEffect.pm`` in
ensembl-variation. ``docs/vep-errata.md`` lists where the terms differ from VEP's.

An effect is built up in layers, each of which uses those below it: where the allele lies
(:mod:`~annotator.engine.consequence.scalar.location`), the sequences before and after it
(:mod:`~annotator.engine.consequence.scalar.coding_change`), the start and stop codon
(:mod:`~annotator.engine.consequence.scalar.start_and_stop`), and, here, the other changes of codons and the terms. Each
property is worked out when it is first asked for.
"""

from __future__ import annotations

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.consequence.allele import Allele, Interval
from annotator.engine.consequence.scalar.introns import IntronChanges
from annotator.engine.consequence.scalar.start_and_stop import StartAndStop
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.lazy import lazy
from annotator.engine.reference.transcript import Piece, Transcript


class Effect(StartAndStop):
    """The effect of an allele on a transcript that it lies within."""

    @lazy
    def stop_gained(self) -> bool:
        """Whether there is a new stop (``stop_gained``).

        It lies in the changed codons, or is the first amino acid to differ behind a frameshift.
        """
        if self.stop_retained or self.peptides is None:
            return False
        old, new = (one.find("*") for one in self.peptides)
        if new >= 0 and (old < 0 or (new < old and not self.decrease)):
            return True
        if not self.frame_moves or self.first_difference is None:
            return False
        _, before, after = self.first_difference
        return before not in ("", "*") and after == "*"

    @lazy
    def frameshift(self) -> bool:
        """Whether the reading frame moves (``frameshift``)."""
        return self.frame_moves and not self.partial_codon and not self.stop_retained

    @lazy
    def inframe_insertion(self) -> bool:
        """Whether whole codons are added and no other is changed (``inframe_insertion``)."""
        if self.codons is None or self.frameshift or self.start_lost or len(self.codons[1]) <= len(self.codons[0]):
            return False
        if self.peptides is None:
            return False
        before, after = self.peptides
        if self.start_retained and after.endswith(before):
            return False
        stop = after.find("*")
        after = after[: stop + 1] if stop >= 0 else after
        return after.startswith(before) or after.endswith(before)

    @lazy
    def inframe_deletion(self) -> bool:
        """Whether whole codons are lost and no other is changed (``inframe_deletion``)."""
        if self.partial_codon or self.codons is None or self.frameshift:
            return False
        before, after = self.codons
        if len(after) >= len(before):
            return False
        if before.startswith(after) or before.endswith(after):
            return True
        if (len(before) - len(after)) % 3:
            return False
        return common_prefix(before, after) + common_suffix(before, after) >= len(after)

    @lazy
    def protein_altering(self) -> bool:
        """Whether the length of the protein changes in another way (``protein_altering_variant``)."""
        if self.peptides is None:
            return False
        before, after = self.peptides
        if len(before) == len(after) or before.startswith("*") or after.startswith("*"):
            return False
        if after.startswith(before) or after.endswith(before):
            return False
        return not (self.inframe_deletion or self.start_lost or self.frameshift)

    @lazy
    def missense(self) -> bool:
        """Whether there are other amino acids, as many as before (``missense_variant``)."""
        if self.peptides is None or self.start_lost or self.stop_lost or self.stop_gained or self.partial_codon:
            return False
        before, after = self.peptides
        if self.stop_retained or len(before) != len(after):
            return False
        return any(one != two and "X" not in (one, two) for one, two in zip(before, after, strict=True))

    @lazy
    def synonymous(self) -> bool:
        """Whether the amino acids are the same (``synonymous_variant``)."""
        if self.peptides is None or not self.peptides[0]:
            return False
        before, after = self.peptides
        return before == after and not self.stop_retained and not self.start_retained and "X" not in before

    @lazy
    def coding_unknown(self) -> bool:
        """Whether it changes the coding sequence in a way that cannot be decided (``coding_unknown``)."""
        if self.complete or not self.within_cds:
            return False
        if self.peptides is not None and "X" not in self.peptides[0] + self.peptides[1]:
            return False
        return not (
            self.frameshift
            or self.inframe_deletion
            or self.protein_altering
            or self.start_retained
            or self.start_lost
            or self.stop_retained
            or self.stop_lost
        )

    @lazy
    def terms(self) -> int:
        """All consequence terms, as bits of :data:`annotator.engine.consequence.so_terms.BIT`."""
        if self.complete and self.decrease:
            return BIT["transcript_ablation"]
        t = self.transcript
        found = self.region_terms()
        if self.coding and not self.start_whole:
            found |= self._coding_terms()
        elif self.start_whole:
            found |= BIT["start_retained_variant"] | BIT["5_prime_UTR_variant"] * bool(t.five_prime)
        if t.biotype == "nonsense_mediated_decay":
            found |= BIT["NMD_transcript_variant"]
        if not t.coding:
            found |= BIT["non_coding_transcript_exon_variant"] * (self.exonic and self.non_coding_exon)
            found |= BIT["non_coding_transcript_variant"] * (not self.non_coding_exon)
        elif t.biotype == "protein_coding" and self.complete and not self.coding_unknown:
            found |= BIT["coding_transcript_variant"]
        return found or BIT["coding_transcript_variant"]  # one that is not translated has a term by now

    def _coding_terms(self) -> int:
        if self.at_slip:
            frame_moves = (len(self.allele.alt) - len(self.allele.ref)) % 3
            return BIT["frameshift_variant" if frame_moves else "coding_sequence_variant"]
        if self.protein_kept:
            return BIT["stop_retained_variant"]
        found = BIT["stop_gained"] * self.stop_gained | BIT["stop_lost"] * self.stop_lost
        found |= BIT["start_lost"] * self.start_lost | BIT["start_retained_variant"] * self.start_retained
        found |= BIT["stop_retained_variant"] * self.stop_retained | BIT["synonymous_variant"] * self.synonymous
        found |= BIT["incomplete_terminal_codon_variant"] * self.partial_codon
        found |= BIT["protein_altering_variant"] * self.protein_altering
        found |= BIT["coding_sequence_variant"] * self.coding_unknown
        if self.same_length:
            return found | BIT["missense_variant"] * self.missense
        found |= BIT["frameshift_variant"] * self.frameshift
        if self.increase:
            return found | BIT["inframe_insertion"] * self.inframe_insertion
        return found | BIT["inframe_deletion"] * self.inframe_deletion


class EffectInsideExon(Effect):
    """The effect of an allele that is known to lie well inside the coding part of an exon: less has to be asked.

    It touches no intron, no UTR, neither the start nor the stop codon, and no codon that an intron divides.
    """

    def __init__(self, allele: Allele, transcript: Transcript, code: int, exon: int) -> None:
        """Take an allele, a transcript and the genetic code as :class:`Effect`, and the index of the exon."""
        super().__init__(allele, transcript, code)
        self._exon = exon

    @lazy
    def _in_cdna(self) -> Interval:
        t = self.transcript
        begin, until = (t.cdna_in(self._exon, one) for one in (self.start, self.end)[:: t.strand])
        return begin, until

    @lazy
    def pieces(self) -> list[Piece]:
        """Where it lies in the spliced transcript."""
        return [self._in_cdna]

    @lazy
    def coding_pieces(self) -> list[Piece]:
        """Where it lies in the coding sequence."""
        before = self.transcript.cdna_coding[0] - 1
        begin, until = self._in_cdna
        return [(begin - before, until - before)]

    introns = lazy(lambda _: IntronChanges())
    exonic = lazy(lambda _: True)
    coding = lazy(lambda _: True)
    complete = lazy(lambda _: False)
    beyond_coding = lazy(lambda _: False)
    partial_codon = lazy(lambda _: False)
    at_start_codon = lazy(lambda _: False)
    start_lost = lazy(lambda _: False)
    start_retained = lazy(lambda _: False)
    start_whole = lazy(lambda _: False)
    at_stop_codon = lazy(lambda _: False)
    beside_stop_codon = lazy(lambda _: False)
