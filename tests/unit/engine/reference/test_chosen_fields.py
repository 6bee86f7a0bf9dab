"""Fields that are chosen from a VCF source: renamed, sub-fields, and the extreme of several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.field_choice import FieldChoice, split_choices
from tests.unit.engine.reference.test_known_variants import write_vcf
from tests.unit.engine.small_genome import annotated, refusal, site

Build = Callable[..., int]
FREQUENCIES = [
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
    '##INFO=<ID=AF_afr,Number=A,Type=Float,Description="Frequency in Africa">',
    '##INFO=<ID=AF_eas,Number=A,Type=Float,Description="Frequency in East Asia">',
    '##INFO=<ID=AF_grpmax,Number=A,Type=Float,Description="Largest frequency of a group">',
    '##INFO=<ID=nhomalt,Number=A,Type=Integer,Description="Homozygotes">',
]
SPLICING = (
    '##INFO=<ID=SpliceAI,Number=.,Type=String,Description="Variant annotation. '
    'Format: ALLELE|SYMBOL|DS_AG|DS_AL">'
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("AF", FieldChoice("AF", ("AF",))),
        ("freq=AF", FieldChoice("freq", ("AF",))),
        ("SpliceAI/DS_AG", FieldChoice("DS_AG", ("SpliceAI/DS_AG",))),
        ("max_af=max(AF_afr,AF_eas)", FieldChoice("max_af", ("AF_afr", "AF_eas"), "max")),
        ("gerp=GERP++_RS", FieldChoice("gerp", ("GERP++_RS",))),
    ],
)
def test_forms_of_a_choice(text: str, choice: FieldChoice) -> None:
    assert FieldChoice.parse(text) == choice


@pytest.mark.parametrize("text", ["GERP++_RS", "max(AF_afr)", "=AF", "AF=", "x=max(AF,)"])
def test_choices_that_are_refused(text: str) -> None:
    with pytest.raises(BundleError):
        FieldChoice.parse(text)


def test_commas_in_parentheses_do_not_split() -> None:
    assert split_choices("AF,max_af=max(AF_afr,AF_eas),nhomalt") == ("AF", "max_af=max(AF_afr,AF_eas)", "nhomalt")


def test_frequencies_of_populations(build: Build, tmp_path: Path, genome: dict[str, str]) -> None:
    path = write_vcf(
        tmp_path / "freq.vcf",
        FREQUENCIES,
        [
            "chr1\t1015\t.\tG\tC,T\t.\t.\tAF=0.1,0.2;AF_afr=0.3,.;AF_eas=0.25,1.5e-05;AF_grpmax=0.3,.;nhomalt=4,0",
            "chr1\t1016\t.\tG\tA\t.\t.\tAF=0.5",
        ],
    )
    assert genome["1"][1014:1016] == "GG"
    choice = "AF,AF_grpmax,nhomalt,max_af=max(AF_afr,AF_eas)"
    assert build("--variants", f"gnomAD={path}:{choice}") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "T,C"), site("1", 1016, "G", "A")])
    first, second = result.info(0), result.info(1)
    assert (first["gnomAD_AF"], first["gnomAD_AF_grpmax"]) == ("0.2,0.1", ".,0.3")
    assert (first["gnomAD_nhomalt"], first["gnomAD_max_af"]) == ("0,4", "1.5e-05,0.3")
    assert (second["gnomAD_AF"], "gnomAD_max_af" in second) == ("0.5", False)
    declared = '##INFO=<ID=gnomAD_max_af,Number=A,Type=Float,Description="Largest of AF_afr, AF_eas (gnomAD)">'
    assert declared in result.header
    assert '##INFO=<ID=gnomAD_nhomalt,Number=A,Type=Integer,Description="Homozygotes (gnomAD)">' in result.header
    table = pq.read_table(tmp_path / "input.variants.parquet")
    types = [table.schema.field(f"gnomAD_{name}").type for name in ("AF", "nhomalt", "max_af")]
    assert types == [pa.float32(), pa.int64(), pa.float32()]
    assert table["gnomAD_nhomalt"].to_pylist() == [0, 4, None]


def test_sub_fields_are_those_of_the_allele(build: Build, tmp_path: Path) -> None:
    """Two genes overlap the first allele: the larger score counts, and both symbols are given."""
    info = "SpliceAI=C|ONE|0.01|0.30,T|ONE|0.90|0.00,C|TWO|0.20|."
    path = write_vcf(tmp_path / "s.vcf", [SPLICING], [f"1\t1015\t.\tG\tC,T\t.\t.\t{info}"])
    choice = "SpliceAI/SYMBOL,AG=max(SpliceAI/DS_AG),DS_max=max(SpliceAI/DS_AG,SpliceAI/DS_AL),AL=min(SpliceAI/DS_AL)"
    assert build("--variants", f"S={path}:{choice}") == 0
    info = annotated(tmp_path, [site("1", 1015, "G", "C,T")]).info(0)
    assert (info["S_SYMBOL"], info["S_AG"], info["S_DS_max"]) == ("ONE&TWO,ONE", "0.2,0.9", "0.3,0.9")
    assert info["S_AL"] == "0.3,0"


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ("max_af=max(AF_afr,AF_amr)", "freq.vcf has no field AF_amr; it has ID, AF, AF_afr"),
        ("x=max(ID)", "freq.vcf has texts in ID, of which there is no max; choose fields with numbers"),
        ("SpliceAI/DS_XX", "has no sub-field DS_XX in SpliceAI; it has ALLELE, SYMBOL, DS_AG, DS_AL"),
        ("AF/DS", "has no sub-field DS in AF; its description names none behind 'Format:'"),
        ("A+B", "the name of a field has letters, digits, _ and . alone; rename it: NAME=A+B"),
    ],
)
def test_choices_that_a_file_cannot_meet(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], choice: str, reason: str
) -> None:
    path = write_vcf(tmp_path / "freq.vcf", [*FREQUENCIES, SPLICING], ["1\t1015\t.\tG\tC\t.\t.\tAF=0.1"])
    assert build("--variants", f"gnomAD={path}:{choice}") == 1
    assert reason in refusal(capsys, tmp_path)
