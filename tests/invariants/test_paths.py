"""The vectorised and the scalar path give the same entries."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given

from annotator.engine.consequence import caller
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.vector.coding_indel_rows import CodingIndelRows
from tests.invariants.slices import Slice
from tests.invariants.variants import enough, rules, seeds, slices, variant


def none(alleles: object, pairs: object = None, where: object = None, models: object = None) -> np.ndarray:
    """No pair is left to a part of the vectorised path."""
    return np.zeros(len(alleles if where is None else where), dtype=bool)  # type: ignore[arg-type]


@enough
@given(rules, slices, seeds)
def test_paths(shift_3prime: bool, of: Slice, numbers: list[int]) -> None:
    written = [variant(of, seed) for seed in numbers]
    quickly = of.entries(written, shift_3prime)
    with (
        mock.patch.object(caller, "plain_single_bases", none),
        mock.patch.object(caller, "outside_codons", none),
        mock.patch.object(CodingIndelRows, "rows", lambda self, alleles, pairs, where: ([], where)),
        mock.patch.object(IsoformCache, "row", lambda self, allele, _, transcript: self._exact.row(allele, transcript)),
    ):
        exactly = of.entries(written, shift_3prime)
    for one, entries, same in zip(written, quickly, exactly, strict=True):
        assert entries == same, one
