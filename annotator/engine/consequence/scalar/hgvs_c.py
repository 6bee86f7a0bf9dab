"""Names of changes after the HGVS nomenclature, on a transcript (``c.`` and ``n.``), in the forms that VEP writes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.consequence.allele import DELETION, INSERTION, SUBSTITUTION, Allele
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Transcript

#: Bases on either side in which an insertion or deletion is shifted, as in Ensembl VEP.
REACH = 1000
#: Gives the bases of the forward strand from a start to an end.
Fetch = Callable[[int, int], bytes]


@dataclass
class Change:
    """A change in positions of a sequence; ``start`` is ``end + 1`` for an insertion."""

    start: int
    end: int
    ref: str
    alt: str
    type: str = ""
    #: What was cut off at the start of both alleles, and the reference before the cut; None when nothing was looked at.
    prefix: str = ""
    original: str | None = None


def clip(change: Change, protein: bool) -> None:
    """Cut off what both alleles have at their start, then at their end, and tell the type of what is left."""
    change.original = change.ref
    ref, alt = change.ref, change.alt
    shared = common_prefix(ref, alt)
    stop = ref.find("*", 0, shared) if protein else -1
    if stop >= 0:
        shared = stop
    change.prefix += ref[:shared]
    change.start += shared
    if stop >= 0:
        change.type = "="
        return
    ref, alt = ref[shared:], alt[shared:]
    at_end = common_suffix(ref, alt)
    ref, alt = ref[: len(ref) - at_end], alt[: len(alt) - at_end]
    change.end -= at_end
    change.ref, change.alt = ref, alt
    if len(ref) == len(alt) == 1 and ref != "-":
        change.type = ">"
    elif not ref and alt:
        change.type = "ins"
        if not protein and change.prefix.endswith(alt):
            change.type = "dup"
            change.start -= len(alt)
    elif ref and not alt:
        change.type = "del"


def shift_of(allele: Allele, strand: int, fetch: Fetch) -> int:
    """By how many bases an insertion or deletion can move in the direction of a transcript and stay the same change."""
    if allele.kind not in (INSERTION, DELETION):
        return 0
    moved = allele.alt if allele.kind == INSERTION else allele.ref
    size = len(moved)
    limit = REACH - size + 1 if size <= REACH else REACH
    # Most move by a few bases at most: a short look first.
    for reach in (min(50, limit), limit):
        if strand > 0:
            after = fetch(allele.end + 1 if allele.kind == DELETION else allele.start, reach).decode("ascii")
            pattern = (moved * (len(after) // size + 1))[: len(after)]
        else:
            first = max(1, allele.start - reach)
            after = fetch(first, allele.start - first).decode("ascii")[::-1]
            pattern = (moved[::-1] * (len(after) // size + 1))[: len(after)]
        shift = common_prefix(after, pattern)
        if shift < reach:
            break
    return shift


def shifted(allele: Allele, strand: int, shift: int, fetch: Fetch) -> Allele:
    """The same change, moved in the direction of a transcript."""
    if not shift:
        return allele
    by = shift * strand
    start, end = allele.start + by, allele.end + by
    if allele.kind == DELETION:
        return replace(allele, start=start, end=end, ref=fetch(start, end - start + 1).decode("ascii"))
    turn = shift % len(allele.alt) * strand
    return replace(allele, start=start, end=end, alt=allele.alt[turn:] + allele.alt[:turn])


def position_in(transcript: Transcript, position: int) -> tuple[str, int, int, bool]:
    """Name of a base of the genome within a transcript.

    Returns:
        the name, and to compare with others: position in the coding sequence or transcript, offset into an intron,
        and whether it lies behind the coding sequence (``*``).
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
    suffix = f"{offset:+d}" if offset else ""
    if not transcript.coding:
        return f"{cdna}{suffix}", cdna, offset, False
    first, last = transcript.cdna_coding
    if cdna > last:
        return f"*{cdna - last}{suffix}", cdna - last, offset, True
    number = cdna - first + (cdna >= first)
    return f"{number}{suffix}", number, offset, False


def transcript_change(effect: Effect, shift: int, fetch: Fetch) -> str:
    """HGVS name of a change on a transcript, without the transcript; empty where there is none.

    Args:
        effect: the change and its transcript.
        shift: what :func:`shift_of` gives.
        fetch: bases of the forward strand, from a start, so many.
    """
    t, allele = effect.transcript, effect.allele
    if not allele.plain or min(allele.start, allele.end) < t.start or max(allele.start, allele.end) > t.end:
        return ""
    moved = shifted(allele, t.strand, shift, fetch)
    forward = t.strand > 0
    # Positions along the unspliced transcript, from 1.
    begin = moved.start - t.start + 1 if forward else t.end - moved.end + 1
    until = moved.end - t.start + 1 if forward else t.end - moved.start + 1
    if until > t.end - t.start + 1:
        return ""

    def bases(start: int, end: int) -> str:
        if start > end or start < 1:
            return ""
        if forward:
            return fetch(t.start + start - 1, end - start + 1).decode("ascii")
        return reverse_complement(fetch(t.end - end + 1, end - start + 1).decode("ascii"))

    change = Change(begin, until, bases(begin, until), moved.alt if forward else reverse_complement(moved.alt))
    if change.ref == change.alt:
        return ""
    _tell(change, bases)
    if change.type != "dup":
        clip(change, protein=False)
    if allele.kind == SUBSTITUTION and effect.exonic and effect.cds_start is not None:
        names = [str(effect.cds_start)] * 2
    else:
        ends = []
        for one in (change.start, change.end):
            if not 1 <= one <= t.end - t.start + 1:
                return ""
            ends.append(position_in(t, t.start + one - 1 if forward else t.end - one + 1))
        if ends[0][1:3] > ends[1][1:3] and not ends[1][3]:
            ends.reverse()
        names = [ends[0][0], ends[1][0]]
    where = names[0] if names[0] == names[1] else "_".join(names)
    return ("c." if t.coding else "n.") + _format(change, where)


def _tell(change: Change, bases: Callable[[int, int], str]) -> None:
    ref, alt = change.ref, change.alt
    if not alt:
        change.type = "del"
    elif len(ref) == len(alt):
        change.type = ">" if len(ref) == 1 else "inv" if alt == reverse_complement(ref) else "delins"
    elif not ref:
        start, end, size = change.start, change.end, len(alt)
        if bases(end + 1, end + size) == alt:
            change.type, change.end = "dup", start + size - 1
        elif bases(end - size + 1, end) == alt:
            change.type, change.start = "dup", end - size + 1
        else:
            change.type, change.start, change.end = "ins", end, start
    elif len(alt) == 2 * len(ref) and alt == ref * 2:
        change.type = "dup"
    else:
        change.type = "delins"


def _format(change: Change, where: str) -> str:
    if change.type == ">":
        return f"{where}{change.ref}>{change.alt}"
    if change.type in ("del", "dup", "inv"):
        return where + change.type
    return f"{where}{change.type}{change.alt}"
