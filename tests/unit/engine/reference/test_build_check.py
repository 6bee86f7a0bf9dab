"""Files that were called on another reference: refused with figures, or marked record by record when it is a slip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from annotator.engine import InputError
from tests.unit.engine.conftest import Result

Bases = Callable[..., str]
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A", "N": "A"}


def agreeing(bases: Bases, count: int, first: int = 1000) -> list[tuple[int, str, str]]:
    return [(pos, bases(pos), OTHER[bases(pos)]) for pos in range(first, first + 10 * count, 10)]


def disagreeing(bases: Bases, count: int, first: int = 8000) -> list[tuple[int, str, str]]:
    return [(pos, OTHER[bases(pos)], bases(pos)) for pos in range(first, first + 10 * count, 10)]


def test_contigs_that_the_reference_does_not_have(vcf: Callable[..., Path], refused: Callable[..., InputError]) -> None:
    path = vcf(
        ["1\t1000\t.\tA\tG\t.\t.\t.", "2\t500\t.\tA\tG\t.\t.\t."],
        meta=("##reference=file:///data/human_b36_both.fasta",),
    )
    error = refused(path)
    assert error.code == "no_known_contig"
    assert "rCRS (MT" in error.message
    assert "1, 2" in error.message
    assert "human_b36_both.fasta" in error.message
    assert "/data" not in error.message


def test_many_reference_mismatches(vcf: Callable[..., Path], refused: Callable[..., InputError], bases: Bases) -> None:
    error = refused(vcf(agreeing(bases, 40) + disagreeing(bases, 6)))
    assert error.code == "wrong_build"
    assert "6 of 46" in error.message
    assert (error.line, error.column, error.field) == (43, 4, "REF")


def test_few_reference_mismatches_are_kept_and_marked(
    vcf: Callable[..., Path], run: Callable[..., Result], bases: Bases
) -> None:
    path = vcf(agreeing(bases, 40) + disagreeing(bases, 4))
    result = run(path)
    marked = [index for index in range(44) if result.info(index).get("GAS_SKIPPED") == "ref_mismatch"]
    assert marked == [40, 41, 42, 43]
    assert result.summary["skipped"] == {"ref_mismatch": 4}
    warning = result.warned("ref_mismatch")
    assert warning is not None
    assert warning["first_lines"] == [43, 44, 45, 46]
    assert f"MT:8000 REF {OTHER[bases(8000)]}, reference {bases(8000)}" in result.log


def test_a_part_of_the_records_on_unknown_contigs(
    vcf: Callable[..., Path], run: Callable[..., Result], bases: Bases
) -> None:
    result = run(vcf(["1\t1000\t.\tA\tG\t.\tPASS\tDP=3", *agreeing(bases, 3), "X\t5\trs1\tA\tG\t1\t.\t."]))
    assert result.info(0) == {"DP": "3", "GAS_SKIPPED": "contig_not_in_reference"}
    assert result.records[4][7] == "GAS_SKIPPED=contig_not_in_reference"
    assert result.summary["contigs"] == {"1": 1, "MT": 3, "X": 1}
    assert {"##contig=<ID=1>", "##contig=<ID=MT,length=16569>", "##contig=<ID=X>"} <= set(result.header)


def test_the_mitochondrion_of_hg19(vcf: Callable[..., Path], refused: Callable[..., InputError], bases: Bases) -> None:
    path = vcf([*agreeing(bases, 2), *disagreeing(bases, 1)], meta=("##contig=<ID=chrM,length=16571>",), contig="chrM")
    error = refused(path)
    assert error.code == "wrong_build"
    assert "16,571" in error.message
    assert "16,569" in error.message


def test_another_contig_length_with_agreeing_alleles(
    vcf: Callable[..., Path], run: Callable[..., Result], bases: Bases
) -> None:
    result = run(vcf(agreeing(bases, 8), meta=("##contig=<ID=chrM,length=16571>",), contig="chrM"))
    assert result.warned("contig_length") is not None
    assert result.summary["skipped"] == {}
