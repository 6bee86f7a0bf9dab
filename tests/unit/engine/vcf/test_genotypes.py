"""Genotypes: which of them say what lies together on one chromosome."""

from __future__ import annotations

import pytest

from annotator.engine.vcf.genotypes import genotypes_of, gives_haplotypes, renumber


@pytest.mark.parametrize(
    ("genotypes", "expected"),
    [
        (b"0|1", True),
        (b"0/0\t1/1", True),
        (b"0\t1\t.", True),
        (b"./.\t0|1", True),
        (b"10/10", True),
        (b"0/1", False),
        (b"1/0", False),
        (b"1|1\t0/1", False),
        (b"1/10", False),
        (b"10/1", False),
        (b"./1", False),
        (b"0/1/1", False),
        (b"0|1|1", False),
        (b"0|1\t", False),
        (b"1|", False),
        (b"A|1", False),
    ],
)
def test_genotypes_that_give_haplotypes(genotypes: bytes, expected: bool) -> None:
    assert gives_haplotypes(genotypes) is expected


def test_genotypes_are_the_first_part_of_a_sample() -> None:
    assert genotypes_of(b"GT\t0|1\t1|1") == b"0|1\t1|1"
    assert genotypes_of(b"GT:DP:PL\t0|1:3:0,1,2\t.") == b"0|1\t."
    assert genotypes_of(b"DP:GT\t3:0|1") is None
    assert genotypes_of(b"DP\t3") is None


def test_indices_beyond_the_alleles_become_missing() -> None:
    assert renumber(b"0|1\t0|2\t7", [0]) == b"0|1\t0|.\t."
    assert renumber(b"0|1\t2|0", [0, 1]) == b"0|1\t2|0"


def test_renumbering_leaves_other_alleles_missing() -> None:
    assert renumber(b"0|1\t2|3\t.|10\t2", [1, 9]) == b"0|.\t1|.\t.|2\t1"
