"""Phase sets (FORMAT/PS): what lies together across two of them is not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import Reference
from annotator.engine.consequence import CSQ_FIELDS
from annotator.engine.haplotypes import phase_sets
from annotator.engine.haplotypes.phase_sets import sets_of, with_sets
from tests.unit.engine.conftest import CASES, Result

Run = Callable[..., Result]
References = Callable[[str], Reference]
SITES = {1064: ("A", "C"), 1065: ("A", "C"), 1066: ("T", "A"), 1100: ("G", "T"), 1101: ("G", "C")}
"""Codon 2 of TA is AAT (1064-1066), codon 14 GGG (1100-1102); TB has a start at 5760, on the other strand."""


@pytest.fixture
def phased(tmp_path: Path, run_on: Run, case_reference: References) -> Callable[..., Result]:
    """Annotates records at some of :data:`SITES`: FORMAT and the samples of each, by position."""

    def run(records: dict[int, str]) -> Result:
        samples = len(next(iter(records.values())).split()) - 1
        columns = "\t".join(["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT", *map(str, range(samples))])
        lines = ["\t".join(["1", str(pos), ".", *SITES[pos], ".", ".", ".", *text.split()])
                 for pos, text in records.items()]  # fmt: skip
        path = tmp_path / "input.vcf"
        path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *lines]) + "\n")
        return run_on(path, case_reference("nuclear"))

    return run


def changes(result: Result) -> list[list[str]]:
    """Changes of amino acids in BCSQ, record by record; what a record refers to as it is."""
    return [
        [fields[5] if len(fields := entry.split("|")) > 5 else entry for entry in result.info(at)["BCSQ"].split(",")]
        for at in range(len(result.records))
    ]


def test_the_given_case(run_on: Run, case_reference: References) -> None:
    result = run_on(CASES / "peer" / "09-phase-sets" / "input.vcf", case_reference("nuclear"))
    assert result.summary["haplotypes"] is True
    assert changes(result) == [["2N>2P"], ["@1064"], ["2N>2K"]]
    assert [record[9] for record in result.records] == ["0|1:100", "0|1:100", "0|1:200"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        # One set, and no set at all: together.
        ({1064: "GT:PS 0|1:7", 1065: "GT:PS 0|1:7"}, [["2N>2P"], ["@1064"]]),
        ({1064: "GT 0|1", 1065: "GT 0|1"}, [["2N>2P"], ["@1064"]]),
        ({1064: "GT:PS 0|1:.", 1065: "GT:PS 0|1"}, [["2N>2P"], ["@1064"]]),
        # Two sets, and a set beside genotypes without one: apart.
        ({1064: "GT:PS 0|1:7", 1065: "GT:PS 0|1:8"}, [["2N>2H"], ["2N>2T"]]),
        ({1064: "GT:PS 0|1:7", 1065: "GT 0|1"}, [["2N>2H"], ["2N>2T"]]),
        ({1064: "GT:DP:PS 0|1:3:7", 1065: "GT:PS:DP 1|0:8:3"}, [["2N>2H"], ["2N>2T"]]),
        # A set that comes again.
        ({1064: "GT:PS 0|1:7", 1065: "GT:PS 0|1:8", 1066: "GT:PS 0|1:7"}, [["2N>2Q"], ["2N>2T"], ["@1064"]]),
        # Homozygous genotypes lie on both chromosomes, whatever the set.
        ({1064: "GT:PS 1|1:7", 1065: "GT:PS 0|1:8"}, [["2N>2P", "2N>2H"], ["@1064"]]),
        # Each sample has sets of its own.
        ({1064: "GT:PS 0|1:7 0|1:7", 1065: "GT:PS 0|1:8 0|1:7"}, [["2N>2P", "2N>2H"], ["2N>2T", "@1064"]]),
    ],
)
def test_sets_lie_together_or_not(
    phased: Callable[..., Result], records: dict[int, str], expected: list[list[str]]
) -> None:
    assert [sorted(one) for one in changes(phased(records))] == [sorted(one) for one in expected]


def test_more_sets_than_csq_can_be_given(phased: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phase_sets, "MOST_COLUMNS", 2)
    result = phased({pos: f"GT:PS 0|1:{pos}" for pos in SITES})
    warning = result.warned("haplotypes_failed")
    assert warning is not None
    assert "phase sets" in warning["details"][0]
    assert changes(result)[0] == ["2N>2H"]


def test_sets_are_read_wherever_ps_stands() -> None:
    assert sets_of(b"GT:PS\t0|1:5\t0|1:.\t0|1\t.") == [b"5", b".", b".", b"."]
    assert sets_of(b"GT:DP:PS:AD\t0|1:3:5:1,2\t0|1:3::1") == [b"5", b"."]
    assert sets_of(b"GT:DP\t0|1:3") is None
    assert with_sets(b"0|1\t1", [b"5", b"."]) == b"0|1:5\t1:."


@pytest.mark.parametrize("name", ["phased", "unphased"])
def test_bcsq_and_csq_have_one_numbering_and_one_name(run_on: Run, case_reference: References, name: str) -> None:
    """TA.4 begins in the middle of a codon; csq would call it TA and count from the first whole codon."""
    path = CASES / "peer" / "10-bcsq-phased-and-unphased-differ" / f"{name}.vcf"
    result = run_on(path, case_reference("nuclear_partial"))
    assert result.summary["haplotypes"] is (name == "phased")
    bcsq = result.info(0)["BCSQ"].split("|")
    csq = dict(zip(CSQ_FIELDS, result.info(0)["CSQ"].split(",")[0].split("|"), strict=True))
    assert (bcsq[2], bcsq[5]) == ("TA.4", "14G>14W")
    assert (csq["Feature"], csq["Protein_position"]) == ("TA.4", "14")
