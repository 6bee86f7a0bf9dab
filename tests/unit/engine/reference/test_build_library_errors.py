"""Whatever a library raises while a reference is built or opened, the message is one of ours."""

from __future__ import annotations

import errno
import gzip
import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pysam
import pytest

from annotator.engine import Reference
from annotator.engine.cli.app import main
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words, step
from annotator.engine.reference.build.variant_source import VariantSource
from annotator.engine.reference.regions import RegionTracks
from annotator.engine.reference.verify import verify

Build = Callable[..., int]

RAW = "raw text of a library 0xdead"


def _unicode() -> UnicodeDecodeError:
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, RAW)


ERRORS: list[Callable[[], Exception]] = [
    *(lambda kind=kind: kind(RAW) for kind in (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError)),
    *(lambda kind=kind: kind(RAW) for kind in (EOFError, OverflowError, ZeroDivisionError, AssertionError)),
    *(lambda kind=kind: kind(RAW) for kind in (RuntimeError, RecursionError, MemoryError, NotImplementedError)),
    *(lambda kind=kind: kind(RAW) for kind in (zlib.error, struct.error, gzip.BadGzipFile, pysam.SamtoolsError)),
    *(
        lambda name=name: getattr(pa, name)(RAW)
        for name in ("ArrowInvalid", "ArrowTypeError", "ArrowKeyError", "ArrowIndexError", "ArrowMemoryError")
    ),
    *(
        lambda name=name: getattr(pa, name)(RAW)
        for name in ("ArrowNotImplementedError", "ArrowCapacityError", "ArrowSerializationError", "ArrowException")
    ),
    _unicode,
]
"""Every kind of error that Python, zlib, pyarrow and pysam raise for data they cannot use."""
STEPS = {
    "annotator.engine.reference.build.sequence._copy": "bundle.fa",
    "annotator.engine.reference.build.sequence._write_indexes": "bundle.fa",
    "annotator.engine.reference.build.gene_tables._rows": "bundle.models",
    "annotator.engine.reference.build.gene_tables._tidied": "bundle.models",
    "annotator.engine.reference.build.bundle_builder.contigs_of": "small",
    "annotator.engine.reference.build.bundle_builder.place": "small",
    "annotator.engine.reference.build.contig_models.write_gff3": "small",
    "annotator.engine.reference.build.write_gff3.make_index": "gene models",
    "annotator.engine.reference.build.compile_models._row": "small",
    "annotator.engine.reference.build.contig_models.write_transcripts": "small",
    "annotator.engine.reference.build.model_checks.coding_faults": "small",
    "annotator.engine.reference.build.contig_models.Bases": "small",
    "annotator.engine.reference.build.variant_source.open_table": "known.vcf",
    "annotator.engine.reference.build.variant_source.make_index": "known",
    "annotator.engine.reference.build.known_variants.Sequence": "small",
    "annotator.engine.reference.build.info_choice.field_values": "known",
    "annotator.engine.reference.build.regions.make_index": "regions",
    "annotator.engine.reference.build.regions._value": "tracks.bed",
    "annotator.engine.reference.build.bundle_builder.sha256_of": "small",
}
"""What each step of a build calls first, and a word of the message when it fails."""


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    known = tmp_path / "known.vcf"
    known.write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t1015\trs1\tG\tC\t.\t.\t.\n"
    )
    (tmp_path / "tracks.bed").write_text("1\t1000\t1020\there\n")
    return ["--variants", f"known={known}:ID", "--regions", f"R={tmp_path / 'tracks.bed'}"]


@pytest.mark.parametrize("where", STEPS)
def test_every_error_of_a_library_in_every_step_of_a_build(
    build: Build,
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
) -> None:
    for make in ERRORS:
        error = make()

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(where, fail)
            assert build(*options) == 1, f"{error!r} in {where}"
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert RAW not in said
        assert not re.search(rf"\b{type(error).__name__}\b", said.removeprefix("error: "))
        assert STEPS[where] in said
        assert not (tmp_path / "bundle").exists()
        assert not list(tmp_path.glob(".bundle*"))


def test_what_the_system_says_is_told(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr("annotator.engine.reference.build.gene_tables._rows", full)
    assert build() == 1
    assert capsys.readouterr().err == "error: No space left on device: /somewhere\n"
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("make", ERRORS)
def test_every_error_has_words(make: Callable[[], Exception]) -> None:
    error = make()
    assert isinstance(error, LIBRARY_ERRORS)
    words = in_words(error, "x cannot be read")
    assert words.startswith("x cannot be read: ")
    assert RAW not in words
    with pytest.raises(BundleError) as caught, step("code", "x cannot be read"):
        raise error
    code = "out_of_memory" if isinstance(error, MemoryError) else "code"
    assert (caught.value.code, caught.value.message, caught.value.__cause__) == (code, words, error)


def test_our_own_errors_stay_what_they_are() -> None:
    with pytest.raises(EngineError, match="ours") as caught, step("code", "x cannot be read"):
        raise EngineError("other", "ours")
    assert caught.value.code == "other"


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    "name", ["manifest.json", "models.gff3.gz", "models.arrow", "known_variants.1.parquet", "regions.tsv.gz"]
)
def test_damaged_bundles_are_told_in_our_words(
    build: Build, options: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    assert build(*options) == 0
    damage(tmp_path / "bundle" / name)
    capfd.readouterr()
    path = tmp_path / "x.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
        "1\t1015\t.\tG\tC\t.\t.\t.\tGT\t0|1\n"
    )
    assert main(["reference", "verify", str(tmp_path / "bundle")]) == 1
    main(["annotate", str(path), "--reference", str(tmp_path / "bundle"), "--out", str(tmp_path / "x.annot.vcf.gz")])
    captured = capfd.readouterr()
    for raw in ("Traceback", "Error", "Arrow", "[E::", "[W::", "hts", "could not", "Errno", "Expecting", "Untermin"):
        assert raw not in captured.out + captured.err


def test_a_manifest_that_lacks_something_is_told(build: Build, tmp_path: Path) -> None:
    assert build() == 0
    path = tmp_path / "bundle" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["contigs"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"manifest.json is not usable: it lacks 'contigs'; build or fetch the"):
        Reference.load(tmp_path / "bundle")


def test_regions_without_their_index_are_told(build: Build, options: list[str], tmp_path: Path) -> None:
    assert build(*options) == 0
    reference = Reference.load(tmp_path / "bundle")
    (tmp_path / "bundle" / "regions.tsv.gz.tbi").unlink()
    assert reference.regions
    with pytest.raises(BundleError, match=r"regions.tsv.gz cannot be read: it is damaged, cut off or not sorted"):
        RegionTracks.load(reference.regions[0], "1")
    assert any("missing" in one for one in verify(reference).failed)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has no bases"),
        (b">1\n", "has no bases of 1"),
        (b"ACGT\n", "line 1: not a sequence of bases; the name of a contig (>name) must come first"),
        (b">1\nAC!T\n", "line 2: not a sequence of bases; '!' is not a base"),
        (b">1\nACGT\n>1\nAC\n", "line 3: a second contig with the name '1'"),
        (b"> \nACGT\n", "line 1: the contig has no name"),
        (">caf\u00e9\nACGT\n".encode(), "has characters that a VCF file cannot have"),
        (b"BZh91AY", "is compressed with bzip2; supported are plain, gzip and bgzip"),
        (b"PK\x03\x04zip", "is compressed with zip"),
        (gzip.compress(b">1\n" + b"ACGT\n" * 1000, mtime=0)[:-20], "cannot be read as a sequence: it is cut off"),
        (gzip.compress(b">1\n" + b"ACGT\n" * 1000, mtime=0)[:-8] + b"12345678", "its compressed data are damaged"),
    ],
)
def test_sequences_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    (tmp_path / "x.fa").write_bytes(content)
    (tmp_path / "x.gff3").write_text("1\tx\tCDS\t1\t3\t.\t+\t0\tID=c\n")
    words = ["reference", "build", "--name", "x", "--fasta", str(tmp_path / "x.fa"), "--gff", str(tmp_path / "x.gff3")]
    assert main([*words, "--out", str(tmp_path / "bundle")]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("bad", ["1\t1015\trs1\tG\tC\t.\t.", "1\t10_15\trs1\tG\tC\t.\t.\t."])
def test_known_variants_that_are_no_records(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    known = tmp_path / "known.vcf"
    known.write_text(f"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{bad}\n")
    assert build("--variants", f"known={known}:ID") == 1
    said = capsys.readouterr().err
    assert "known.vcf" in said or "Known variants (known) on 1 cannot be read" in said
    assert "int()" not in said
    assert "sorted" in said or f"the row '{bad}' is not a record of VCF".replace("\t", " ") in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [*((one, "is wanted") for one in ("x", "=", "a=", "=b")), ("a=b:c d", "the name of a field has")],
)
def test_sources_that_make_no_sense(text: str, problem: str) -> None:
    with pytest.raises(BundleError, match=problem):
        VariantSource.parse(text)
