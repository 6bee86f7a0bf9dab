"""The answer belongs to the variant, not to the record: notation, order and grouping change nothing."""

from __future__ import annotations

import random

from hypothesis import given

from tests.invariants.slices import Slice
from tests.invariants.variants import enough, indel, padded, placements, rules, seeds, slices, variant


@enough
@given(rules, slices, seeds)
def test_placement(shift_3prime: bool, of: Slice, numbers: list[int]) -> None:
    """An insertion or deletion in a repeat has the same entries wherever in the repeat it is written."""
    written = [indel(of, seed) for seed in numbers]
    places = [random.Random(seed).choice(placements(of, one)) for seed, one in zip(numbers, written, strict=True)]
    others = [padded(of, place, 0, 0) for place in places]
    found = zip(of.entries(written, shift_3prime), of.entries(others, shift_3prime), strict=True)
    for one, other, (entries, same) in zip(written, others, found, strict=True):
        assert entries == same, (one, other)


@enough
@given(rules, slices, seeds)
def test_padding(shift_3prime: bool, of: Slice, numbers: list[int]) -> None:
    """Bases that both alleles share change nothing."""
    written = [variant(of, seed) for seed in numbers]
    others = []
    for seed, one in zip(numbers, written, strict=True):
        chance = random.Random(seed)
        others.append(padded(of, one, chance.randrange(4), chance.randrange(4)))
    found = zip(of.entries(written, shift_3prime), of.entries(others, shift_3prime), strict=True)
    for one, other, (entries, same) in zip(written, others, found, strict=True):
        assert entries == same, (one, other)


@enough
@given(rules, slices, seeds)
def test_split_and_joined(shift_3prime: bool, of: Slice, numbers: list[int]) -> None:
    """Alleles of one record have the entries that they have in records of their own."""
    written = [variant(of, seed) for seed in numbers]
    records = []
    for seed, (pos, ref, alt) in zip(numbers, written, strict=True):
        chance = random.Random(seed)
        alts = [alt, chance.choice([ref + "A", ref[:1] + "C" + ref[1:], ref[:-1] or "T", "G" + ref])]
        alts += [chance.choice(["A", "CA", ref * 2])] * (chance.random() < 0.5)
        records.append((pos, ref, [one for one in dict.fromkeys(alts) if one != ref]))
    joined = of.entries_of_records(records, shift_3prime)
    split = iter(of.entries([(pos, ref, alt) for pos, ref, alts in records for alt in alts], shift_3prime))
    for record, entries in zip(records, joined, strict=True):
        numbered = enumerate(record[2], 1)
        apart = [(name, {**one, "ALLELE_NUM": str(at)}) for at, _ in numbered for name, one in next(split).items()]
        together = [(name.partition("#")[0], entry) for name, entry in entries.items()]
        assert sorted(together, key=str) == sorted(apart, key=str), record
