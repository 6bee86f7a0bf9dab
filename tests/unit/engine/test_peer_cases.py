"""Files after public bug reports and other projects' test suites, with small built references: each has its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import InputError, Outputs, Reference, annotate
from tests.unit.engine.conftest import CASES, Result, take_apart

Run = Callable[..., Result]
References = Callable[[str], Reference]
PEER = CASES / "peer"
NOTHING_CARRIED = sorted(path.name for path in (PEER / "01-crash-nothing-for-the-haplotypes").glob("*.vcf"))


@pytest.fixture
def case(run_on: Run, case_reference: References) -> Run:
    """Annotates a file of a case, by the start of its directory's name, with a reference by name."""

    def run(start: str, file: str = "input.vcf", reference: str = "nuclear") -> Result:
        (directory,) = PEER.glob(f"{start}-*")
        return run_on(directory / file, case_reference(reference))

    return run


@pytest.fixture
def refusal(tmp_path: Path, case_reference: References) -> Callable[..., InputError]:
    def run(start: str, file: str = "input.vcf") -> InputError:
        (directory,) = PEER.glob(f"{start}-*")
        with pytest.raises(InputError) as caught:
            annotate(directory / file, case_reference("nuclear"), Outputs.beside(tmp_path / "x.annot.vcf.gz"))
        return caught.value

    return run


def terms(result: Result, index: int, feature: str = "TA") -> set[str]:
    """Terms of a record for a transcript."""
    entries = [entry.split("|") for entry in result.info(index)["CSQ"].split(",")]
    return {term for entry in entries if entry[6] == feature for term in entry[1].split("&")}


def names(result: Result, index: int, feature: str = "TA") -> list[str]:
    """HGVSp of a record for a transcript."""
    return [entry.split("|")[11] for entry in result.info(index)["CSQ"].split(",") if entry.split("|")[6] == feature]


@pytest.mark.parametrize("file", NOTHING_CARRIED)
def test_files_without_a_carried_allele_of_plain_bases(case: Run, file: str) -> None:
    """01: no GT, only missing or reference genotypes, gVCF, structural variants, no records, contigs without genes."""
    result = case("01", file)
    assert result.summary["haplotypes"] is (file == "two-contigs-control.vcf")
    assert result.warned("haplotypes_failed") is None
    assert all("CSQ=" in record[7] or "GAS_SKIPPED=" in record[7] for record in result.records)
    assert len(result.records) == (file != "header-only-with-sample.vcf")


def test_insertions_at_the_stop_codon(case: Run) -> None:
    """11: TAA becomes TATAA, which codes for tyrosine; or TAAA, which is still a stop."""
    result = case("11")
    assert terms(result, 0) == {"frameshift_variant", "stop_lost"}
    assert names(result, 0)[0].startswith("PA:p.Ter150TyrextTer")
    assert terms(result, 1) == {"stop_retained_variant"}
    assert [result.info(at)["GAS_IMPACT"] for at in (0, 1)] == ["HIGH", "LOW"]


def test_a_deletion_that_leaves_the_start_codon(case: Run) -> None:
    """13: AATG becomes ATG."""
    result = case("13", reference="nuclear_run")
    assert terms(result, 0) == {"start_retained_variant", "5_prime_UTR_variant"}
    assert names(result, 0) == [""]
    assert result.info(0)["GAS_IMPACT"] == "LOW"


def test_structural_variants_in_a_transcript_that_decays(case: Run) -> None:
    """15"""
    result = case("15", reference="nuclear_nmd")
    assert all("NMD_transcript_variant" in terms(result, at) for at in range(3))


def test_symbolic_deletions_without_a_length(case: Run) -> None:
    """16: no END, END=., END=1e3, END before POS; then an END far beyond the contig."""
    result = case("16")
    for at in range(4):
        assert terms(result, at) == {"feature_truncation", "coding_sequence_variant"}
    unknown, beyond = result.warned("unknown_length"), result.warned("end_outside_contig")
    assert unknown is not None
    assert beyond is not None
    assert unknown["first_lines"] == [5, 6, 7, 8]
    assert unknown["details"][0] == "1:1100 <DEL>"
    assert beyond["first_lines"] == [9]
    assert "stop_lost" in terms(result, 4)


def test_a_contig_in_angle_brackets(case: Run) -> None:
    """17: it is one of the assembly file, which no reference has."""
    result = case("17")
    assert "missense_variant" in terms(result, 0)
    assert result.records[1][0] == "<ctg1>"
    assert result.info(1) == {"GAS_SKIPPED": "contig_not_in_reference"}
    assert not any("<ctg1>" in line for line in result.header)


def test_a_header_line_that_was_broken_in_two(refusal: Callable[..., InputError]) -> None:
    """18"""
    error = refusal("18")
    assert (error.code, error.line) == ("missing_column_header", 4)
    assert "neither a header line" in error.message
    assert error.hint == "Line 3 may have been split in two: join the two lines."


def test_a_version_that_is_written_wrongly(refusal: Callable[..., InputError]) -> None:
    """19"""
    error = refusal("19")
    assert (error.code, error.line) == ("vcf_version_misspelt", 1)
    assert error.message == "The version is 'VCF v4.3'; it should be 'VCFv4.3'."
    assert error.hint == "Write ##fileformat=VCFv4.3."


def test_bytes_behind_the_end_of_gzip(case: Run) -> None:
    """20"""
    result = case("20", "input.vcf.gz")
    assert "missense_variant" in terms(result, 0)
    warning = result.warned("trailing_bytes")
    assert warning is not None
    assert warning["details"] == ["14 bytes"]


@pytest.mark.parametrize("file", ["a.vcf", "b.vcf"])
def test_a_vcf_without_its_header(refusal: Callable[..., InputError], file: str) -> None:
    """21"""
    error = refusal("21", file)
    assert (error.code, error.line) == ("missing_column_header", 1)
    assert error.message == "A data line appears before the #CHROM line."


def test_genotypes_that_other_programs_cannot_read(tmp_path: Path, case_reference: References) -> None:
    """30: such lines are annotated, and told."""
    (directory,) = PEER.glob("30-*")
    outputs = Outputs.beside(tmp_path / "x.annot.vcf.gz")
    result = take_apart(outputs, annotate(directory / "input.vcf", case_reference("nuclear"), outputs))
    assert [record[9] for record in result.records] == ["1/C", "0/1:7:extra"]
    assert all("CSQ" in result.info(at) for at in (0, 1))
    warning = result.warned("bad_genotype")
    assert warning is not None
    assert warning["first_lines"] == [6, 7]
    assert warning["details"] == ["column 10: 1/C, FORMAT GT", "column 10: 0/1:7:extra, FORMAT GT"]


def test_start_codons_of_bacteria(case: Run) -> None:
    """35: GTG to ATG and ATG to GTG keep a start, GTG to GTT and ATG to ACG do not; the first amino acid is Met."""
    result = case("35", reference="bacterium")
    retained, lost = {"start_retained_variant"}, {"start_lost"}
    found = [(terms(result, at, feature), names(result, at, feature)) for at, feature in (
        (0, "gene-A"), (1, "gene-A"), (2, "gene-B"), (3, "gene-B"))]  # fmt: skip
    assert found == [
        (retained, ["gene-A:p.Met1%3D"]),
        (lost, ["gene-A:p.Met1?"]),
        (retained, ["gene-B:p.Met1%3D"]),
        (lost, ["gene-B:p.Met1?"]),
    ]
