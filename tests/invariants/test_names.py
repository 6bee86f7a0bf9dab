"""HGVS names: the same under both rules, and each describes the variant that it was written for."""

from __future__ import annotations

from functools import partial

from hypothesis import given

from annotator.engine.normalise import normalise
from annotator.engine.variant_list.change import allele_of
from annotator.engine.variant_list.notation import RsNumber, parse
from annotator.engine.variant_list.resolve import Resolver
from tests.invariants.slices import Slice
from tests.invariants.variants import enough, seeds, slices, variant


@enough
@given(slices, seeds)
def test_names(of: Slice, numbers: list[int]) -> None:
    reference = of.reference
    resolver, contig, sequence = Resolver(reference), reference.contigs[0], reference.sequence()
    written = [variant(of, seed) for seed in numbers]
    found = zip(written, of.entries(written), of.entries(written, shift_3prime=True), strict=True)
    for (pos, ref, alt), entries, shifted in found:
        wanted = normalise(pos, ref.encode(), alt.encode(), partial(of.fetch, "1"))
        for name in entries.keys() & shifted.keys():
            names = {entry["HGVSc"] for entry in (entries[name], shifted[name]) if entry["HGVSc"]}
            assert len(names) < 2, (pos, ref, alt, names)
            for text in names:
                described = parse(text)
                assert not isinstance(described, RsNumber)
                change, _ = resolver.place(described)
                assert allele_of(change, contig, sequence) == wanted, (pos, ref, alt, text)
