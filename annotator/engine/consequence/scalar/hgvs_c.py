"""HGVS descriptions of changes of transcripts (``c.`` and ``n.``), one at a time.

https://hgvs-nomenclature.org/stable/recommendations/DNA/, in the forms that VEP writes (``hgvs_transcript`` of
``TranscriptVariationAllele``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.consequence.allele import DELETION, INSERTION, SUBSTITUTION, SYMBOLIC, Allele
from annotator.engine.consequence.hgvs import HgvsC, Position
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.scalar.structural import is_shiftable
from annotator.engine.consequence.three_prime_shift import rotate, shift_length
from annotator.engine.normalise import stretch_shift
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Fetch, Transcript

_NEAR = 50
"""Bases behind a change that are compared first to shift it; twice as many each time while all of them repeat it."""


@dataclass
class Change:
    """A change while its description is worked out, in positions of a sequence of bases or amino acids.

    Attributes:
        start: first residue, 1-based; ``end + 1`` for an insertion until its kind is known.
        end: last residue, inclusive.
        ref: residues that are replaced.
        alt: residues that replace them.
        kind: of HGVS: ``>``, ``del``, ``dup``, ``inv``, ``ins``, ``delins``, ``=``, ``fs``; empty while unknown.
        prefix: what :func:`clip` removed from the start of both.
        original: ``ref`` before that; None where nothing was clipped.
    """

    start: int
    end: int
    ref: str
    alt: str
    kind: str = ""
    prefix: str = ""
    original: str | None = None


def clip(change: Change, protein: bool) -> None:
    """Remove what both alleles share at their start, then at their end, and set the kind of what is left.

    As VEP's ``TranscriptVariationAllele::_clip_alleles``: in a protein nothing is removed from a stop on.
    """
    change.original = change.ref
    ref, alt = change.ref, change.alt
    shared = common_prefix(ref, alt)
    stop = ref.find("*", 0, shared) if protein else -1
    if stop >= 0:
        shared = stop
    change.prefix += ref[:shared]
    change.start += shared
    if stop >= 0:
        change.kind = "="
        return
    ref, alt = ref[shared:], alt[shared:]
    at_end = common_suffix(ref, alt)
    ref, alt = ref[: len(ref) - at_end], alt[: len(alt) - at_end]
    change.end -= at_end
    change.ref, change.alt = ref, alt
    if len(ref) == len(alt) == 1 and ref != "-":
        change.kind = ">"
    elif not ref and alt:
        change.kind = "ins"
        if not protein and change.prefix.endswith(alt):
            change.kind = "dup"
            change.start -= len(alt)
    elif ref and not alt:
        change.kind = "del"


def genomic_shift(allele: Allele, strand: int, fetch: Fetch, circumference: int = 0) -> int:
    """By how many bases an allele can be shifted towards the 3' end of transcripts of a strand; 0 for other kinds.

    Args:
        allele: of any kind; pure insertions and deletions of known bases are shifted, and their symbols.
        strand: 1 or -1.
        fetch: bases of the contig, around the origin of a circular one.
        circumference: length in bases of a circular contig, 0 for a linear one. Alleles are shifted across its origin.
    """
    if allele.kind == SYMBOLIC and allele.sized and is_shiftable(allele.alt):
        size = allele.end - allele.start + 1
        most = max(0, circumference - size) if circumference else LARGEST_POSITION if strand > 0 else allele.start - 1
        return stretch_shift(allele.start, allele.end, strand, fetch, most)
    if allele.kind not in (INSERTION, DELETION):
        return 0
    unit = allele.alt if allele.kind == INSERTION else allele.ref
    if unit.strip("ACGT"):
        return 0
    reach, limit = _NEAR, max(0, circumference - len(unit)) if circumference else None
    while True:
        reach = reach if limit is None else min(reach, limit)
        if strand > 0:
            following = fetch(allele.end + 1 if allele.kind == DELETION else allele.start, reach).decode("ascii")
            shift = shift_length(unit, following)
        else:
            first = max(1 - circumference, allele.start - reach)
            following = fetch(first, allele.start - first).decode("ascii")
            shift = shift_length(unit[::-1], following[::-1])
        if shift < reach or reach == limit:
            return shift
        reach *= 2


def shifted(allele: Allele, strand: int, shift: int, fetch: Fetch) -> Allele:
    """The same change, shifted by ``shift`` bases towards the 3' end of transcripts of a strand."""
    if not shift:
        return allele
    by = shift * strand
    start, end = allele.start + by, allele.end + by
    if allele.kind == DELETION:
        return replace(allele, start=start, end=end, ref=fetch(start, end - start + 1).decode("ascii"))
    alt = allele.alt if allele.kind == SYMBOLIC else rotate(allele.alt, by)
    return replace(allele, start=start, end=end, alt=alt)


class StrandedBases:
    """Bases of a contig along a strand.

    Positions are those of the genome, 1-based and inclusive, and on the reverse strand their negatives, so that they
    ascend in the direction of the strand.

    Args:
        fetch: bases of the contig, around the origin of a circular one.
        strand: 1 or -1.
        circumference: length in bases of a circular contig, 0 for a linear one.
    """

    def __init__(self, fetch: Fetch, strand: int, circumference: int = 0) -> None:
        self.fetch = fetch
        self._forward = strand > 0
        self._lowest = 1 - circumference

    def along(self, start: int, end: int) -> tuple[int, int]:
        """A range of the genome along the strand, or the other way round."""
        return (start, end) if self._forward else (-end, -start)

    def change(self, allele: Allele) -> Change:
        """An allele along the strand, with the bases of the reference that it replaces."""
        start, end = self.along(allele.start, allele.end)
        return Change(start, end, self(start, end), allele.alt if self._forward else reverse_complement(allele.alt))

    def __call__(self, start: int, end: int) -> str:
        """Bases of a range along the strand; none where it begins in front of the contig."""
        first, last = self.along(start, end)
        if not self._lowest <= first <= last:
            return ""
        bases = self.fetch(first, last - first + 1).decode("ascii")
        return bases if self._forward else reverse_complement(bases)


def position_in(transcript: Transcript, position: int) -> Position:
    """A base of the genome (1-based) as HGVS numbers it in a transcript: an intron's by the nearest base of an exon.

    See https://hgvs-nomenclature.org/stable/background/numbering/; VEP's ``_get_cDNA_position``.
    """
    exons, forward = transcript.exons, transcript.strand > 0
    at = bisect_left(transcript.exon_ends, position)
    anchor, offset = position, 0
    if position < exons[at][0]:
        left, right = exons[at - 1][1], exons[at][0]
        up, down = position - left, right - position
        nearer_left = up < down or (up == down and forward)
        anchor = left if nearer_left else right
        offset = (up if nearer_left else -down) if forward else (-up if nearer_left else down)
    cdna = transcript.cdna(anchor)
    if not transcript.coding:
        return Position(cdna, offset)
    last = transcript.cdna_coding[1]
    if cdna > last:
        return Position(cdna - last, offset, after_stop=True)
    number, skipped = transcript.coding_number(cdna)
    return Position(number, offset or skipped)


def describe_on_transcript(effect: Effect, shift: int, bases: StrandedBases) -> HgvsC | None:
    """HGVS description of a change of a transcript; None where there is none.

    Args:
        effect: the change and its transcript.
        shift: what :func:`genomic_shift` gives.
        bases: of the contig, along the strand of the transcript.
    """
    t, allele = effect.transcript, effect.allele
    if not allele.plain or min(allele.start, allele.end) < t.start or max(allele.start, allele.end) > t.end:
        return None
    first, last = bases.along(t.start, t.end)
    change = bases.change(shifted(allele, t.strand, shift, bases.fetch))
    if change.end > last or change.ref == change.alt:
        return None
    set_kind(change, lambda start, end: bases(start, end) if start >= first else "")
    if change.kind != "dup":
        clip(change, protein=False)
    if allele.kind == SUBSTITUTION and effect.exonic and effect.cds_start is not None and not t.slips:
        start = end = Position(effect.cds_start)
    elif first <= min(change.start, change.end) and max(change.start, change.end) <= last:
        start, end = (position_in(t, abs(one)) for one in (change.start, change.end))
    else:
        return None
    if start[:2] > end[:2] and not end.after_stop:
        start, end = end, start
    ref = change.ref if change.kind == ">" else ""
    return HgvsC(start, end, change.kind, ref, "" if change.kind in ("del", "dup", "inv") else change.alt)


def set_kind(change: Change, bases: Callable[[int, int], str]) -> None:
    """Set the kind of a change that is shifted, and the bases that HGVS names: of a duplication those it repeats.

    Args:
        change: along the strand of the transcript; changed in place.
        bases: gives those of a range along that strand.
    """
    ref, alt = change.ref, change.alt
    if not alt:
        change.kind = "del"
    elif len(ref) == len(alt):
        change.kind = ">" if len(ref) == 1 else "inv" if alt == reverse_complement(ref) else "delins"
    elif not ref:
        start, end, size = change.start, change.end, len(alt)
        if bases(end + 1, end + size) == alt:
            change.kind, change.end = "dup", start + size - 1
        elif bases(end - size + 1, end) == alt:
            change.kind, change.start = "dup", end - size + 1
        else:
            change.kind, change.start, change.end = "ins", end, start
    elif len(alt) == 2 * len(ref) and alt == ref * 2:
        change.kind = "dup"
    else:
        change.kind = "delins"
