"""A change at a place of the reference, and its allele: the bases checked, normalised, as VCF writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from annotator.engine.normalise import Allele, Fetch, normalise
from annotator.engine.reference.bundle import Contig, Sequence
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.variant_list.notation import Edit, Stated, UnresolvedError

LONGEST = 500_000
"""Bases that a change may replace, repeat or invert: alleles are written out."""
_OTHER = re.compile(rb"[^ACGTN]")
"""Bases of REF that VCF does not know."""
_KNOWN = frozenset(b"ACGT")
_QUOTED = 40


class BasesDifferError(UnresolvedError):
    """The reference has other bases than a line states."""


@dataclass(frozen=True)
class GenomicChange:
    """A change of the forward strand whose place is known; the bases of the reference have not been read.

    Attributes:
        contig: canonical name.
        start: the first changed base, 1-based; of an insertion the base after it.
        length: number of changed bases; 0 for an insertion.
        edit: what happens to them.
        stated: what the line says of them.
        inserted: the new bases, of ``delins`` and ``ins``.
        hint: what to do where the reference has other bases.
    """

    contig: str
    start: int
    length: int
    edit: Edit
    stated: Stated
    inserted: str
    hint: str = ""


def allele_of(change: GenomicChange, contig: Contig, sequence: Sequence) -> Allele:
    """The normalised allele of a change.

    Args:
        change: what happens where.
        contig: on which it happens.
        sequence: of the reference; calls in the order of positions are quick.

    Raises:
        BasesDifferError: the reference has other bases than stated.
        UnresolvedError: it is outside the contig, or nothing changes.
    """
    start, length = change.start, change.length
    if start < 1 or start + length - 1 > contig.length or start > contig.length + 1:
        raise UnresolvedError(
            f"The position is outside {contig.name}, which has {contig.length:,} bases.", change.hint
        )
    if length > LONGEST:
        raise UnresolvedError(
            f"The change takes in {length:,} bases; {LONGEST:,} is the limit.",
            "Send it in a VCF file, as a symbolic allele such as <DEL> or <DUP>.",
        )
    fetch = partial(sequence.fetch, contig.name)
    ref = fetch(start, length) if length else b""
    _check(change, ref.decode("ascii"))
    alt = _altered(change, ref)
    if not set(alt) <= _KNOWN:
        raise UnresolvedError("The new bases are not all known.", "Write A, C, G or T.")
    if alt == ref:
        raise UnresolvedError("The new bases are those of the reference: nothing changes.")
    return _spelled(start, ref, alt, fetch)


def _spelled(start: int, ref: bytes, alt: bytes, fetch: Fetch) -> Allele:
    """An allele as VCF writes it: with a base before an insertion or deletion, normalised, and ALT of known bases."""
    if start > 1:
        base = fetch(start - 1, 1)
        pos, left, right = normalise(start - 1, base + ref, base + alt, fetch)
        if set(right) <= _KNOWN:
            return pos, _OTHER.sub(b"N", left), right
    # At the start of a contig, and beside an unknown base, a base after it takes its place.
    if not ref or not alt:
        base = fetch(start + len(ref), 1)
        if not base or not set(base) <= _KNOWN:
            raise UnresolvedError("The reference has no known base beside the change, which VCF needs.")
        ref, alt = ref + base, alt + base
    if start == 1:
        start, ref, alt = normalise(start, ref, alt, fetch)
    return start, _OTHER.sub(b"N", ref), alt


def _check(change: GenomicChange, ref: str) -> None:
    """Compare the bases of the reference with what the line says of them."""
    stated = change.stated
    count = len(stated) if isinstance(stated, str) else stated
    if count is not None and count != len(ref):
        raise UnresolvedError(
            f"The positions take in {len(ref):,} base{'s' * (len(ref) != 1)}, and the line says {count:,}.",
            "Check the positions.",
        )
    if isinstance(stated, str) and stated != ref:
        where = f"{change.contig}:{change.start:,}".replace(",", "")
        raise BasesDifferError(
            f"The line says {_quoted(stated)}, and the reference has {_quoted(ref)} "
            f"(forward strand, from {where}).",
            change.hint or "Check that the list was written for this reference.",
        )


def _altered(change: GenomicChange, ref: bytes) -> bytes:
    if change.edit == "dup":
        return ref * 2
    if change.edit == "inv":
        return reverse_complement(ref.decode("ascii")).encode()
    return change.inserted.encode()


def _quoted(bases: str) -> str:
    return bases if len(bases) <= _QUOTED else f"{bases[:_QUOTED]}…"
