"""Alternate alleles as Ensembl VEP sees them.

Where the lengths differ, an only alternate allele loses all that it shares with REF at its start, then at its end;
several lose the first base, when all of them have it. Alleles as long as REF stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from annotator.engine.affixes import common_prefix, common_suffix

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
        return _differences(self.start, ref, alt)


@lru_cache(maxsize=8)  # each transcript asks again
def _differences(start: int, ref: str, alt: str) -> list[Interval]:
    """Ranges in which two alleles that begin at ``start`` differ; what one has beyond the other's end differs."""
    one, two = (np.frombuffer(text.encode("ascii", "replace"), np.uint8) for text in (ref, alt))
    short, long = sorted((len(one), len(two)))
    differs = np.ones(long + 2, bool)
    differs[0] = differs[-1] = False
    differs[1 : short + 1] = one[:short] != two[:short]
    edges = np.diff(differs.view(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip((first + start).tolist(), (last + start).tolist(), strict=True))


def minimal(ref: str, alt: str) -> tuple[int, str, str]:
    """How many bases two alleles share at their start, and the alleles without what they share at start and end."""
    shared = common_prefix(ref, alt)
    ref, alt = ref[shared:], alt[shared:]
    at_end = common_suffix(ref, alt)
    return shared, ref[: len(ref) - at_end], alt[: len(alt) - at_end]
