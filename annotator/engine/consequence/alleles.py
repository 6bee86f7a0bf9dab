"""Alternate alleles as Ensembl VEP sees them: without the base that all alleles of a record share at their start."""

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
    ``start == end + 1``. ``kind`` says what the alleles of the whole record are.
    """

    start: int
    end: int
    ref: str
    alt: str
    kind: int

    @property
    def text(self) -> str:
        """The allele as CSQ names it."""
        return self.alt or "-"

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


def trimmed(position: int, ref: str, alts: list[str]) -> tuple[int, str, list[str]]:
    """Position and alleles of a record without the shared first base, when their lengths differ.

    ``*`` takes no part in the comparison.
    """
    plain = [alt for alt in alts if "*" not in alt]
    if all(len(alt) == len(ref) for alt in plain) or any(alt[:1] != ref[:1] for alt in plain):
        return position, ref, alts
    return position + 1, ref[1:], [alt if "*" in alt else alt[1:] for alt in alts]


def kind_of(ref: str, alts: list[str]) -> int:
    """Kind of a record from its trimmed alleles."""
    if any("*" in alt or "<" in alt or "[" in alt or "]" in alt for alt in alts):
        return OTHER
    if len(ref) == 1 and all(len(alt) == 1 for alt in alts):
        return SUBSTITUTION
    if not ref and all(alts):
        return INSERTION
    if ref and not any(alts):
        return DELETION
    return OTHER
