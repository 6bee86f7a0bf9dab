"""Where the sequence of a circular contig begins changes nothing, as long as variants lie on one side of the origin."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from annotator.engine.consequence.allele import minimal
from tests.invariants.slices import Slice, Variant, made
from tests.invariants.variants import SLICES, enough, padded, seeds, variant


def turned(of: Slice, other: Slice, written: Variant, by: int) -> Variant:
    """A variant as it is on the contig with another origin."""
    pos, ref, alt = written
    shared, ref, alt = minimal(ref, alt)
    return padded(other, ((pos + shared - 1 - by) % len(of.bases) + 1, ref, alt), 0, 0)


@enough
@given(st.integers(0, SLICES - 1), seeds)
def test_origin(number: int, numbers: list[int]) -> None:
    """With the 3' placement, which is found across the origin."""
    of, chance = replace(made(number), circular=True), random.Random(numbers[0])
    covered = {at for shape in of.shapes for at in range(shape.exons[0][0], shape.exons[-1][1] + 1)}
    ends = [shape.exons[0][0] - chance.randrange(1, 12) for shape in of.shapes]
    ends += [shape.exons[-1][1] + chance.randrange(12) for shape in of.shapes]
    by = chance.choice([end for end in ends if end not in covered or end + 1 not in covered])
    other = of.turned(by)
    written = [variant(of, seed) for seed in numbers]
    for at in range(0, len(written), 2):  # half of them near the new origin
        pos = by + chance.randrange(-8, 9)
        new = chance.choice([of.at(pos) * 2, of.at(pos) + of.at(pos + 1), of.at(pos) + chance.choice("ACGT")])
        written[at] = chance.choice([(pos, of.at(pos), new), (pos, of.at(pos, 2), of.at(pos))])
    last = [pos + len(ref) - 1 for pos, ref, _ in written]
    written = [one for one, end in zip(written, last, strict=True) if not one[0] <= by <= end < len(of.bases)]
    others = [turned(of, other, one, by) for one in written]
    found = zip(of.entries(written, shift_3prime=True), other.entries(others, shift_3prime=True), strict=True)
    for one, same, (entries, again) in zip(written, others, found, strict=True):
        assert entries == again, (by, one, same)
