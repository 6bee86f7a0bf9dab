"""Known variants of several sources in one layer of a built reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest

from annotator.engine import Reference
from annotator.engine.reference.build import processes, variant_source
from annotator.engine.reference.verify import verify
from tests.unit.engine.small_genome import (
    annotated,
    refusal,
    site,
)

Build = Callable[..., int]


def write_vcf(path: Path, info: list[str], records: list[str]) -> Path:
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    path.write_text("\n".join(["##fileformat=VCFv4.2", *info, columns, *records]) + "\n")
    return path


@pytest.fixture
def sources(tmp_path: Path, genome: dict[str, str]) -> list[str]:
    """Two sources: one plain without an index and with other contig names, one indexed. Both list an insertion."""
    ids = write_vcf(
        tmp_path / "ids.vcf",
        ['##INFO=<ID=COMMON,Number=0,Type=Flag,Description="Common \\"here\\"">'],
        [
            "chr1\t1015\trs1\tG\tC,T\t.\t.\tCOMMON",
            "chr1\t2010\trs2\tC\tCC\t.\t.\t.",  # far from its normal place
            f"chr1\t2012\trs3\t{genome['1'][2011]}\t<DEL>\t.\t.\t.",
        ],
    )
    clinical = write_vcf(
        tmp_path / "clinical.vcf",
        [
            '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
            '##INFO=<ID=SIG,Number=.,Type=String,Description="Significance">',
        ],
        ["1\t1015\t9\tG\tT,C\t.\t.\tAF=0.25,0.5;SIG=bad,worse%3B", "1\t2000\t10\tA\tAC\t.\t.\tAF=0.125"],
    )
    pysam.tabix_index(str(clinical), preset="vcf", force=True)
    return ["--variants", f"rs={ids}:ID,COMMON", "--variants", f"clin={tmp_path / 'clinical.vcf.gz'}:AF,SIG"]


def test_variant_sources_become_one_layer(
    build: Build, tmp_path: Path, sources: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(*sources, "--source", "rs=b156", "--licence", "clin=CC0") == 0
    assert "known variants rs: 3 alleles, 1 left out (no plain allele)" in capsys.readouterr().out
    reference = Reference.load(tmp_path / "bundle")
    assert [one["name"] for one in reference.sources] == ["sequence", "gene models", "rs", "clin"]
    assert verify(reference).failed == []
    assert len(reference.layers) == 1
    rows = pq.read_table(tmp_path / "bundle" / "known_variants.1.parquet").to_pylist()
    columns = ("pos", "ref", "alt", "KNOWN_IN", "rs_ID", "rs_ID:run", "rs_ID.text", "rs_COMMON", "clin_AF", "clin_SIG")
    assert [tuple(row) for row in rows] == [columns] * 3
    assert [tuple(row.values()) for row in rows] == [
        (1015, "G", "C", "rs&clin", 1, 0, None, 1, 0.5, "bad&worse;"),
        (1015, "G", "T", "rs&clin", 0, 0, None, 1, 0.25, "bad&worse;"),
        (2000, "A", "AC", "rs&clin", 1, 0, None, None, 0.125, None),
    ]
    result = annotated(tmp_path, [site("1", 1015, "G", "A,C"), site("1", 2005, "C", "CC"), site("1", 2010, "C", "CA")])
    first = result.info(0)
    assert (first["KNOWN_IN"], first["rs_ID"], first["rs_COMMON"], first["clin_AF"]) == (
        ".,rs&clin",
        ".,rs1",
        ".,1",
        ".,0.5",
    )
    assert first["clin_SIG"] == ".,bad&worse%3B"
    assert result.info(1)["rs_ID"] == "rs2"
    assert (result.summary["known"], result.summary["novel"]) == (2, 1)
    assert '##INFO=<ID=clin_AF,Number=A,Type=Float,Description="Frequency (clin)">' in result.header
    assert '##INFO=<ID=rs_COMMON,Number=A,Type=Integer,Description="Common \\"here\\" (rs)">' in result.header


def test_several_processes_write_the_same_bytes(
    build: Build, tmp_path: Path, sources: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build(*sources, out="one") == 0
    monkeypatch.setattr(processes, "PARALLEL_BYTES", 0)
    monkeypatch.setattr(variant_source, "CHUNK", 64)
    assert build(*sources, out="several") == 0
    tables = [(tmp_path / out / "known_variants.1.parquet").read_bytes() for out in ("one", "several")]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("parallel", [False, True])
def test_a_source_with_a_damaged_record(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    if parallel:
        monkeypatch.setattr(processes, "PARALLEL_BYTES", 0)
    path = write_vcf(tmp_path / "v.vcf", [], ["1\t100\t.\tA"])
    assert build("--variants", f"v={path}") == 1
    assert "Known variants (v) on 1 cannot be read" in refusal(capsys, tmp_path)


def test_variants_of_another_sequence_are_refused(
    build: Build, tmp_path: Path, genome: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [f"1\t{at}\t.\t{'ACGT'[genome['1'][at - 1] == 'A']}\tG\t.\t.\t." for at in range(100, 120)]
    wrong = [line for line in wrong if "\tG\tG\t" not in line]
    path = write_vcf(tmp_path / "v.vcf", [], wrong)
    assert build("--variants", f"v={path}") == 1
    assert f"in {len(wrong)} of {len(wrong)} alleles (100.0%) REF is not what the sequence has" in refusal(
        capsys, tmp_path
    )


def test_a_field_that_a_source_lacks(
    build: Build, tmp_path: Path, sources: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build("--variants", sources[1].replace("COMMON", "RARE")) == 1
    assert "has no field RARE; it has ID, COMMON" in refusal(capsys, tmp_path)


def test_verify_finds_alleles_that_the_sequence_does_not_have(build: Build, tmp_path: Path, sources: list[str]) -> None:
    assert build(*sources) == 0
    assert verify(Reference.load(tmp_path / "bundle")).failed == []
    path = tmp_path / "bundle" / "known_variants.1.parquet"
    table = pq.read_table(path)
    places = [99_999_999 if at == 0 else pos for at, pos in enumerate(table["pos"].to_pylist())]
    refs = ["T" if at == 1 else ref for at, ref in enumerate(table["ref"].to_pylist())]
    changed = {"pos": pa.array(places, pa.int32()), "ref": pa.array(refs)}
    for name, column in changed.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    pq.write_table(table, path)
    failed = verify(Reference.load(tmp_path / "bundle")).failed
    assert failed[1:] == [
        f"layer known variants: {len(refs)} alleles: 1:99999999 REF {refs[0]}; 1:{places[1]} REF T",
    ]
