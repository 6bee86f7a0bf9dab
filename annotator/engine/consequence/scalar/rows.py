"""Rows of CSQ for overlaps of an allele with a transcript, one at a time: indels, other changes of coding sequence."""

from __future__ import annotations

from typing import Any, NamedTuple

from annotator.engine.consequence.allele import SYMBOLIC, Allele, overlap
from annotator.engine.consequence.hgvs import HgvsC, HgvsP
from annotator.engine.consequence.scalar.effect import Effect, EffectInsideExon
from annotator.engine.consequence.scalar.hgvs_c import StrandedBases, describe_on_transcript, genomic_shift, shifted
from annotator.engine.consequence.scalar.hgvs_p import describe_on_protein
from annotator.engine.consequence.scalar.structural import structural_terms, written_out
from annotator.engine.reference.transcript import Fetch, Transcript

Span = tuple[int | None, int | None] | None
"""First and last position, None for one that the transcript does not have; None for a field that is empty."""

_MOST_BASES = 10_000_000
"""Bases of the alleles that are remembered with how far they shift."""


class ScalarRow(NamedTuple):
    """What CSQ says of one allele and one transcript.

    Attributes:
        terms: consequence terms as bits (:data:`annotator.engine.consequence.so_terms.BIT`).
        exon: numbers of the exons that are touched, of how many, as text.
        intron: the same of introns.
        hgvsc: description of the change of the transcript.
        hgvsp: description of the change of the protein.
        cdna: positions in the spliced transcript, 1-based and inclusive; start is end + 1 for an insertion.
        cds: positions in the coding sequence.
        protein: positions in the protein.
        amino_acids: before and after, as text.
        codons: before and after, as text.
    """

    terms: int
    exon: str = ""
    intron: str = ""
    hgvsc: HgvsC | None = None
    hgvsp: HgvsP | None = None
    cdna: Span = None
    cds: Span = None
    protein: Span = None
    amino_acids: str = ""
    codons: str = ""


def _numbers(found: list[int], total: int) -> str:
    if not found:
        return ""
    low, high = min(found), max(found)
    return f"{low}/{total}" if low == high else f"{low}-{high}/{total}"


def exon_numbers(t: Transcript, start: int, end: int) -> str:
    """Numbers of the exons that a change touches, of how many."""
    count = len(t.exons)
    found = [
        at + 1 if t.strand > 0 else count - at for at in t.exons_near(start, end) if overlap(start, end, *t.exons[at])
    ]
    return _numbers(found, count)


def intron_numbers(t: Transcript, start: int, end: int) -> str:
    """Numbers of the introns that a change touches, of how many."""
    count, near = len(t.exons) - 1, t.exons_near(start, end)
    found = [
        at + 1 if t.strand > 0 else count - at
        for at in range(near.start, near.stop - 1)
        if overlap(start, end, t.exons[at][1] + 1, t.exons[at + 1][0] - 1)
    ]
    return _numbers(found, count)


def _codons(effect: Effect) -> str:
    if effect.codons is None:
        return ""
    at = None if effect.cds_start is None else (effect.cds_start - 1) % 3
    texts = []
    for codon, allele in zip(effect.codons, (effect.as_read(effect.ref), effect.read_alt), strict=True):
        text = codon.lower()
        if at is not None and allele:
            text = text[:at] + text[at : at + len(allele)].upper() + text[at + len(allele) :]
        texts.append(text or "-")
    return "/".join(texts)


def _amino_acids(effect: Effect) -> str:
    if effect.peptides is None:
        return ""
    before, after = (one or "-" for one in effect.peptides)
    return before if before == after else f"{before}/{after}"


class ScalarRows:
    """Makes rows for the transcripts of one contig.

    Args:
        fetch: bases of the contig, around the origin of a circular one.
        code: number of the genetic code.
        circumference: length in bases of a circular contig, 0 for a linear one.
    """

    def __init__(self, fetch: Fetch, code: int, circumference: int = 0) -> None:
        self._fetch = fetch
        self._code = code
        self._circumference = circumference
        self.bases = {strand: StrandedBases(fetch, strand, circumference) for strand in (1, -1)}
        self._shifts: dict[tuple[Allele, int], int] = {}
        self._bases = 0

    def shift(self, allele: Allele, strand: int) -> int:
        """By how many bases an allele can be shifted towards the 3' end of transcripts of a strand."""
        key = allele, strand
        if key not in self._shifts:
            if len(self._shifts) > 100_000 or self._bases > _MOST_BASES:
                self._shifts.clear()
                self._bases = 0
            self._bases += len(allele.ref) + len(allele.alt)
            self._shifts[key] = genomic_shift(allele, strand, self._fetch, self._circumference)
        return self._shifts[key]

    def shifted(self, allele: Allele, strand: int) -> Allele:
        """An allele shifted as far as it goes towards the 3' end of transcripts of a strand."""
        return shifted(allele, strand, self.shift(allele, strand), self._fetch)

    def load(self, transcript: Transcript) -> None:
        """Read the spliced sequence of a transcript."""
        transcript.load(self._fetch)

    def effect(self, allele: Allele, transcript: Transcript) -> Effect:
        """The effect of an allele on a transcript that it lies within."""
        if transcript.coding:
            self.load(transcript)
        shift = back = 0
        if allele.kind != SYMBOLIC:
            shift = self.shift(allele, transcript.strand)
            if transcript.coding and not transcript.five_prime:
                back = self.shift(allele, -transcript.strand)
        return Effect(allele, transcript, self._code_of(transcript), shift=shift, back=back)

    def _code_of(self, transcript: Transcript) -> int:
        return transcript.genetic_code or self._code

    def row(self, allele: Allele, transcript: Transcript) -> ScalarRow:
        """The row of an allele and a transcript that it lies within."""
        if allele.kind == SYMBOLIC and not (allele.start <= transcript.start and transcript.end <= allele.end):
            allele = written_out(allele, transcript, self._fetch) or allele
        effect = self.effect(allele, transcript)
        fields: dict[str, Any] = {
            "exon": exon_numbers(transcript, allele.start, allele.end) if effect.exonic else "",
            "intron": intron_numbers(transcript, allele.start, allele.end),
        }
        if allele.kind == SYMBOLIC and effect.complete:
            return ScalarRow(structural_terms(effect))
        if effect.exonic:
            fields |= self._positions(effect)
        if allele.kind == SYMBOLIC:
            return ScalarRow(structural_terms(effect), **fields)
        shift, most_3prime = effect.shift, effect
        if (shift and effect.coding) or effect.shifts_into_start_codon:
            moved, back = shifted(allele, transcript.strand, shift, self._fetch), effect.back and effect.back + shift
            most_3prime = Effect(moved, transcript, effect.code, back=back)
        if most_3prime.at_slip:
            most_3prime = effect
        judged = effect
        if (effect.at_start_codon or effect.shifts_into_start_codon) and not (effect.boundary or most_3prime.boundary):
            # One molecule has one answer, whichever spelling the file has: that of the most 3' one.
            judged = most_3prime
        if judged.coding and not (effect.coding or judged.start_whole):
            fields |= self._positions(judged)
        shown = effect if effect.coding else judged
        fields["hgvsc"] = describe_on_transcript(effect, shift, self.bases[transcript.strand])
        if shown.coding and not (effect.at_slip or judged.start_whole):
            fields["amino_acids"], fields["codons"] = _amino_acids(shown), _codons(shown)
            if allele.plain and not effect.of_unknown_residue:
                fields["hgvsp"] = describe_on_protein(judged, most_3prime)
        return ScalarRow(judged.terms, **fields)

    def row_inside(self, allele: Allele, t: Transcript, exon: int) -> ScalarRow:
        """The row of an allele that lies well inside the coding part of an exon, and does so however it is shifted."""
        self.load(t)
        shift = self.shift(allele, t.strand)
        effect = most_3prime = EffectInsideExon(allele, t, self._code_of(t), exon)
        if shift:
            most_3prime = EffectInsideExon(shifted(allele, t.strand, shift, self._fetch), t, self._code_of(t), exon)
        count = len(t.exons)
        return ScalarRow(
            effect.terms,
            exon=f"{exon + 1 if t.strand > 0 else count - exon}/{count}",
            hgvsc=describe_on_transcript(effect, shift, self.bases[t.strand]),
            hgvsp=describe_on_protein(effect, most_3prime) if allele.plain else None,
            amino_acids=_amino_acids(effect),
            codons=_codons(effect),
            **self._positions(effect),
        )

    def _positions(self, effect: Effect) -> dict[str, Any]:
        found: dict[str, Any] = {"cdna": (effect.cdna_start, effect.cdna_end)}
        if effect.coding:
            found["cds"] = effect.cds_start, effect.cds_end
            found["protein"] = effect.protein_start, effect.protein_end
        return found
