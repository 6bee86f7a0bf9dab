"""Alternate alleles as Ensembl VEP sees them.

Where the lengths differ, an only alternate allele loses all that it shares with REF at its start, then at its end;
several lose the first base, when all of them have it. Alleles as long as REF stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

Interval = tuple[int, int]

PLAIN = frozenset("ACGT")
#: Kinds of alleles; only pure insertions and deletions are shifted for HGVS.
SUBSTITUTION, INSERTION, DELETION, OTHER, SYMBOLIC = range(5)


@dataclass(frozen=True)
class Allele:
    """One alternate allele on the forward strand.

    ``ref`` and ``alt`` are what is replaced and what replaces it, each empty where there is nothing. An insertion has
    ``start == end + 1``. ``kind`` says what the alleles of the whole record are. ``sized`` is false for symbolic
    alleles of unknown length.
    """

    start: int
    end: int
    ref: str
    alt: str
    kind: int
    sized: bool = True

    @property
    def plain(self) -> bool:
        """Whether the alternate bases are all known."""
        return PLAIN.issuperset(self.alt)

    def regions(self) -> list[Interval]:
        """Ranges of the genome in which the alleles differ, base by base."""
        ref, alt = self.ref, self.alt
        if len(ref) <= 1 or len(alt) <= 1:
            return [(self.start, self.end)]
        found: list[Interval] = []
        for at in range(max(len(ref), len(alt))):
            if ref[at : at + 1] != alt[at : at + 1]:
                here = self.start + at
                if found and found[-1][1] == here - 1:
                    found[-1] = (found[-1][0], here)
                else:
                    found.append((here, here))
        return found


def minimal(ref: str, alt: str) -> tuple[int, str, str]:
    """How many bases two alleles share at their start, and the alleles without what they share at start and end."""
    shared = 0
    while shared < min(len(ref), len(alt)) and ref[shared] == alt[shared]:
        shared += 1
    ref, alt = ref[shared:], alt[shared:]
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return shared, ref, alt
