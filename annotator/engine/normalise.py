"""One spelling for one variant: alleles trimmed and left-aligned.

Callers write the same insertion or deletion in several ways (``T>TC`` at 302 or ``C>CC`` at 309 of the human
mitochondrion). Known variants are looked up by the normalised spelling, as defined by Tan, Abecasis and Kang,
"Unified representation of genetic variants", Bioinformatics 31(13), 2015.
"""

from __future__ import annotations

from collections.abc import Callable

from annotator.engine.affixes import common_prefix, common_suffix

Allele = tuple[int, bytes, bytes]
"""(position, REF, ALT); the position is 1-based, the alleles are upper-case bases."""

Fetch = Callable[[int, int], bytes]
"""Gives so many reference bases from a 1-based position on."""

_WINDOW = 64
"""Bases in front of an allele that are read first; twice as many each time while the allele can be moved over them."""


def normalise(pos: int, ref: bytes, alt: bytes, fetch: Fetch) -> Allele:
    """Return the trimmed, left-aligned spelling of one allele, in time linear in its length and in how far it moves.

    Args:
        pos: 1-based position of the first base of ``ref``.
        ref: reference allele, upper case, equal to the reference sequence at ``pos``.
        alt: alternate allele, upper case bases only.
        fetch: gives so many reference bases from a 1-based position on; asked only for positions before ``pos``.

    Returns:
        The same change with shared ends removed and, for an insertion or deletion, moved as far to the left as the
        sequence allows. Both alleles keep at least one base. An allele equal to the reference comes back unchanged.
    """
    if len(ref) == 1 and len(alt) == 1:
        return pos, ref, alt
    if ref == alt:
        return pos, ref, alt
    at_end = min(common_suffix(ref, alt), len(ref) - 1, len(alt) - 1)
    ref, alt = ref[: len(ref) - at_end], alt[: len(alt) - at_end]
    if ref[-1] == alt[-1] and pos > 1:
        return _moved_left(pos, ref, alt, fetch)
    at_start = min(common_prefix(ref, alt), len(ref) - 1, len(alt) - 1)
    return pos + at_start, ref[at_start:], alt[at_start:]


def _moved_left(pos: int, ref: bytes, alt: bytes, fetch: Fetch) -> Allele:
    """Move an insertion or deletion to the left as far as it goes.

    One of the alleles is a single base, with which the other one ends. Each step puts the base in front of both and
    takes the last one of both away: the longer allele is a window on the sequence in front of ``pos`` followed by its
    own bases, which goes on to the left while the base that it takes in is the one that it leaves behind.
    """
    longer = max(ref, alt, key=len)
    width, before = _WINDOW, b""
    while True:
        size = min(width, pos - 1)
        before = fetch(pos - size, size)
        # The step to a base is followed by another one where it equals the base that many places behind.
        by = 1 + common_suffix(before, (before + longer[:-1])[-size:])
        if by <= size or size == pos - 1:
            break
        width *= 2
    by = min(by, pos - 1)
    text = before + longer
    at = len(before) - by
    text, single = text[at : at + len(longer)], text[at : at + 1]
    return (pos - by, single, text) if len(alt) > len(ref) else (pos - by, text, single)
