"""One alternate allele, without what it shares with the reference, and comparisons of alleles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from annotator.engine.affixes import common_prefix, common_suffix

Interval = tuple[int, int]

PLAIN = frozenset("ACGT")
_DIFFERING = re.compile(rb"[^\0]+")
SUBSTITUTION, INSERTION, DELETION, OTHER, SYMBOLIC = range(5)
"""Kinds of alleles; only pure insertions and deletions are shifted for HGVS."""


@dataclass(frozen=True)
class Allele:
    """One alternate allele on the forward strand.

    ``ref`` and ``alt`` are what is replaced and what replaces it, each empty where there is nothing. An insertion has
    ``start == end + 1``. ``kind`` is one of those above. ``sized`` is false for symbolic
    alleles whose length is not known exactly.
    """

    start: int
    end: int
    ref: str
    alt: str
    kind: int
    sized: bool = True

    @classmethod
    def trimmed(cls, start: int, ref: str, alt: str) -> Allele:
        """The allele of bases that take the place of others, without what both share; all of it if they are equal."""
        shared, less_ref, less_alt = minimal(ref, alt)
        if less_ref or less_alt:
            start, ref, alt = start + shared, less_ref, less_alt
        kind = SUBSTITUTION if len(ref) == len(alt) == 1 else INSERTION if not ref else OTHER if alt else DELETION
        return cls(start, start + len(ref) - 1, ref, alt, kind)

    @property
    def plain(self) -> bool:
        """Whether the alternate bases are all known."""
        return PLAIN.issuperset(self.alt)

    def regions(self) -> list[Interval]:
        """Ranges of the genome that are changed: base by base where the alleles are equally long, else as a whole.

        VEP compares alleles of different lengths base by base, too, from the left, and goes on behind the shorter one:
        its answer depends on the strand of the reference, and may be for bases that are not replaced.
        """
        ref, alt = self.ref, self.alt
        if len(ref) != len(alt) or len(ref) == 1:
            return [(self.start, self.end)]
        return _differences(self.start, ref, alt)


@lru_cache(maxsize=8)  # each transcript asks again
def _differences(start: int, ref: str, alt: str) -> list[Interval]:
    """Ranges in which two alleles of one length that begin at ``start`` differ."""
    one, two = (int.from_bytes(text.encode("ascii", "replace"), "big") for text in (ref, alt))
    differs = (one ^ two).to_bytes(len(ref), "big")
    return [(start + found.start(), start + found.end() - 1) for found in _DIFFERING.finditer(differs)]


def overlap(start: int, end: int, first: int, last: int) -> bool:
    """Whether two ranges meet; an insertion, with ``start == end + 1``, meets one that holds both its neighbours."""
    return end >= first and start <= last


def minimal(ref: str, alt: str) -> tuple[int, str, str]:
    """How many bases two alleles share at their start, and the alleles without what they share at start and end."""
    shared = common_prefix(ref, alt)
    ref, alt = ref[shared:], alt[shared:]
    at_end = common_suffix(ref, alt)
    return shared, ref[: len(ref) - at_end], alt[: len(alt) - at_end]
