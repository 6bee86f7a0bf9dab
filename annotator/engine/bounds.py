"""How long names and numbers of a user's file may be: everything that is kept, compared or shown has a bound.

Python refuses to read numbers of more than 4,300 digits, and takes quadratic time for shorter ones.
"""

from __future__ import annotations

LONGEST_NAME = 255
"""Characters of a contig's name, as many as SAM and the tools of the field take."""
LARGEST_POSITION = (1 << 31) - 1
"""The largest position that VCF's integers of 32 bits hold, and the longest contig of a reference."""
LARGEST_LENGTH = 10**12
"""The largest length of a contig that is believed: more bases than any genome has."""
LARGEST_NUMBER = (1 << 62) - 1
"""The largest whole number of any kind: what 64 bits hold, with room to add two of them."""
MOST_ALLELES, MOST_ALT_BASES = 10_000, 1_000_000
"""Alternate alleles of a record that is annotated, and bases in them."""
MOST_REF_BASES = 16_000_000
"""Bases of REF of such a record, counted once for each alternate allele: each is compared with it."""


def whole_number(text: str | bytes, largest: int = LARGEST_NUMBER) -> int | None:
    """A whole number of a user's or an operator's text, without a sign.

    Args:
        text: what should be decimal digits; leading zeros are allowed.
        largest: number that is still taken.

    Returns:
        The number; None where the text is no number or a larger one.

    Example:
        >>> whole_number(b"0042"), whole_number(b"-1"), whole_number(b"9" * 5000)
        (42, None, None)
    """
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    if not raw.isdigit():
        return None
    digits = raw.lstrip(b"0") or b"0"
    if len(digits) > len(str(largest)):
        return None
    number = int(digits)
    return number if number <= largest else None


def too_large(ref: bytes, alt: bytes) -> bool:
    """Tell whether a record's alleles are too many or too long to be annotated.

    Args:
        ref: REF of the record.
        alt: all of ALT, its alleles separated by commas.
    """
    alleles = alt.count(b",") + 1
    return alleles > MOST_ALLELES or len(alt) - alleles + 1 > MOST_ALT_BASES or len(ref) * alleles > MOST_REF_BASES
