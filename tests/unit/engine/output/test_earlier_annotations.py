"""Annotations that a file has already: nothing is lost, and the header says what each field is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pysam.bcftools
import pytest

from annotator.engine import Reference
from tests.unit.engine.conftest import CASES, Result

Run = Callable[..., Result]
References = Callable[[str], Reference]
VEP = "29-vep-annotation-of-another-run-is-replaced"
SKIPPED = "32-earlier-annotation-of-skipped-records-is-lost"
CSQ_RUN = "08-format-bcsq-of-an-earlier-csq-run"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
VEP_LINE = '##INFO=<ID=CSQ,Number=.,Type=String,Description="From Ensembl VEP. Format: Allele|X">'


def case(name: str) -> Path:
    return CASES / "peer" / name / "input.vcf"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(*infos: str, meta: tuple[str, ...] = ()) -> Path:
        path = tmp_path / "input.vcf"
        records = [f"1\t{1100 + at}\t.\t{base}\t{alt}\t.\t.\t{info}" for at, (base, alt, info) in enumerate(
            zip("GGGCG", "TTTTT", infos, strict=False))]  # fmt: skip
        path.write_text("\n".join(["##fileformat=VCFv4.2", *meta, COLUMNS, *records]) + "\n")
        return path

    return write


def subfields(result: Result, name: str) -> str:
    line = next(line for line in result.header if line.startswith(f"##INFO=<ID={name},"))
    found = re.search(r'Format: ([^"]*)"', line)
    assert found is not None
    return found[1]


def test_csq_of_vep_is_kept_under_another_name(run_on: Run, case_reference: References) -> None:
    result = run_on(case(VEP), case_reference("nuclear"))
    info = result.info(0)
    assert info["ORIGINAL_CSQ"] == "T|missense_variant|AAA1|deleterious(0.01)|0.0001"
    assert info["DP"] == "7"
    assert subfields(result, "ORIGINAL_CSQ") == "Allele|Consequence|SYMBOL|SIFT|gnomAD_AF"
    assert len(info["CSQ"].split(",")[0].split("|")) == len(subfields(result, "CSQ").split("|"))
    assert any(line.startswith("##VEP=") for line in result.header)
    warning = result.warned("kept_annotation")
    assert warning is not None
    assert warning["details"] == ["CSQ (Allele|Consequence|SYMBOL|SIFT|gnomAD_AF) is now ORIGINAL_CSQ"]
    assert result.warned("replaced_annotation") is None


def test_csq_of_vep_is_replaced_on_request(run_on: Run, case_reference: References) -> None:
    """Then nothing in the file claims that VEP wrote it, and the warning lists what is gone."""
    result = run_on(case(VEP), case_reference("nuclear"), replace=True)
    assert "deleterious" not in result.records[0][7]
    assert not any("ORIGINAL_CSQ" in line or line.startswith("##VEP") for line in result.header)
    warning = result.warned("replaced_annotation")
    assert warning is not None
    assert warning["details"] == ["CSQ of another tool (Allele|Consequence|SYMBOL|SIFT|gnomAD_AF)"]


@pytest.mark.parametrize("replace", [False, True])
def test_skipped_records_keep_what_they_had(run_on: Run, case_reference: References, replace: bool) -> None:
    result = run_on(case(SKIPPED), case_reference("nuclear"), replace=replace)
    kept = "DP=4;ORIGINAL_CSQ=C|missense_variant|GENE1|deleterious(0)|0.001"
    assert result.records[1][7] == f"{kept};GAS_SKIPPED=contig_not_in_reference"
    assert subfields(result, "ORIGINAL_CSQ") == "Allele|Consequence|SYMBOL|SIFT|gnomAD_AF"
    assert ("ORIGINAL_CSQ" in result.info(0)) is not replace


def test_skipped_records_keep_our_own_annotation(
    run_on: Run, case_reference: References, rcrs: Reference, tmp_path: Path
) -> None:
    """A result is annotated again with a reference that has other contigs."""
    once = run_on(case(VEP), case_reference("nuclear"))
    path = tmp_path / "again.vcf.gz"
    path.write_bytes(once.path.read_bytes())
    mitochondrion = tmp_path / "mixed.vcf"
    text = "\n".join([*once.header, *("\t".join(one) for one in once.records), "MT\t73\t.\tA\tG\t.\t.\t."]) + "\n"
    mitochondrion.write_text(text)
    twice = run_on(mitochondrion, rcrs)
    assert twice.records[0][7] == once.records[0][7] + ";GAS_SKIPPED=contig_not_in_reference"
    assert "CSQ" in twice.info(1)


def test_genotypes_that_point_into_bcsq_keep_it(run_on: Run, case_reference: References) -> None:
    """FORMAT/BCSQ numbers the entries of INFO/BCSQ; ``bcftools query`` finds what the first run found."""
    before = [line.split("\t") for line in case(CSQ_RUN).read_text().splitlines() if not line.startswith("#")]
    result = run_on(case(CSQ_RUN), case_reference("nuclear"))
    for index, record in enumerate(before):
        assert result.records[index][8:] == record[8:]
        assert "BCSQ=" + result.info(index)["BCSQ"] == record[7]
        assert result.info(index)["GAS_BCSQ"].startswith("missense|AAA1|TA|")
    assert subfields(result, "GAS_BCSQ").startswith("Consequence|gene|transcript|")
    query = ["-f", r"[%POS %SAMPLE %TBCSQ\n]"]
    assert pysam.bcftools.query(*query, str(result.path)) == pysam.bcftools.query(*query, str(case(CSQ_RUN)))
    assert result.warned("kept_annotation") is not None
    assert run_on(case(CSQ_RUN), case_reference("nuclear"), replace=True).records == result.records


@pytest.mark.parametrize("key", ["GT:BCSQ", "BCSQ", "BCSQ:GT"])
@pytest.mark.parametrize("declared", [False, True])
def test_genotypes_that_point_into_bcsq_without_a_declaration(
    run_on: Run, case_reference: References, tmp_path: Path, key: str, declared: bool
) -> None:
    """Of all records only the last has FORMAT/BCSQ, and no header line says what it is."""
    lines = case(CSQ_RUN).read_text().splitlines()
    meta = [line for line in lines if line.startswith("##") and "FORMAT=<ID=BCSQ" not in line]
    meta = [line for line in meta if declared or "INFO=<ID=BCSQ" not in line]
    columns, *records = (line.split("\t") for line in lines if not line.startswith("##"))
    for record in records:
        record[8:] = ["GT", "0/1", "1/1"] if record is not records[-1] else [key, ".", "."]
    path = tmp_path / "undeclared.vcf"
    path.write_text("\n".join([*meta, *("\t".join(one) for one in [columns, *records])]) + "\n")
    result = run_on(path, case_reference("nuclear"))
    assert ["BCSQ=" + result.info(at)["BCSQ"] for at in range(3)] == [record[7] for record in records]
    assert all("GAS_BCSQ" in result.info(at) for at in range(3))
    assert result.warned("kept_annotation") is not None


@pytest.mark.parametrize("form", ["GT:XBCSQ", "GT:BCSQX", "GT:FT"])
def test_other_keys_of_format_do_not_point_into_bcsq(
    run_on: Run, case_reference: References, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "other.vcf"
    record = f"1\t1064\tBCSQ\tA\tC\t.\tBCSQ\tBCSQ\t{form}\t.:BCSQ"
    path.write_text(f"##fileformat=VCFv4.2\n{COLUMNS}\tFORMAT\tBCSQ\n{record}\n")
    info = run_on(path, case_reference("nuclear")).info(0)
    assert "GAS_BCSQ" not in info
    assert "ORIGINAL_BCSQ" in info


@pytest.mark.parametrize("name", [VEP, SKIPPED, CSQ_RUN])
@pytest.mark.parametrize("replace", [False, True])
def test_a_second_pass_changes_nothing(
    run_on: Run, case_reference: References, tmp_path: Path, name: str, replace: bool
) -> None:
    once = run_on(case(name), case_reference("nuclear"), replace=replace)
    path = tmp_path / "again.vcf.gz"
    path.write_bytes(once.path.read_bytes())
    twice = run_on(path, case_reference("nuclear"), replace=replace)
    assert (twice.header, twice.records) == (once.header, once.records)


@pytest.mark.parametrize(
    "info",
    [
        *(";A=1", ";;A=1;;B", "A=1;", ";", ";;", ".", "A;BCSQ=x;B", ";CSQ=x", "GAS_SKIPPED=why;A", "BCSQ;BCSQ=2;C"),
        "GAS_BCSQ=1",
    ],
)
def test_odd_info_survives_two_passes(
    run_on: Run, case_reference: References, written: Callable[..., Path], tmp_path: Path, info: str
) -> None:
    once = run_on(written(info), case_reference("nuclear"))
    assert once.records[0][7].startswith(";") == (info.startswith(";") and info.strip(";") != "")
    path = tmp_path / "again.vcf.gz"
    path.write_bytes(once.path.read_bytes())
    twice = run_on(path, case_reference("nuclear"))
    assert (twice.header, twice.records) == (once.header, once.records)


def test_fields_that_no_header_line_declares_are_kept(
    run_on: Run, case_reference: References, written: Callable[..., Path]
) -> None:
    result = run_on(written("A=1;CSQ=x|y;B", "BCSQ"), case_reference("nuclear"))
    assert result.records[0][7].startswith("A=1;ORIGINAL_CSQ=x|y;B;BCSQ=")
    assert result.records[1][7].startswith("ORIGINAL_BCSQ;BCSQ=")
    assert [line for line in result.header if "ID=ORIGINAL_" in line and "does not declare" in line] != []
    warning = result.warned("kept_annotation")
    assert warning is not None
    assert warning["count"] == 2


def test_a_name_that_is_taken_is_not_used(
    run_on: Run, case_reference: References, written: Callable[..., Path]
) -> None:
    taken = '##INFO=<ID=ORIGINAL_CSQ,Number=1,Type=String,Description="mine">'
    result = run_on(written("CSQ=x;ORIGINAL_CSQ=y", meta=(VEP_LINE, taken)), case_reference("nuclear"))
    assert (result.info(0)["ORIGINAL_CSQ_2"], result.info(0)["ORIGINAL_CSQ"]) == ("x", "y")
    assert subfields(result, "ORIGINAL_CSQ_2") == "Allele|X"


def test_csq_that_vep_wrote_into_our_result_is_not_ours(
    run_on: Run, case_reference: References, written: Callable[..., Path]
) -> None:
    meta = ("##gasEngine=0.1", VEP_LINE, '##INFO=<ID=GAS_IMPACT,Number=1,Type=String,Description="older words">')
    result = run_on(written("CSQ=T|1;GAS_IMPACT=HIGH", meta=meta), case_reference("nuclear"))
    assert result.info(0)["ORIGINAL_CSQ"] == "T|1"
    assert result.info(0)["GAS_IMPACT"] == "MODERATE"
    assert "ORIGINAL_GAS_IMPACT" not in result.info(0)


def test_header_lines_that_begin_like_ours_stay(
    run_on: Run, case_reference: References, written: Callable[..., Path]
) -> None:
    result = run_on(written(".", meta=("##gasoline=95", "##gasEngine=0.1")), case_reference("nuclear"))
    assert "##gasoline=95" in result.header
    assert "##gasEngine=0.1" not in result.header


def test_bcsq_of_other_tools_stays_where_none_is_written(run_on: Run, case_reference: References) -> None:
    """Also that which genotypes refer to; none is added."""
    path = CASES / "peer" / CSQ_RUN / "input.vcf"
    result = run_on(path, case_reference("nuclear"), bcsq=False)
    before = [line.split("\t")[7] for line in path.read_text().splitlines() if not line.startswith("#")]
    assert ["BCSQ=" + result.info(at)["BCSQ"] for at in range(len(before))] == before
    assert not any("GAS_BCSQ" in line or "##gasHaplotypes" in line for line in result.header)
    assert not any("GAS_BCSQ=" in record[7] or "ORIGINAL_BCSQ=" in record[7] for record in result.records)


def test_bcsq_of_an_earlier_run_goes_where_none_is_written(run_on: Run, case_reference: References) -> None:
    """Otherwise it would stay for good, and be that of another version."""
    path = CASES / "peer" / "09-phase-sets" / "input.vcf"
    reference = case_reference("nuclear")
    new = run_on(path, reference, bcsq=False)
    expected = [*new.header, *map(tuple, new.records)]
    first = run_on(path, reference)
    assert "BCSQ" in first.info(0)
    again = run_on(first.path.rename(first.path.with_name("first.vcf.gz").parent.parent / "first.vcf.gz"), reference,
                   bcsq=False)  # fmt: skip
    assert [*again.header, *map(tuple, again.records)] == expected
