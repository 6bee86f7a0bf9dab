"""Files that are odd but can be annotated: everything comes back, and the log says what was odd."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pysam
import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.bgzf import END_OF_FILE, pack
from annotator.engine.vcf.genotypes import bad_genotypes, readable
from tests.unit.engine.conftest import Result
from tests.whole_files import check_file

Vcf = Callable[..., Path]
Run = Callable[..., Result]
Bases = Callable[..., str]
GOOD = [(73, "A", "G"), (150, "C", "T"), (263, "A", "G")]


def test_no_records_at_all(vcf: Vcf, run: Run) -> None:
    result = run(vcf([]))
    assert result.records == []
    assert result.summary["records"] == 0
    assert result.warned("no_records") is not None
    assert "no records" in result.log


@pytest.mark.parametrize("compression", ["gzip", "bgzip", "two gzip members"])
def test_compressed_input_whatever_its_name(vcf: Vcf, run: Run, tmp_path: Path, compression: str) -> None:
    content = vcf(GOOD).read_bytes()
    path = tmp_path / "calls.txt"
    if compression == "gzip":
        path.write_bytes(gzip.compress(content))
    elif compression == "bgzip":
        with pysam.BGZFile(str(path), "wb", None) as stream:
            stream.write(content)
    else:
        path.write_bytes(gzip.compress(content[:100]) + gzip.compress(content[100:]))
    result = run(path)
    assert [record[1] for record in result.records] == ["73", "150", "263"]


@pytest.mark.parametrize("compression", ["gzip", "two gzip members", "bgzip"])
@pytest.mark.parametrize(
    "trailing",
    [b"\0" * 5, b"trailing bytes", b"\x1f", b"x" * 65_535, b"y" * 65_536, b"\0" * (1 << 17), b"z" * 3_000_000],
    ids=lambda trailing: f"{len(trailing)}",
)
def test_bytes_behind_the_end_of_compressed_input(
    vcf: Vcf, run: Run, tmp_path: Path, compression: str, trailing: bytes
) -> None:
    content = vcf(GOOD).read_bytes()
    parts = [content[:100], content[100:]] if compression == "two gzip members" else [content]
    packed = b"".join(map(gzip.compress, parts))
    if compression == "bgzip":
        packed = pack(content) + END_OF_FILE
    path = tmp_path / "calls.vcf.gz"
    path.write_bytes(packed + trailing)
    result = run(path)
    assert [record[1] for record in result.records] == ["73", "150", "263"]
    warning = result.warned("trailing_bytes")
    assert warning is not None
    assert warning["details"] == [f"{len(trailing):,} bytes"]


def test_breakends_at_telomeres(vcf: Vcf, run: Run) -> None:
    """Section 5.4.5 of the specification: REF is a dot, and the position lies outside the contig."""
    lines = ["MT\t0\t.\t.\t.[MT:300[\t.\t.\t.", (73, "A", "G"), "MT\t16570\t.\t.\t]MT:300].\t.\t.\t.",
             "17\t0\t.\t.\t.[MT:300[\t.\t.\t."]  # fmt: skip
    result = run(vcf(lines))
    skipped = [result.info(at).get("GAS_SKIPPED") for at in range(4)]
    assert skipped == ["position_outside_contig", None, "position_outside_contig", "contig_not_in_reference"]
    assert [record[3:5] for record in result.records[::2]] == [[".", ".[MT:300["], [".", "]MT:300]."]]


@pytest.mark.parametrize(
    ("form", "samples", "bad"),
    [
        ("GT", "0/1", False),
        ("GT:DP", "0|1:3\t.\t./.\t1\t0/1/2:.", False),
        ("GT:DP", "0/1:", False),
        ("DP:GT", "3:0/1\t3\t.", False),
        ("DP", "3", False),
        ("GT", "1/C", True),
        ("GT:DP", "0/1:3\t0/1:3:extra", True),
        ("GT", "0/1\t", True),
        ("GT", "1/", True),
        ("GT", "0,1", True),
        ("DP:GT", "3:0/x", True),
        ("DP", "3:4", True),
    ],
)
def test_genotypes_that_other_programs_refuse(form: str, samples: str, bad: bool) -> None:
    line = f"{form}\t{samples}"
    assert (re.match(readable(form.encode()), line) is None) is bad


def test_genotypes_of_formats_of_any_shape() -> None:
    """FORMATs with as many keys, and GT at the same place, are judged together; the results are those of each alone."""
    forms = ["GT:A", "GT:B", "A:GT", "B:GT", "A", "B", "GT", "A:B:GT", "XGT:A", "GT:GT"]
    samples = ["0/1:1", "1:0/1", "0/1", "x", "x:y", "x:y:z", "1:2:0|1", "./x:1", "."]
    lines = [f"{form}\t{one}\t{two}" for form in forms for one in samples for two in samples]
    expected = [re.match(readable(line.partition("\t")[0].encode()), line) is None for line in lines]
    assert 0 < sum(expected) < len(lines)
    assert bad_genotypes(pa.array([line.encode() for line in lines], pa.binary())).tolist() == expected


@pytest.mark.parametrize("keys", [1, 2, 999, 1000, 1001, 1002, 5000])
def test_genotypes_of_formats_with_any_number_of_keys(keys: int) -> None:
    form = ":".join(["GT", *(f"K{at}" for at in range(keys - 1))])
    values = "0/1" + ":1" * (keys - 1)
    column = pa.array([f"{form}\t{text}".encode() for text in ("0/1", values, values + ":1", "0/x")], pa.binary())
    assert bad_genotypes(column).tolist() == [False, False, True, True]


@pytest.mark.parametrize("order", [(73, 150, 263, 300), (300, 73, 263, 150)])
def test_a_format_column_without_samples(rcrs: Reference, vcf: Vcf, tmp_path: Path, bases: Bases, order: Any) -> None:
    """Records have FORMAT, an empty one, or none: each stays as it is. htslib refuses such a file."""
    rests = dict(zip(sorted(order), ["", "\tGT:DP", "\t", ""], strict=True))
    records = [f"MT\t{pos}\t.\t{bases(pos)}\t<DEL>\t.\t.\tDP=3{rests[pos]}" for pos in order]
    path = vcf([*records, f"MT\t400\t.\t{bases(400)}\t{'A' if bases(400) != 'A' else 'C'}\t.\t.\t.\tGT"])
    path.write_text(path.read_text().replace("INFO\n", "INFO\tFORMAT\n"))
    summary = check_file(path, rcrs, tmp_path).summary
    assert summary["samples"] == 0
    (warning,) = (one for one in summary["warnings"] if one["code"] == "format_without_samples")
    assert warning["first_lines"] == [2]
    with pysam.TabixFile(str(tmp_path / "first.annot.vcf.gz")) as table:
        found = [line.split("\t") for line in table.fetch("MT")]
    assert ["\t" + "\t".join(one[8:]) if one[8:] else "" for one in found] == [*rests.values(), "\tGT"]


def test_line_ends_of_windows(vcf: Vcf, run: Run) -> None:
    plain = run(vcf(GOOD))
    windows = run(vcf(GOOD, end="\r\n"))
    warning = windows.warned("crlf")
    assert warning is not None
    assert warning["first_lines"] == [1]
    assert windows.records == plain.records
    assert windows.header == plain.header


def test_a_byte_order_mark(vcf: Vcf, run: Run) -> None:
    path = vcf(GOOD)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    result = run(path)
    assert result.header[0] == "##fileformat=VCFv4.2"
    assert result.warned("byte_order_mark") is not None


def test_the_last_line_without_its_end(vcf: Vcf, run: Run) -> None:
    path = vcf(GOOD)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert len(run(path).records) == 3


def test_no_fileformat_line(vcf: Vcf, run: Run) -> None:
    result = run(vcf(GOOD, version=None))
    assert result.header[0] == "##fileformat=VCFv4.2"
    assert result.warned("missing_fileformat") is not None


@pytest.mark.parametrize(
    ("version", "written"),
    [("VCFv4.0", "VCFv4.2"), ("VCFv4.1", "VCFv4.2"), ("VCFv4.3", "VCFv4.3"), ("VCFv4.5", "VCFv4.5")],
)
def test_versions(vcf: Vcf, run: Run, version: str, written: str) -> None:
    assert run(vcf(GOOD, version=version)).header[0] == f"##fileformat={written}"


def test_blank_lines(vcf: Vcf, run: Run) -> None:
    result = run(vcf(["", *GOOD, "", ""]))
    assert len(result.records) == 3
    warning = result.warned("blank_lines")
    assert warning is not None
    assert warning["count"] == 3


def test_a_header_line_with_one_hash(vcf: Vcf, run: Run) -> None:
    result = run(vcf(GOOD, meta=("#made by hand=yes",)))
    assert "##made by hand=yes" in result.header
    assert result.warned("odd_header_line") is not None


def test_bytes_that_are_not_utf8(vcf: Vcf, run: Run) -> None:
    path = vcf(GOOD, meta=("##lab=Universit\u00e9",))
    path.write_bytes(path.read_bytes().replace("\u00e9".encode(), b"\xe9"))
    assert "##lab=Universit\u00e9" in run(path).header  # read back as latin-1: the byte is the same


def test_bytes_that_are_not_utf8_in_a_symbolic_allele(vcf: Vcf, run: Run) -> None:
    path = vcf([(3308, "T", "<DEL:\u00e9>", "END=3400")])
    path.write_bytes(path.read_bytes().replace("\u00e9".encode(), b"\xe9"))
    result = run(path)
    assert result.records[0][4] == "<DEL:\u00e9>"  # read back as latin-1: the byte is the same
    assert result.info(0)["GAS_CONSEQUENCE"]


def test_unsorted_records_are_sorted(vcf: Vcf, run: Run) -> None:
    records = [(263, "A", "G", "N=1"), (73, "A", "G", "N=2"), (150, "C", "T", "N=3"), (73, "A", "C", "N=4")]
    result = run(vcf(records))
    assert [record[7].split(";")[0] for record in result.records] == ["N=2", "N=4", "N=3", "N=1"]
    warning = result.warned("unsorted")
    assert warning is not None
    assert warning["first_lines"] == [4, 6]
    assert "sorted" in result.log
    with pysam.TabixFile(str(result.path)) as table:
        assert len(list(table.fetch("MT", 72, 73))) == 2


def test_a_contig_that_comes_twice_is_brought_together(vcf: Vcf, run: Run) -> None:
    result = run(vcf(["2\t5\t.\tA\tG\t.\t.\t.", (73, "A", "G"), "2\t3\t.\tA\tG\t.\t.\t.", (150, "C", "T")]))
    assert [(record[0], record[1]) for record in result.records] == [
        ("2", "3"),
        ("2", "5"),
        ("MT", "73"),
        ("MT", "150"),
    ]
    assert result.info(2)["GAS_CONSEQUENCE"] == "upstream_gene_variant"


@pytest.mark.parametrize("contig", ["MT", "M", "chrM", "chrMT", "NC_012920.1", "CHRM"])
def test_names_of_the_contig(vcf: Vcf, run: Run, contig: str) -> None:
    result = run(vcf([(3308, "T", "C")], contig=contig))
    assert result.records[0][0] == contig
    assert result.info(0)["BCSQ"] == "start_lost|MT-ND1|MT-ND1|protein_coding|+|1M>1T|3308T>C"
    assert f"##contig=<ID={contig},length=16569>" in result.header


def test_two_names_of_one_contig(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(3308, "T", "C"), "chrM\t73\t.\tA\tG\t.\t.\t."]))
    assert "BCSQ" in result.info(0)
    assert result.info(1) == {"GAS_SKIPPED": "contig_named_twice"}


def test_lower_case_alleles_stay_and_are_annotated(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(3308, "t", "c")]))
    assert result.records[0][3:5] == ["t", "c"]
    assert result.info(0)["BCSQ"].startswith("start_lost|MT-ND1|")


def test_letters_of_iupac_in_ref(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(3308, "Y", "C"), (3310, "R", "T")]))  # the reference has T and C
    assert result.records[0][3] == "Y"
    assert result.info(0)["BCSQ"].startswith("start_lost|")
    assert result.info(1) == {"GAS_SKIPPED": "ref_mismatch"}
    assert result.warned("reference_ambiguous") is not None


def test_letters_of_iupac_in_alt(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(3308, "T", "Y"), (3308, "T", "Y,C")]))
    assert result.info(0) == {"GAS_SKIPPED": "ambiguous_allele"}
    assert result.info(1)["BCSQ"].startswith("start_lost|MT-ND1")


def test_a_large_deletion(vcf: Vcf, run: Run, bases: Bases) -> None:
    """The common deletion: five coding genes and five tRNA genes whole, and parts of two."""
    result = run(vcf([(8469, bases(8469), "<DEL>", "SVTYPE=DEL;END=13447")]))
    entries = [entry.split("|") for entry in result.info(0)["CSQ"].split(",")]
    terms = {entry[3]: entry[1] for entry in entries}
    assert terms["MT-ATP6"] == terms["MT-CO3"] == terms["MT-TR"] == "transcript_ablation"
    assert (terms["MT-ATP8"], terms["MT-ND5"]) == ("stop_lost", "start_lost")
    assert result.info(0)["GAS_IMPACT"] == "HIGH"
    assert result.summary["other"] == 1


@pytest.mark.parametrize(
    ("alt", "term"),
    [
        ("<DUP>", "frameshift_variant"),
        ("<INS>", "feature_elongation"),
        ("<INV>", "stop_gained"),
        ("<CN2>", "feature_elongation"),
        ("<INS:ME:ALU>", "feature_elongation"),
        ("<CNV>", "coding_sequence_variant"),
    ],
)
def test_other_symbolic_alleles(vcf: Vcf, run: Run, bases: Bases, alt: str, term: str) -> None:
    result = run(vcf([(3400, bases(3400), alt, "END=3500")]))
    assert result.records[0][4] == alt
    terms = {entry.split("|")[3]: entry.split("|")[1] for entry in result.info(0)["CSQ"].split(",")}
    assert term in terms["MT-ND1"].split("&")


@pytest.mark.parametrize("alt", ["T]MT:5000]", "[MT:5000[T", "T.", ".T"])
def test_breakends(vcf: Vcf, run: Run, bases: Bases, alt: str) -> None:
    result = run(vcf([(3350, bases(3350), alt)]))
    assert result.records[0][4] == alt
    terms = {entry.split("|")[3]: entry.split("|")[1] for entry in result.info(0)["CSQ"].split(",")}
    assert terms["MT-ND1"]


def test_the_deletion_that_another_record_describes(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(3308, "T", "*"), (3308, "T", "*,C")]))
    alone, beside = ([entry.split("|") for entry in result.info(index)["CSQ"].split(",")] for index in range(2))
    assert {(entry[0], entry[1]) for entry in alone if entry[3] == "MT-ND1"} == {("*", "coding_sequence_variant")}
    assert ("C", "start_lost") in {(entry[0], entry[1]) for entry in beside if entry[3] == "MT-ND1"}


def test_blocks_of_gvcf(vcf: Vcf, run: Run) -> None:
    records = [
        (70, "G", "<NON_REF>", "END=72"),
        (73, "A", "G,<NON_REF>"),
        (74, "T", "."),
        (75, "G", "<*>"),
    ]
    result = run(vcf(records))
    skipped = [result.info(index).get("GAS_SKIPPED") for index in range(4)]
    assert skipped == ["no_alternate_allele", None, "no_alternate_allele", "no_alternate_allele"]
    assert result.info(0)["END"] == "72"
    assert result.info(1)["MITOMAP_AC"].endswith(",.")
    assert result.summary["records"] == 4
    assert result.summary["snvs"] == 1


def test_several_alleles_stay_in_one_record(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(10760, "A", "G,C,ATT")]))
    assert result.records[0][4] == "G,C,ATT"
    changes = [entry.split("|")[-1] for entry in result.info(0)["BCSQ"].split(",")]
    assert {"10760A>G", "10760A>C", "10760A>ATT"} <= set(changes)
    assert result.summary["multi_allelic"] == 1
    assert result.summary["alleles"] == 3


def test_an_allele_that_is_the_reference(vcf: Vcf, run: Run) -> None:
    assert run(vcf([(73, "A", "A")])).info(0) == {"GAS_SKIPPED": "no_alternate_allele"}


def test_positions_outside_the_contig(vcf: Vcf, run: Run, bases: Bases) -> None:
    end = bases(16560, 10)
    result = run(vcf([(0, "N", "A"), (73, "A", "G"), (16560, end + "GATC", end[0]), (16570, "A", "G")]))
    skipped = [result.info(index).get("GAS_SKIPPED") for index in range(4)]
    assert skipped == ["position_outside_contig", None, "position_outside_contig", "position_outside_contig"]


def test_a_quality_that_is_no_number(vcf: Vcf, run: Run) -> None:
    path = vcf([(73, "A", "G"), "MT\t150\t.\tC\tT\thigh\t.\t."])
    result = run(path)
    assert result.records[1][5] == "high"
    assert "GAS_CONSEQUENCE" in result.info(1)
    warning = result.warned("bad_quality")
    assert warning is not None
    assert warning["first_lines"] == [4]


def test_a_thousand_samples(vcf: Vcf, run: Run, bases: Bases) -> None:
    samples = tuple(f"s{number}" for number in range(1000))
    positions = range(3310, 3600, 5)
    other = {"A": "G", "G": "A", "C": "T", "T": "C"}
    records = [
        (
            pos,
            bases(pos),
            other[bases(pos)],
            "DP=9",
            "GT:DP",
            *(f"{'1' if (pos + at) % 7 == 0 else '0'}:9" for at in range(1000)),
        )
        for pos in positions
    ]
    path = vcf(records, samples=samples)
    before = [line.split("\t") for line in path.read_text().split("\n")[2:-1]]
    result = run(path)
    assert result.summary["samples"] == 1000
    assert result.summary["haplotypes"] is True
    assert [record[8:] for record in result.records] == [record[8:] for record in before]


def test_annotating_a_result_again_changes_nothing(vcf: Vcf, run: Run, tmp_path: Path) -> None:
    path = vcf([(73, "A", "G", "DP=4"), (3308, "T", "C"), (8993, "T", "G", "X=1;Y")])
    once = run(path)
    again = tmp_path / "again.vcf.gz"
    again.write_bytes(once.path.read_bytes())
    twice = run(again)
    assert twice.records == once.records
    assert twice.header == once.header
    assert twice.warned("replaced_annotation") is not None


def test_fields_of_the_user_that_only_look_like_ours_stay(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(73, "A", "G", "MYBCSQ=1;BCSQX=2;XMITOTIP=3;BCSQ=old;MITOTIP=4")]))
    info = result.info(0)
    assert (info["MYBCSQ"], info["BCSQX"], info["XMITOTIP"]) == ("1", "2", "3")
    assert info["BCSQ"] != "old"
    assert "MITOTIP" not in info


def test_a_breakend_with_a_dot_for_its_base_is_annotated_within_a_contig(rcrs: Reference, tmp_path: Path) -> None:
    path = tmp_path / "telomere.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    records = ["MT\t3310\t.\tC\t.[13:123457[\t.\t.\tSVTYPE=BND", "MT\t3310\t.\tN\t]13:12].\t.\t.\tSVTYPE=BND"]
    path.write_text("\n".join(["##fileformat=VCFv4.3", columns, *records]) + "\n")
    summary = annotate(path, rcrs, Outputs.beside(tmp_path / "out.annot.vcf.gz"), temporary=tmp_path)
    assert summary["skipped"] == {}
    assert summary["consequences"]["coding_sequence_variant"] == 2
