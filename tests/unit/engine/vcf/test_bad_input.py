"""Files that cannot be annotated: each is refused with a code, a place and a hint."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

from annotator.engine import InputError, Limits
from annotator.engine.bgzf import END_OF_FILE, pack
from annotator.engine.errors import INPUT_ERRORS, QUOTE_LENGTH
from annotator.engine.vcf import header
from tests.unit.engine.conftest import Result

Refused = Callable[..., InputError]
Vcf = Callable[..., Path]
GOOD = [(73, "A", "G"), (150, "C", "T"), (263, "A", "G")]


@pytest.fixture
def raw(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "raw.vcf"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\t\n", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"])
def test_an_empty_file(raw: Callable[[bytes], Path], refused: Refused, content: bytes) -> None:
    assert refused(raw(content)).code == "empty_file"


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "content")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"BAM\x01\x00\x00\x00\x00", "a BAM file"),
        (gzip.compress(b"BAM\x01\x00\x00\x00\x00", mtime=0), "a BAM file"),
        (b"CRAM\x03\x00", "a CRAM file"),
        (gzip.compress(gzip.compress(b"##fileformat=VCFv4.2\n", mtime=0), mtime=0), "a gzip file within a gzip file"),
        (b">MT\nGATCACAGGTCTATCACCC\n", "a FASTA file"),
        (b"@read1\nACGT\n+\nIIII\n", "a FASTQ file"),
        (b"@HD\tVN:1.6\tSO:coordinate\n", "a SAM file"),
        (zipped("calls.vcf"), "a zip archive"),
        (zipped("[Content_Types].xml"), "an Excel or Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel"),
        (b"<!DOCTYPE html>\n<html></html>\n", "a web page"),
        (b"\n  <html><body>404</body></html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a PNG image"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"##gff-version 3\n", "a GFF file"),
        (b'{"records": []}\n', "a JSON file"),
        (b"<?xml version='1.0'?>\n", "an XML file"),
        ("##fileformat=VCFv4.2\n".encode("utf-16"), "UTF-16"),
        (b"chr1\t100\t200\tname\n", "a BED file"),
        (b"chrom,pos,ref,alt\nMT,73,A,G\n", "a comma-separated table"),
        (b"rsid\tchromosome\tposition\tgenotype\n", "a table of genotypes"),
        (b"Dear colleagues,\nplease find attached\n", "plain text"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07" * 40, "binary data"),
    ],
)
def test_a_file_that_is_not_vcf_is_named(
    raw: Callable[[bytes], Path], refused: Refused, content: bytes, named: str
) -> None:
    error = refused(raw(content))
    assert error.code == "not_vcf"
    assert named in error.message


def bgzipped(source: Path, target: Path) -> bytes:
    with pysam.BGZFile(str(target), "wb", None) as stream:
        stream.write(source.read_bytes())
    return target.read_bytes()


def test_a_gzip_file_that_is_cut_off(vcf: Vcf, raw: Callable[[bytes], Path], refused: Refused) -> None:
    whole = gzip.compress(vcf(GOOD * 500).read_bytes())
    error = refused(raw(whole[: len(whole) // 2]))
    assert error.code == "truncated_gzip"
    assert "truncated" in error.message


def test_a_bgzip_file_without_its_end(vcf: Vcf, raw: Callable[[bytes], Path], refused: Refused, tmp_path: Path) -> None:
    whole = bgzipped(vcf(GOOD), tmp_path / "whole.gz")
    assert refused(raw(whole[:-28])).code == "truncated_gzip"


def test_a_bgzip_file_that_is_cut_within_a_block(
    vcf: Vcf, raw: Callable[[bytes], Path], refused: Refused, tmp_path: Path
) -> None:
    whole = bgzipped(vcf(GOOD * 2000), tmp_path / "whole.gz")
    assert refused(raw(whole[: len(whole) - 60])).code == "truncated_gzip"


@pytest.mark.parametrize("junk", [0, 70_000, 200_000])
@pytest.mark.parametrize("cut", [28, 29, 60, 40_000, 64_000, 130_000])
def test_a_large_bgzip_file_without_its_end(
    vcf: Vcf, raw: Callable[[bytes], Path], refused: Refused, tmp_path: Path, cut: int, junk: int
) -> None:
    """Blocks are as large as they may be, and bytes of something else may follow."""
    chance = random.Random(1)
    noise = [f"X={chance.randbytes(9_000).hex()}" for _ in range(40)]
    whole = bgzipped(vcf([(73, "A", "G", info) for info in noise]), tmp_path / "whole.gz")
    assert len(whole) > 300_000
    error = refused(raw(whole[:-cut] + b"x" * junk))
    assert error.code in ("truncated_gzip", "corrupt_gzip")
    assert junk or error.message == "The bgzip file is truncated: the block that marks its end is missing."


def test_a_gzip_file_that_is_damaged(vcf: Vcf, raw: Callable[[bytes], Path], refused: Refused) -> None:
    whole = bytearray(gzip.compress(vcf(GOOD * 500).read_bytes()))
    whole[len(whole) // 2] ^= 0xFF
    whole[len(whole) // 2 + 1] ^= 0xFF
    assert refused(raw(bytes(whole))).code in ("corrupt_gzip", "truncated_gzip")


def test_binary_bytes_among_the_records(vcf: Vcf, refused: Refused) -> None:
    path = vcf([*GOOD, "MT\t300\t.\tA\tG\t.\t.\tX=\x00\x01"])
    error = refused(path)
    assert (error.code, error.line) == ("binary_data", 6)
    assert "\x00" not in (error.text or "")


def test_a_carriage_return_within_a_line(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([*GOOD, "MT\t300\t.\tA\rG\t.\t.\t."]))
    assert (error.code, error.line) == ("binary_data", 6)


def test_line_ends_of_old_macintosh(vcf: Vcf, refused: Refused) -> None:
    assert refused(vcf(GOOD, end="\r")).code == "old_mac_line_ends"


def test_no_column_header(raw: Callable[[bytes], Path], refused: Refused) -> None:
    error = refused(raw(b"##fileformat=VCFv4.2\nMT\t73\t.\tA\tG\t.\t.\t.\n"))
    assert (error.code, error.line) == ("missing_column_header", 2)
    assert error.text == "MT\t73\t.\tA\tG\t.\t.\t."


def test_a_header_and_nothing_else(raw: Callable[[bytes], Path], refused: Refused) -> None:
    error = refused(raw(b"##fileformat=VCFv4.2\n##source=x\n"))
    assert error.code == "missing_column_header"
    assert "ends before" in error.message


def test_records_without_any_header(raw: Callable[[bytes], Path], refused: Refused) -> None:
    error = refused(raw(b"MT\t73\t.\tA\tG\t.\t.\t.\n"))
    assert (error.code, error.line) == ("missing_column_header", 1)


@pytest.mark.parametrize(
    ("columns", "column", "says"),
    [
        ("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tINFO", 7, "'INFO'; it should be 'FILTER'"),
        ("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER", 8, "'nothing'; it should be 'INFO'"),
        ("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tsample1", 9, "'sample1'; it should be 'FORMAT'"),
        ("#chrom\tpos\tid\tref\talt\tqual\tfilter\tinfo", 1, "'#chrom'; it should be '#CHROM'"),
        ("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\t", 11, "no name"),
    ],
)
def test_wrong_header_columns(
    raw: Callable[[bytes], Path], refused: Refused, columns: str, column: int, says: str
) -> None:
    error = refused(raw(f"##fileformat=VCFv4.2\n{columns}\n".encode()))
    assert (error.code, error.line, error.column) == ("wrong_header_columns", 2, column)
    assert says in error.message


@pytest.mark.parametrize("more", ["GT\t0/1", "\t"])
def test_more_columns_than_format_where_there_are_no_samples(
    raw: Callable[[bytes], Path], refused: Refused, more: str
) -> None:
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"]
    lines += ["MT\t73\t.\tA\tG\t.\t.\t.", f"MT\t73\t.\tA\tG\t.\t.\t.\t{more}"]
    error = refused(raw("\n".join([*lines, ""]).encode()))
    assert (error.code, error.line) == ("wrong_column_count", 4)
    assert error.message == "The record has 10 columns; the #CHROM line has 9."


def test_blanks_instead_of_tabs(raw: Callable[[bytes], Path], refused: Refused) -> None:
    error = refused(raw(b"##fileformat=VCFv4.2\n#CHROM POS ID REF ALT QUAL FILTER INFO\n"))
    assert error.code == "wrong_header_columns"
    assert "tabs" in error.message


def test_blanks_instead_of_tabs_in_a_record(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([*GOOD, "MT 300 . A G . . ."]))
    assert (error.code, error.line) == ("wrong_column_count", 6)
    assert "tabs" in error.hint


def test_two_samples_of_one_name(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([], samples=("a", "b", "a")))
    assert (error.code, error.line, error.column) == ("duplicate_sample", 2, 12)


@pytest.mark.parametrize("line", ["MT\t300\t.\tA\tG\t.\t.", "MT\t300\t.\tA\tG\t.\t.\t.\tGT", "MT"])
def test_wrong_column_count(vcf: Vcf, refused: Refused, line: str) -> None:
    error = refused(vcf([*GOOD, line, (16527, "C", "T")]))
    assert (error.code, error.line) == ("wrong_column_count", 6)
    found = len(line.split(chr(9)))
    assert f"has {found} column{'' if found == 1 else 's'};" in error.message
    assert "has 8" in error.message


def test_a_plain_file_that_is_cut_off(vcf: Vcf, refused: Refused) -> None:
    path = vcf(GOOD)
    path.write_bytes(path.read_bytes()[:-9])
    error = refused(path)
    assert (error.code, error.line) == ("wrong_column_count", 5)
    assert "truncated" in error.message


def test_a_second_header_among_the_records(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([*GOOD, "##fileformat=VCFv4.2"]))
    assert (error.code, error.line) == ("header_in_body", 6)
    assert "bcftools concat" in error.hint


def test_the_column_header_again_among_the_records(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([*GOOD, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]))
    assert (error.code, error.line) == ("header_in_body", 6)


@pytest.mark.parametrize("pos", ["", "x", "-1", "1.5", "1e3", "99999999999", "٣", "+5", "2147483648", "0300"])
def test_a_position_that_is_none(vcf: Vcf, refused: Refused, pos: str) -> None:
    error = refused(vcf([*GOOD, f"MT\t{pos}\t.\tA\tG\t.\t.\t."]))
    assert (error.code, error.line, error.column, error.field) == ("bad_position", 6, 2, "POS")
    assert error.text == pos


def test_an_end_beyond_every_contig(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf([*GOOD, (300, "A", "<DEL>", "SVTYPE=DEL;END=99999999999")]))
    assert (error.code, error.line, error.column, error.field) == ("bad_end", 6, 8, "INFO")


def test_a_reference_allele_that_is_missing_within_a_contig(vcf: Vcf, refused: Refused) -> None:
    """A breakend at a telomere lies outside its contig."""
    error = refused(vcf([*GOOD, "MT\t300\t.\t.\t.[MT:5[\t.\t.\t."]))
    assert (error.code, error.line, error.column, error.field) == ("bad_ref", 6, 4, "REF")


@pytest.mark.parametrize("ref", ["", ".", "A-", "XYZ", "A G", "*", "<DEL>", "A,G", "1"])
def test_impossible_reference_alleles(vcf: Vcf, refused: Refused, ref: str) -> None:
    error = refused(vcf([*GOOD, f"MT\t300\t.\t{ref}\tG\t.\t.\t."]))
    assert (error.code, error.line, error.column, error.field) == ("bad_ref", 6, 4, "REF")


@pytest.mark.parametrize("alt", ["A-", "J", "G,,T", "<DEL", "DEL>", "G T", "0", "G,", "[MT:5"])
def test_impossible_alternate_alleles(vcf: Vcf, refused: Refused, alt: str) -> None:
    error = refused(vcf([*GOOD, f"MT\t300\t.\tA\t{alt}\t.\t.\t."]))
    assert (error.code, error.line, error.column, error.field) == ("bad_alt", 6, 5, "ALT")


@pytest.mark.parametrize(
    "chrom", ["", ".", " MT", "M T", '"MT"', "MT,", "<MT", "MT>", "<>", "<<MT>>", "<M T>", "M\u00e9"]
)
def test_impossible_contig_names(vcf: Vcf, refused: Refused, chrom: str) -> None:
    error = refused(vcf([*GOOD, f"{chrom}\t300\t.\tA\tG\t.\t.\t."]))
    assert (error.code, error.line, error.column) == ("bad_contig", 6, 1)


@pytest.mark.parametrize("version", ["VCFv3.3", "VCFv3.2", "VCFv5.0", "", "vcf"])
def test_versions_that_are_not_read(vcf: Vcf, refused: Refused, version: str) -> None:
    error = refused(vcf(GOOD, version=version))
    assert (error.code, error.line) == ("vcf_version_unsupported", 1)
    assert "vcf-convert" in error.hint


@pytest.mark.parametrize("version", ["VCF v4.3", "VCF4.3", "vcfv4.3", "VCFv 4.3", "VCF_4.3", "VCFV4.3.1", "VCF-v4.3"])
def test_versions_that_are_written_wrongly(vcf: Vcf, refused: Refused, version: str) -> None:
    error = refused(vcf(GOOD, version=version))
    assert (error.code, error.line) == ("vcf_version_misspelt", 1)
    assert f"'{version}'" in error.message
    assert "VCFv4.3" in error.hint


def test_a_line_among_the_header_that_is_none(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf(GOOD, meta=('##INFO=<ID=X,Number=1,Type=String,Description="one', 'two">')))
    assert (error.code, error.line, error.text) == ("missing_column_header", 3, 'two">')
    assert "Line 2" in error.hint


def test_bgzip_blocks_that_are_damaged_are_no_trailing_bytes(raw: Callable[[bytes], Path], refused: Refused) -> None:
    head = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    first, second = pack(head), pack(b"MT\t73\t.\tA\tG\t.\t.\t.\n")
    damaged = b"\0" + second[1:]
    for content in (first + damaged + END_OF_FILE, gzip.compress(head) + damaged + gzip.compress(b"MT")):
        assert refused(raw(content)).code == "corrupt_gzip"


def test_vcf_3_3_with_its_old_header_lines(vcf: Vcf, refused: Refused) -> None:
    meta = ('##INFO=DP,1,Integer,"Total Depth"', '##FORMAT=GT,1,String,"Genotype"')
    error = refused(vcf(GOOD, version="VCFv3.3", meta=meta))
    assert error.code == "vcf_version_unsupported"
    assert "VCFv3.3" in error.message


def test_a_line_longer_than_the_limit(vcf: Vcf, refused: Refused) -> None:
    path = vcf([*GOOD, f"MT\t300\t.\tA\tG\t.\t.\tX={'y' * 900_000}"])
    error = refused(path, Limits(line=500_000))
    assert (error.code, error.line) == ("line_too_long", 6)
    assert len(error.text or "") <= QUOTE_LENGTH + 1


def test_a_decompression_bomb(raw: Callable[[bytes], Path], refused: Refused) -> None:
    head = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    bomb = gzip.compress(head + b"MT\t73\t.\tA\tG\t.\t.\t.\n" * 500_000)
    assert len(bomb) < 100_000
    error = refused(raw(bomb), Limits(uncompressed=2_000_000))
    assert error.code == "too_large"
    assert "2,000,000" in error.message


def test_a_header_larger_than_the_limit(vcf: Vcf, refused: Refused) -> None:
    path = vcf(GOOD, meta=tuple(f"##contig=<ID=scaffold{number}>" for number in range(5000)))
    assert refused(path, Limits(header=50_000)).code == "header_too_large"


def test_a_header_of_blank_lines(
    raw: Callable[[bytes], Path], refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They count, too: a few bytes of gzip hold millions of them."""
    monkeypatch.setattr(header, "MOST_LINES", 1000)
    assert refused(raw(b"##fileformat=VCFv4.2\n" + b"\n" * 50_000), Limits(header=50_000)).line == 1001


def test_blank_lines_count_as_bytes_of_the_header(raw: Callable[[bytes], Path], refused: Refused) -> None:
    error = refused(raw(b"##fileformat=VCFv4.2\n" + b"\n" * 50_000), Limits(header=40_000))
    assert error.message == "The header is larger than 40,000 bytes."


def test_more_records_than_are_taken(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf(GOOD * 10), Limits(records=9))
    assert error.code == "too_many_records"
    assert error.message == f"The file has {len(GOOD) * 10} records; 9 is the limit."


def test_as_many_records_as_are_taken(vcf: Vcf, run: Callable[..., Result]) -> None:
    assert run(vcf(GOOD), Limits(records=len(GOOD))).summary["records"] == len(GOOD)


def test_every_code_has_a_title_and_a_hint() -> None:
    for code, kind in INPUT_ERRORS.items():
        assert kind.title, code
        assert kind.hint.endswith((".", "vcf")), code
