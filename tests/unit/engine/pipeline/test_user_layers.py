"""A user's own VCF and BED files as layers of one run: what matches, what is left out, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine import BundleError, InputError, Limits, Reference
from annotator.engine.cli.app import main
from annotator.engine.pipeline.user_layers import UserLayer
from tests.unit.engine.conftest import PROJECT, Result

Vcf = Callable[..., Path]
Run = Callable[..., Result]
META = (
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
    '##INFO=<ID=DEPTHS,Number=R,Type=Integer,Description="Depths">',
    '##INFO=<ID=GROUP,Number=.,Type=String,Description="Groups">',
    '##INFO=<ID=SEEN,Number=0,Type=Flag,Description="Seen">',
    '##INFO=<ID=LIKELY,Number=G,Type=Float,Description="Of genotypes">',
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequences">',
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of the user's own: a name, and its lines."""

    def write(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write


def vcf_lines(*records: str, meta: tuple[str, ...] = META) -> list[str]:
    return ["##fileformat=VCFv4.2", *meta, COLUMNS, *records]


def test_alleles_of_a_vcf_file(vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference) -> None:
    """The reference has A at 73, C at 150, and AAACCCCCCCTCC from 300 on."""
    layer = own(
        "own.vcf",
        *vcf_lines(
            "chrM\t309\tinsertion\tC\tCC\t.\t.\tGROUP=a,b c",  # normalised: 302 A>AC
            "chrM\t72\tpadded\tTA\tTG\t.\t.\tAF=0.25;SEEN",  # 73 A>G
            "chrM\t150\t.\tC\tT,A\t.\t.\tAF=0.125,0.5;DEPTHS=7,8,9;LIKELY=1,2,3;CSQ=x",
            "chrM\t310\t.\tT\t<DEL>\t.\t.\t.",
        ),
    )
    given = vcf([(73, "A", "G"), (73, "A", "T"), (150, "C", "A"), (302, "A", "ACC,AC")])
    result = run_on(given, rcrs, layers=[UserLayer("MINE", layer)])
    ours = [{name: value for name, value in result.info(at).items() if name.startswith("MINE")} for at in range(4)]
    assert ours == [
        {"MINE": "1", "MINE_ID": "padded", "MINE_AF": "0.25", "MINE_SEEN": "1"},
        {},
        {"MINE": "1", "MINE_AF": "0.5", "MINE_DEPTHS": "9"},
        {"MINE": ".,1", "MINE_ID": ".,insertion", "MINE_GROUP": ".,a&b%20c"},
    ]
    assert '##INFO=<ID=MINE_AF,Number=A,Type=Float,Description="Frequency (MINE)">' in result.header
    assert "##gasLayer=MINE own.vcf" in result.header
    assert not any("MINE_CSQ" in line or "MINE_LIKELY" in line for line in result.header)
    assert result.summary["layers"] == [{
        "name": "MINE", "file": "own.vcf", "kind": "alleles", "records": 4, "used": 4,
        "left_out": {"without an alternate allele of plain bases": 1}, "matched": 3,
    }]  # fmt: skip
    assert "MINE (own.vcf): alleles that it lists" in result.log
    assert result.warned("layer_left_out") == {
        "code": "layer_left_out", "message": "alleles or regions of your own annotations were left out",
        "count": 1, "first_lines": [], "details": ["own.vcf: 1, without an alternate allele of plain bases"],
    }  # fmt: skip
    table = pq.read_table(result.path.with_name("input.variants.parquet"))
    assert pa.types.is_floating(table.schema.field("MINE_AF").type)
    assert table["MINE_GROUP"].to_pylist() == [None, None, None, None, "a&b c"]


def test_what_a_layer_lists_is_not_thereby_a_known_variant(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference
) -> None:
    layer = own("own.vcf", *vcf_lines("MT\t100\tmine\tG\tC\t.\t.\tAF=0.5"))
    given = vcf([(100, "G", "C")])
    before, after = run_on(given, rcrs), run_on(given, rcrs, layers=[UserLayer("MINE", layer)])
    assert after.info(0)["MINE_ID"] == "mine"
    assert (after.summary["known"], after.summary["novel"]) == (before.summary["known"], before.summary["novel"])
    assert after.records[0][2] == before.records[0][2]
    assert after.info(0)["CSQ"] == before.info(0)["CSQ"]


def test_a_layer_for_a_reference_without_known_variants(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, case_reference: Callable[[str], Reference]
) -> None:
    reference = case_reference("toy")
    contig = reference.contigs[0].name
    base = reference.sequence().fetch(contig, 10, 1).decode()
    other = "C" if base != "C" else "G"
    layer = own("own.vcf", *vcf_lines(f"{contig}\t10\tx\t{base}\t{other}\t.\t.\t."))
    result = run_on(vcf([(10, base, other)], contig=contig), reference, layers=[UserLayer("MINE", layer)])
    assert result.info(0)["MINE"] == "1"
    assert (result.summary["known"], result.summary["novel"]) == (None, None)
    assert "The reference has no known variants." in result.log


def test_regions_of_a_bed_file(vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference) -> None:
    """Starts count from 0: 72-73 is the base at position 73."""
    layer = own(
        "targets.bed", "track name=mine", "chrM\t72\t73\tfirst, of two\t12", "MT\t70\t80\t.\t5", "2\t1\t9\tx\t1",
        "MT\t90\t90\tempty\t1",
    )  # fmt: skip
    given = vcf([(72, "T", "C"), (73, "A", "G"), (81, "G", "A")])
    result = run_on(given, rcrs, layers=[UserLayer("BED", layer)])
    assert [result.info(at).get("BED") for at in range(3)] == ["71-80", "71-80,first%2C%20of%20two", None]
    assert result.summary["layers"] == [{
        "name": "BED", "file": "targets.bed", "kind": "regions", "records": 4, "used": 2,
        "left_out": {"contig without sequence": 1, "no bases": 1}, "matched": 2,
    }]  # fmt: skip
    scored = run_on(given, rcrs, layers=[UserLayer.parse(f"BED={layer}:name,score")])
    assert scored.info(1)["BED"] == "./5,first%2C%20of%20two/12"
    table = pq.read_table(scored.path.with_name("input.variants.parquet"))
    assert table["BED"].to_pylist() == ["./5", "./5, first, of two/12", None]


def test_compressed_files_and_several_layers(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference, tmp_path: Path
) -> None:
    listed, regions = tmp_path / "own.vcf.gz", tmp_path / "own.bed.gz"
    listed.write_bytes(gzip.compress("\r\n".join([*vcf_lines("MT\t73\ta\tA\tG\t.\t.\tAF=1"), ""]).encode()))
    regions.write_bytes(gzip.compress(b"\xef\xbb\xbfMT\t70\t80\tx\r\n"))
    layers = [UserLayer("A", listed, ("AF",)), UserLayer("B", regions), UserLayer("A", listed, ("ID", "ID"))]
    result = run_on(vcf([(73, "A", "G")]), rcrs, layers=layers)
    found = {name: value for name, value in result.info(0).items() if name in ("A", "B") or name.startswith("A_")}
    assert found == {"A": "1", "A_AF": "1", "B": "x", "A_2": "1", "A_2_ID": "a"}
    renamed = result.warned("layer_renamed")
    assert renamed
    assert renamed["details"] == ["own.vcf.gz: A_2, since fields that begin with A are there already"]


@pytest.mark.parametrize("name", ["MITOMAP", "csq", "Gene"])
def test_a_layer_gives_way_to_fields_that_are_there(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference, name: str
) -> None:
    result = run_on(vcf([(73, "A", "G")]), rcrs, layers=[UserLayer(name, own("o.bed", "MT\t70\t80\tx"))])
    assert result.info(0)[f"{name}_2"] == "x"


def test_a_field_of_the_input_with_the_name_of_a_layer_is_kept(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference
) -> None:
    given = vcf([(73, "A", "G", "MINE=theirs")], meta=('##INFO=<ID=MINE,Number=1,Type=String,Description="x">',))
    result = run_on(given, rcrs, layers=[UserLayer("MINE", own("o.bed", "MT\t70\t80\tours"))])
    assert (result.info(0)["MINE"], result.info(0)["ORIGINAL_MINE"]) == ("ours", "theirs")


def test_a_ref_that_disagrees_is_left_out_and_named(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference
) -> None:
    layer = own("own.vcf", *vcf_lines("MT\t73\t.\tA\tG\t.\t.\t.", "MT\t74\t.\tC\tG\t.\t.\t.", meta=()))
    warned = run_on(vcf([(73, "A", "G")]), rcrs, layers=[UserLayer("MINE", layer)]).warned("layer_left_out")
    assert warned
    assert warned["details"] == [
        "own.vcf: 1, REF does not match the reference at this position, line 4 (MT:74 REF C, reference T)"
    ]


@pytest.mark.parametrize(("name", "lines", "message", "hint"), [
    ("own.vcf", vcf_lines("MT\t7x\t.\tA\tG\t.\t.\t."),
     "own.vcf, line 9: POS '7x' is not a valid position", "POS must be"),
    ("own.vcf", vcf_lines(), "own.vcf: It has no records.", "Add a file with records"),
    ("own.vcf", vcf_lines("7\t7\t.\tA\tG\t.\t.\t."), "own.vcf: No record is on a contig of rCRS", "Select the"),
    ("own.vcf", vcf_lines(*[f"MT\t{at}\t.\tGGGGGG\tG\t.\t.\t." for at in range(100, 110)]),
     "own.vcf, line 9: REF differs from rCRS (NC_012920.1) in 10 of 10 records", "Select the reference"),
    ("own.bed", ["MT\t1\t9\tx", "MT\t1"], "own.bed, line 2: no region in the columns", "Correct that file"),
    ("own.bed", ["7\t1\t9\tx"], "own.bed: MINE has no region on a contig", "made for the reference"),
    ("own.bed", [f"MT\t{at}000000\t{at}000009\tx" for at in range(1, 7)] + ["MT\t1\t9\tx"],
     "own.bed: 6 of 7 regions lie beyond the end of their contig in rCRS", "made for the reference"),
    ("own.txt", ["gene,score", "a,1"], "own.txt, line 1: It is neither a VCF file", "Add a VCF or a BED file"),
    ("own.bed", ["# nothing"], "own.bed: It has no records.", "Add a VCF or a BED file"),
    ("own.bed", [], "own.bed: It has no records.", "Add a VCF or a BED file"),
])  # fmt: skip
def test_an_unusable_file_is_named(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference, name: str, lines: list[str], message: str,
    hint: str,
) -> None:  # fmt: skip
    with pytest.raises(InputError) as caught:
        run_on(vcf([(73, "A", "G")]), rcrs, layers=[UserLayer("MINE", own(name, *lines))])
    assert (caught.value.code, caught.value.line) == ("unusable_layer", None)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint


def test_fields_that_a_file_lacks_and_damaged_files(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference, tmp_path: Path
) -> None:
    given = vcf([(73, "A", "G")])
    layer = own("own.vcf", *vcf_lines("MT\t73\t.\tA\tG\t.\t.\t."))
    with pytest.raises(InputError, match=r"own\.vcf: The file has no field XX; it has ID, AF, DEPTHS"):
        run_on(given, rcrs, layers=[UserLayer("MINE", layer, ("XX",))])
    with pytest.raises(InputError, match=r"own\.bed: A BED file has no column 'XX'"):
        run_on(given, rcrs, layers=[UserLayer("MINE", own("own.bed", "MT\t1\t2"), ("name", "XX"))])
    with pytest.raises(InputError, match=r"own\.bed: The file has more than 1 records"):
        run_on(given, rcrs, Limits(records=1), layers=[UserLayer("MINE", own("own.bed", "MT\t1\t2", "MT\t3\t4"))])
    cut = tmp_path / "cut.vcf.gz"
    cut.write_bytes(gzip.compress(layer.read_bytes())[:-20])
    with pytest.raises(InputError, match=r"cut\.vcf\.gz: The gzip file is truncated"):
        run_on(given, rcrs, layers=[UserLayer("MINE", cut)])
    with pytest.raises(BundleError, match=r"--layer 9=x\.bed: NAME=FILE"):
        UserLayer.parse("9=x.bed")


def test_a_name_of_a_file_cannot_break_the_header(
    vcf: Vcf, own: Callable[..., Path], run_on: Run, rcrs: Reference
) -> None:
    result = run_on(vcf([(73, "A", "G")]), rcrs, layers=[UserLayer("MINE", own('a"\nb.bed', "MT\t70\t80\tx"))])
    assert '##gasLayer=MINE a"\\x0ab.bed' in result.header
    assert result.info(0)["MINE"] == "x"


def test_the_command_line(own: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["annotate", str(PROJECT / "reference" / "rCRS" / "sample.vcf"), "--reference", "rCRS"]
    words += ["--out", str(tmp_path / "x.annot.vcf.gz"), "--processes", "1"]
    bed, table = own("own.bed", "MT\t72\t73\tx"), own("own.txt", "gene,score")
    assert main([*words, "--layer", f"MINE={bed}"]) == 0
    assert b";MINE=x" in gzip.decompress((tmp_path / "x.annot.vcf.gz").read_bytes())
    assert main([*words, "--layer", f"MINE={table}"]) == 2
    assert "own.txt, line 1: It is neither a VCF file" in capsys.readouterr().err
    assert main([*words, "--layer", f"MINE={tmp_path / 'none.bed'}"]) == 1
    assert "none.bed" in capsys.readouterr().err
