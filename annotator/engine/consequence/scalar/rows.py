"""Rows of CSQ for pairs of an allele and a transcript, one at a time: indels and other changes of coding sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from annotator.engine.consequence.allele import SYMBOLIC, Allele
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.scalar.hgvs_c import Fetch, shift_of, shifted, transcript_change
from annotator.engine.consequence.scalar.hgvs_p import protein_change
from annotator.engine.consequence.scalar.placement import overlap
from annotator.engine.consequence.scalar.structural import structural_terms
from annotator.engine.reference.transcript import Transcript


class Row(NamedTuple):
    """What CSQ says of one allele and one transcript: the terms as bits, and the texts of its fields."""

    terms: int
    exon: str = ""
    intron: str = ""
    hgvsc: str = ""
    hgvsp: str = ""
    cdna: str = ""
    cds: str = ""
    protein: str = ""
    amino_acids: str = ""
    codons: str = ""


def span(start: int | None, end: int | None) -> str:
    """Two positions as VEP writes them: one when they are the same, ``?`` for one that is not there."""
    if start is None and end is None:
        return ""
    if start is None or end is None:
        return f"{'?' if start is None else start}-{'?' if end is None else end}"
    return f"{start}" if start == end else f"{min(start, end)}-{max(start, end)}"


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
    t = effect.transcript
    at = None if effect.cdna_start is None else (effect.cdna_start - t.cdna_coding[0] + t.start_frame) % 3
    texts = []
    for codon, allele in zip(effect.codons, (effect.ref, effect.alt), strict=True):
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


class ExactRows:
    """Makes rows for the transcripts of one contig.

    Args:
        fetch: bases of the contig, from a start, so many.
        code: number of the genetic code.
    """

    def __init__(self, fetch: Fetch, code: int) -> None:
        self._fetch = fetch
        self._code = code
        self._shifts: dict[tuple[Allele, int], int] = {}

    def shift(self, allele: Allele, strand: int) -> int:
        """By how many bases an allele can move in a direction."""
        key = allele, strand
        if key not in self._shifts:
            if len(self._shifts) > 100_000:
                self._shifts.clear()
            self._shifts[key] = shift_of(allele, strand, self._fetch)
        return self._shifts[key]

    def load(self, transcript: Transcript) -> None:
        """Read the spliced sequence of a transcript."""
        fetch: Callable[[int, int], bytes] = lambda first, last: self._fetch(first, last - first + 1)  # noqa: E731
        transcript.load(fetch)

    def effect(self, allele: Allele, transcript: Transcript) -> Effect:
        """The effect of an allele on a transcript that it lies within."""
        if transcript.coding:
            self.load(transcript)
        shift = 0 if allele.kind == SYMBOLIC else self.shift(allele, transcript.strand)
        return Effect(allele, transcript, self._code, shift=shift)

    def row(self, allele: Allele, transcript: Transcript) -> Row:
        """The row of an allele and a transcript that it lies within."""
        effect = self.effect(allele, transcript)
        numbers = {
            "exon": exon_numbers(transcript, allele.start, allele.end) if effect.exonic else "",
            "intron": intron_numbers(transcript, allele.start, allele.end),
        }
        if allele.kind == SYMBOLIC and effect.complete:
            return Row(structural_terms(effect))
        if allele.kind == SYMBOLIC:
            texts = self._positions(effect) if effect.exonic else {}
            return Row(structural_terms(effect), **numbers, **texts)
        shift, moved = effect.shift, effect
        if (shift and effect.coding) or effect.shifts_into_start_codon:
            moved = Effect(shifted(allele, transcript.strand, shift, self._fetch), transcript, self._code)
        judged = effect
        if (effect.at_start_codon or effect.shifts_into_start_codon) and not (effect.boundary or moved.boundary):
            # One molecule has one answer, whichever spelling the file has: that of the most 3' one.
            judged = moved
        # Behind a slip of the ribosome positions in the coding sequence depend on who counts.
        name = "" if effect.behind_slip else transcript_change(effect, shift, self._fetch)
        texts = {"hgvsc": name and f"{transcript.id}:{name}"}
        if effect.exonic:
            texts |= self._positions(effect)
        if effect.coding and not (effect.behind_slip or judged.start_whole):
            texts["amino_acids"], texts["codons"] = _amino_acids(effect), _codons(effect)
            if allele.plain:
                protein = protein_change(judged, moved)
                texts["hgvsp"] = protein and f"{transcript.protein}:{protein.replace('=', '%3D')}"
        return Row(judged.terms, **numbers, **texts)

    def row_inside(self, allele: Allele, t: Transcript, exon: int) -> Row:
        """The row of an allele that lies, and can be moved, well inside the coding part of an exon."""
        self.load(t)
        effect = moved = Effect(allele, t, self._code, exon)
        shift = self.shift(allele, t.strand)
        if shift:
            moved = Effect(shifted(allele, t.strand, shift, self._fetch), t, self._code, exon)
        name = transcript_change(effect, shift, self._fetch)
        protein = protein_change(effect, moved) if allele.plain else ""
        count = len(t.exons)
        return Row(
            effect.terms,
            exon=f"{exon + 1 if t.strand > 0 else count - exon}/{count}",
            hgvsc=name and f"{t.id}:{name}",
            hgvsp=protein and f"{t.protein}:{protein.replace('=', '%3D')}",
            amino_acids=_amino_acids(effect),
            codons=_codons(effect),
            **self._positions(effect),
        )

    def _positions(self, effect: Effect) -> dict[str, str]:
        found = {"cdna": span(effect.cdna_start, effect.cdna_end)}
        if effect.coding and not effect.behind_slip:
            found["cds"] = span(effect.cds_start, effect.cds_end)
            found["protein"] = span(effect.protein_start, effect.protein_end)
        return found
