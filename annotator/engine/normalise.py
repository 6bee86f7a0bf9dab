"""One spelling for one variant: alleles trimmed and left-aligned.

Callers write the same insertion or deletion in several ways (``T>TC`` at 302 or ``C>CC`` at 309 of the human
mitochondrion). Known variants are looked up by the normalised spelling, as defined by Tan, Abecasis and Kang,
"Unified representation of genetic variants", Bioinformatics 31(13), 2015.
"""

from __future__ import annotations

from collections.abc import Callable

#: (position, REF, ALT); the position is 1-based, the alleles are upper-case bases.
Allele = tuple[int, bytes, bytes]

#: Gives the reference base at a 1-based position.
BaseAt = Callable[[int], bytes]


def normalise(pos: int, ref: bytes, alt: bytes, base_at: BaseAt) -> Allele:
    """Return the trimmed, left-aligned spelling of one allele.

    Args:
        pos: 1-based position of the first base of ``ref``.
        ref: reference allele, upper case, equal to the reference sequence at ``pos``.
        alt: alternate allele, upper case bases only.
        base_at: gives the reference base at a 1-based position; asked only for positions before ``pos``.

    Returns:
        The same change with shared ends removed and, for an insertion or deletion, moved as far to the left as the
        sequence allows. Both alleles keep at least one base. An allele equal to the reference comes back unchanged.
    """
    if len(ref) == 1 and len(alt) == 1:
        return pos, ref, alt
    if ref == alt:
        return pos, ref, alt
    while ref[-1] == alt[-1]:
        if len(ref) > 1 and len(alt) > 1:
            ref, alt = ref[:-1], alt[:-1]
        elif pos > 1:
            before = base_at(pos - 1)
            ref, alt, pos = before + ref[:-1], before + alt[:-1], pos - 1
        else:
            break
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    return pos, ref, alt
