"""A file is annotated alike in whatever form it comes, and damage to any of them is reported as damage."""

from __future__ import annotations

import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pysam
import pysam.bcftools
import pytest

from annotator.engine import InputError, Limits
from annotator.engine.input_formats import XZ_MEMORY, open_input
from annotator.engine.reference.build_evidence import read_evidence
from tests.unit.engine.conftest import Result

Annotated = Callable[..., Result]
Refused = Callable[..., InputError]
Vcf = Callable[..., Path]
RECORDS = [(73, "A", "G", "NOTE=x", "GT:DP", "0/1:31"), (150, "C", "T", "NOTE=y", "GT:DP", "1|1:7"),
           (263, "A", "G,C", "NOTE=z", "GT:DP", "1/2:.")]  # fmt: skip
META = ("##contig=<ID=MT,length=16569>", '##INFO=<ID=NOTE,Number=1,Type=String,Description="A note">',
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">')  # fmt: skip


def zstd(text: bytes) -> bytes:
    packed: bytes = pa.compress(text, codec="zstd", asbytes=True)
    return packed


def xz_streams(text: bytes) -> bytes:
    half = len(text) // 2
    return lzma.compress(text[:half]) + bytes(4) + lzma.compress(text[half:]) + bytes(8)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "xz of two streams with padding": xz_streams,
    "zstd": zstd,
    "zstd of two frames": lambda text: zstd(text[:400]) + zstd(text[400:]),
}


def as_bcf(source: Path, target: Path, kind: str) -> Path:
    pysam.bcftools.view("--no-version", f"-O{kind}", "-o", str(target), str(source), catch_stdout=False)
    return target


@pytest.fixture
def plain(vcf: Vcf) -> Path:
    return vcf(RECORDS, meta=META, samples=("one",))


@pytest.mark.parametrize("form", FORMS)
def test_compressed_forms(plain: Path, tmp_path: Path, run: Annotated, form: str) -> None:
    expected = run(plain)
    packed = tmp_path / "any name at all"
    packed.write_bytes(FORMS[form](plain.read_bytes()))
    found = run(packed)
    assert found.records == expected.records
    assert found.header == expected.header
    assert len(found.records) == len(RECORDS)


@pytest.mark.parametrize("kind", ["b", "u"], ids=["compressed", "uncompressed"])
def test_bcf(plain: Path, tmp_path: Path, run: Annotated, kind: str) -> None:
    expected = run(plain)
    found = run(as_bcf(plain, tmp_path / "file.bcf", kind))
    assert found.records == expected.records
    assert [line for line in META if line not in found.header] == []


@pytest.mark.parametrize("form", ["xz", "zstd", "bcf"])
def test_damage(vcf: Vcf, tmp_path: Path, refused: Refused, form: str) -> None:
    chance = random.Random(7)
    plain = vcf([(73 + at, "A", "G", f"NOTE={chance.random()}") for at in range(400)], meta=META)
    packed = tmp_path / "packed"
    if form == "bcf":
        as_bcf(plain, packed, "b")
    else:
        packed.write_bytes(FORMS[form](plain.read_bytes()))
    whole = packed.read_bytes()
    for cut in (len(whole) // 3, len(whole) - 1):
        packed.write_bytes(whole[:cut])
        assert refused(packed).code in ("corrupt_file", "truncated_gzip")
    middle = 20 if form == "zstd" else len(whole) // 2  # without a checksum, zstd notices damage to its tables only
    packed.write_bytes(whole[:middle] + b"\xff" * 40 + whole[middle + 40 :])
    assert refused(packed).code in ("corrupt_file", "corrupt_gzip")


def test_a_bcf_of_nonsense(tmp_path: Path, refused: Refused) -> None:
    for content in (b"BCF\x02\x02", b"BCF\x02\x02" + b"\xff" * 4 + b"x" * 100, gzip.compress(b"BCF\x02\x02zzzzzzzz")):
        path = tmp_path / "x"
        path.write_bytes(content)
        assert refused(path).code == "corrupt_file"


def test_an_xz_file_that_wants_too_much_memory(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "greedy"
    path.write_bytes(lzma.compress(b"##fileformat=VCFv4.2\n",
                                   filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4 * XZ_MEMORY}]))  # fmt: skip
    assert refused(path).code == "corrupt_file"


@pytest.mark.parametrize("form", ["xz", "zstd"])
def test_a_small_file_that_expands_beyond_the_limit(plain: Path, tmp_path: Path, refused: Refused, form: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(FORMS[form](plain.read_bytes() + b"MT\t300\t.\tA\tG\t.\t.\t" + b"N" * 30_000_000))
    assert path.stat().st_size < 100_000
    assert refused(path, Limits(uncompressed=1_000_000)).code == "too_large"


def test_another_format_within(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "x"
    path.write_bytes(lzma.compress(b"BAM\x01" + b"\0" * 50))
    error = refused(path)
    assert error.code == "not_vcf"
    assert "BAM" in error.message


@pytest.mark.parametrize("form", ["xz", "zstd", "bcf"])
def test_the_genome_build_is_detected_in_every_form(vcf: Vcf, tmp_path: Path, form: str) -> None:
    plain = vcf([(100_000, "A", "G")], contig="chr1", meta=("##contig=<ID=chr1,length=248956422>",))
    packed = tmp_path / "packed"
    if form == "bcf":
        as_bcf(plain, packed, "b")
    else:
        packed.write_bytes(FORMS[form](plain.read_bytes()))
    evidence = read_evidence(packed)
    assert evidence.lengths == {"chr1": 248956422}
    assert evidence.contigs == {"chr1": 1}
    assert evidence == read_evidence(plain) or form == "bcf"  # bcftools adds a header line


def test_a_child_ends_with_its_reader(plain: Path, tmp_path: Path) -> None:
    with open_input(as_bcf(plain, tmp_path / "file.bcf", "b")) as stream:
        assert stream.read(2) == b"##"
        child = stream._stream._child  # type: ignore[attr-defined]
    assert child.returncode is not None
