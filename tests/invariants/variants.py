"""Random variants of a slice, and other notations of them."""

from __future__ import annotations

import os
import random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from annotator.engine.consequence.allele import minimal
from tests.invariants.slices import Slice, Variant, made

BATCH = 100
"""Variants of one example: they are called together."""
RECORDS = int(os.environ.get("GAS_INVARIANT_RECORDS", "2000"))
SLICES = 8 if RECORDS <= 2000 else 64
Placement = tuple[int, str, str]
"""First base that is changed (1-based), bases that are removed and bases that are added."""
enough = settings(
    max_examples=max(1, RECORDS // BATCH),
    deadline=None,
    database=None,
    derandomize=RECORDS <= 2000,  # the same ones in each run of `make test`
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # the message names the variant: there is nothing to reduce
)
"""As many examples as make the records that are asked for."""
rules = st.booleans()
"""Whether insertions and deletions are called at their 3' end."""
slices = st.integers(0, SLICES - 1).map(made)
seeds = st.lists(st.integers(0, 2**31 - 1), min_size=BATCH, max_size=BATCH)
"""Numbers that variants are made from."""


def variant(of: Slice, seed: int) -> Variant:
    """A substitution, insertion, deletion, duplication, inversion or a change of several bases.

    Most of them are near the edges of exons and coding sequences.
    """
    chance, length = random.Random(seed), len(of.bases)
    pos = chance.choice(of.edges) + chance.randrange(-18, 19) if chance.random() < 0.7 else chance.randrange(1, length)
    pos = chance.choice([1, 2, 3, length - 2, length - 1]) if chance.random() < 0.01 else pos
    kind, size = chance.random(), chance.choice([1, 1, 1, 2, 3, 3, 4, 6, 9, 14, 30])
    base, new = of.at(pos), "".join(chance.choices("ACGT", k=size))
    ref = of.at(pos, size)
    if kind < 0.15:
        alt = chance.choice("ACGT".replace(base, ""))
        return pos, base, alt
    if kind < 0.45 and pos > 1 and len(ref) == size:
        return pos - 1, of.at(pos - 1) + ref, of.at(pos - 1)
    if kind < 0.75:
        return pos, base, base + chance.choice([new, of.at(pos + 1, size) or new, of.at(pos) * size])
    alt = chance.choice([new, new + chance.choice("ACGT"), ref[::-1].translate(str.maketrans("ACGT", "TGCA")), ref * 2])
    return (pos, ref, alt) if ref != alt else (pos, base, base + new)


def indel(of: Slice, seed: int) -> Variant:
    """An insertion or deletion."""
    while True:
        pos, ref, alt = variant(of, seed)
        if "" in minimal(ref, alt):
            return pos, ref, alt
        seed += 1


def placements(of: Slice, written: Variant) -> list[Placement]:
    """All placements of an insertion or deletion, ascending: each neighbouring position is tried.

    A change that both removes and adds bases has one.
    """
    pos, ref, alt = written
    shared, ref, alt = minimal(ref, alt)
    pos += shared
    found = [(pos, ref, alt)]
    if ref and alt:
        return found
    for step in (-1, 1):
        at, removed, added = pos, ref, alt
        while True:
            at += step
            if at < 1 or at + len(removed) - 1 > len(of.bases) or at > len(of.bases):
                break
            # The window of removed bases moves by one; added bases are rotated with the base that is passed.
            if removed:
                left = at if step < 0 else at - 1
                same = of.at(left) == of.at(left + len(removed))
                removed, added = of.at(at, len(removed)), ""
            else:
                passed = of.at(at if step < 0 else at - 1)
                same = passed == (added[-1] if step < 0 else added[0])
                added = passed + added[:-1] if step < 0 else added[1:] + passed
            if not same:
                break
            found.append((at, removed, added))
    return sorted(found)


def padded(of: Slice, placed: Placement, left: int, right: int) -> Variant:
    """A placement with bases of the reference on either side, at least one where an allele would have none."""
    pos, ref, alt = placed
    left, right = min(left, pos - 1), min(right, len(of.bases) - pos - len(ref) + 1)
    if not left + right and not (ref and alt):
        left, right = (1, 0) if pos > 1 else (0, 1)
    before, behind = of.at(pos - left, left), of.at(pos + len(ref), right)
    return pos - left, before + ref + behind, before + alt + behind
