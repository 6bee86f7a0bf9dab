"""The answer does not depend on which strand of the contig the reference has."""

from __future__ import annotations

from hypothesis import example, given

from annotator.engine.consequence.allele import minimal
from annotator.engine.reference.nucleotides import reverse_complement
from tests.invariants.slices import Entries, Slice, Variant, made
from tests.invariants.variants import enough, padded, placements, rules, seeds, slices, variant


def mirrored(of: Slice, written: Variant) -> Variant:
    """A variant as it is on the mirrored contig."""
    pos, ref, alt = written
    shared, ref, alt = minimal(ref, alt)
    start = len(of.bases) + 2 - (pos + shared + len(ref))
    return padded(of.mirrored, (start, reverse_complement(ref), reverse_complement(alt)), 0, 0)


def without_strand(entries: Entries) -> Entries:
    return {name: entry | {"STRAND": ""} for name, entry in entries.items()}


@enough
@given(rules, slices, seeds)
@example(True, made(57), [593])  # which gene is nearest depends on where the repeat unit is inserted
def test_mirrored_contig(shift_3prime: bool, of: Slice, numbers: list[int]) -> None:
    """All entries agree; left-aligned, those of variants that can be written in one place only."""
    written = [variant(of, seed) for seed in numbers]
    written = [one for one in written if shift_3prime or len(placements(of, one)) == 1]
    others = [mirrored(of, one) for one in written]
    found = zip(of.entries(written, shift_3prime), of.mirrored.entries(others, shift_3prime), strict=True)
    for one, other, (entries, same) in zip(written, others, found, strict=True):
        assert without_strand(entries) == without_strand(same), (one, other)
