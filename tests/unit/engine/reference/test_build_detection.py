"""Which build a file was called on: from lengths, accessions, positions, names, and REF against references."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine import Reference
from annotator.engine.bgzf import BgzfWriter
from annotator.engine.cli.app import main
from annotator.engine.reference.build_detection import DetectionReport, build_of, detect, fit, synonyms
from annotator.engine.reference.build_evidence import MOST_CONTIGS, MOST_NAMES, FileEvidence, chromosome, read_evidence

COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def evidence(header: list[str], places: list[tuple[str, int]]) -> FileEvidence:
    records = [f"{contig}\t{pos}\t.\ta\tG\t.\t.\t." for contig, pos in places]
    return FileEvidence.of(line.encode() for line in ["##fileformat=VCFv4.2", *header, COLUMNS, *records])


@pytest.mark.parametrize(
    ("header", "places", "words"),
    [
        (
            ["##contig=<ID=chr1,length=248956422>", "##contig=<ID=chrU,length=5>", "##contig=<ID=chrM,length=16569>"],
            [("chr1", 1000)],
            "GRCh38 (detected from 1 contig length)",
        ),
        (
            ["##contig=<ID=1,length=249250621,assembly=b37>", "##contig=<ID=2,length=243199373>"],
            [("1", 1000)],
            "GRCh37 (detected from 2 contig lengths)",
        ),
        (["##contig=<ID=1,length=247249719>"], [("1", 9)], "NCBI36 (detected from 1 contig length)"),
        (["##contig=<ID=chr1,length=248387328>"], [("chr1", 9)], "T2T-CHM13 (detected from 1 contig length)"),
        ([], [("NC_000022.10", 9)], "GRCh37 (detected from 1 RefSeq accession)"),
        ([], [("NC_000022.11", 9)], "GRCh38 (detected from 1 RefSeq accession)"),
        (["##reference=file:///data/hs37d5.fa.gz"], [("1", 9)], "GRCh37 (its header names hs37d5)"),
        (["##reference=GRCh38_full_analysis_set.fa"], [("chr1", 9)], "GRCh38 (its header names grch38)"),
        (["##contig=<ID=1,assembly=b37>"], [("1", 9)], "GRCh37 (its header names b37)"),
        ([], [("1", 9)], "unknown"),
        ([], [("1", 249_250_000)], "GRCh37 (its positions lie beyond chromosomes of the other builds)"),
        ([], [("MT", 9), ("MT", 16569)], "rCRS (the mitochondrion has all records)"),
        (["##contig=<ID=chrM,length=16569>"], [("chrM", 9)], "rCRS (the mitochondrion has its length)"),
        (["##contig=<ID=chrM,length=16571>"], [("chrM", 9)], "unknown"),
        ([], [("chrM", 16570)], "unknown"),
        ([], [("scaffold_12", 9)], "unknown"),
        ([], [("MN908947.3", 9), ("MN908947.3", 29903)], "SARS-CoV-2 (all records are on MN908947.3)"),
        (["##contig=<ID=NC_045512,length=29903>"], [("NC_045512", 9)], "SARS-CoV-2 (all records are on NC_045512)"),
        (["##contig=<ID=NC_045512.2,length=29900>"], [("NC_045512.2", 9)], "unknown"),
        ([], [("NC_045512.2", 29904)], "unknown"),
        ([], [("NC_045512.2", 9), ("1", 9)], "unknown"),
        ([], [], "unknown"),
    ],
)
def test_builds(header: list[str], places: list[tuple[str, int]], words: str) -> None:
    assert detect(evidence(header, places)).words == words


def test_lengths_of_two_builds_are_ambiguous() -> None:
    found = detect(evidence(["##contig=<ID=1,length=249250621>", "##contig=<ID=2,length=242193529>"], [("1", 9)]))
    assert found.build is None
    assert {one.build for one in found.candidates} == {"GRCh37", "GRCh38"}
    assert found.words.startswith("ambiguous: ")


def test_a_name_in_the_header_does_not_stand_against_a_position() -> None:
    found = detect(evidence(["##reference=GRCh38.fa"], [("1", 249_250_000)]))
    assert found.words.startswith("GRCh37 ")
    assert found.excluded["GRCh38"] == "1:249,250,000 lies beyond the end of that chromosome"


def test_the_older_mitochondrion_is_told() -> None:
    found = detect(evidence(["##contig=<ID=chrM,length=16571>"], [("chrM", 9)]))
    assert "UCSC's hg19 chrM" in found.excluded["rCRS"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *[("chr1", "1"), ("22", "22"), ("chrX", "X"), ("y", "Y"), ("NC_000023.11", "X"), ("chrM", "MT")],
        *[("NC_012920.1", "MT"), ("23", None), ("chr1_random", None), ("NC_000099.1", None), ("GL000191.1", None)],
    ],
)
def test_names_of_chromosomes(name: str, meant: str | None) -> None:
    assert chromosome(name) == meant


def test_synonyms() -> None:
    assert synonyms("22", 51_304_566) == ["chr22", "NC_000022.10"]
    assert synonyms("NC_000022.11", 50_818_468) == ["22", "chr22"]
    assert synonyms("chr22", 1000) == ["22"]
    assert synonyms("MT", 16_569) == ["M", "chrM", "chrMT", "NC_012920.1"]
    assert synonyms("chrM", 16_571) == ["MT", "M", "chrMT"]
    assert synonyms("scaffold_1", 9) == ["chrscaffold_1"]
    assert synonyms("MN908947.3", 29_903) == ["NC_045512.2", "NC_045512", "MN908947", "NC_045512v2"]
    assert synonyms("MN908947.3", 29_904) == ["chrMN908947.3"]


@pytest.mark.parametrize(
    ("assembly", "build"),
    [
        *[("GRCh38.p14", "GRCh38"), ("hg19", "GRCh37"), ("NC_045512.2", "SARS-CoV-2"), ("SARS-CoV-2", "SARS-CoV-2")],
        *[("NC_012920.1", None), ("yeast", None)],
    ],
)
def test_names_of_assemblies(assembly: str, build: str | None) -> None:
    assert build_of(assembly) == build


def write(path: Path, text: str, how: str) -> Path:
    if how == "bgzf":
        writer = BgzfWriter(path)
        writer.write(text.encode())
        writer.close()
    else:
        data = gzip.compress(text.encode())
        path.write_bytes({"plain": text.encode(), "gzip": data, "cut": data[:-20]}[how])
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "bgzf", "cut"])
def test_the_beginning_of_a_file(tmp_path: Path, how: str) -> None:
    records = "".join(f"1\t{pos}\t.\tA\tG\t.\t.\tX={'y' * (pos % 97)}{pos * 7919}\n" for pos in range(1, 4001))
    header = "##contig=<ID=1,length=249250621>\n"
    found = read_evidence(write(tmp_path / "in.vcf", f"{header}{COLUMNS}\n{records}", how))
    assert found.lengths == {"1": 249_250_621}
    assert found.contigs["1"] == 4000 if how != "cut" else found.contigs["1"] > 3000


pieces = st.sampled_from(
    [
        b"##contig=<ID=1,length=249250621>",
        b"##contig=<ID=,length=99999999999999999999>",
        b"##reference=",
        b"#CHROM",
        b"1\t5\t.\tA\tG",
        b"1\t" + b"9" * 5000 + b"\t.\tA\tG",
        b"MT\t16570\t.\tn\t.",
        b"\n",
        b"\t",
        b"\x1f\x8b",
        b"\r",
    ]
)


@settings(deadline=None)
@given(st.lists(pieces | st.binary(max_size=20), max_size=30), st.sampled_from(["plain", "gzip", "cut"]))
def test_any_bytes_are_looked_at(tmp_path_factory: pytest.TempPathFactory, drawn: list[bytes], how: str) -> None:
    data = b"\n".join(drawn)
    packed = gzip.compress(data)
    path = tmp_path_factory.mktemp("any") / "in"
    path.write_bytes({"plain": data, "gzip": packed, "cut": packed[: len(packed) // 2]}[how])
    found = read_evidence(path)
    assert detect(found).words
    assert all(0 <= pos < 10**12 for _, pos, _ in found.records)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"x" * 3_000_000)
    assert read_evidence(path).contigs.total() == 0


def test_a_file_that_is_no_vcf(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\x1f\x8b" + bytes(range(256)))
    assert detect(read_evidence(tmp_path / "in")).words == "unknown"


def test_ref_against_a_reference(rcrs: Reference, bases: Callable[[int, int], str]) -> None:
    right = [f"chrM\t{pos}\t.\t{bases(pos, 1)}\tN\t.\t.\t." for pos in range(1, 101)]
    other = FileEvidence.of(line.encode() for line in [*right, "1\t5\t.\tA\tG\t.\t.\t."])
    found = fit(other, rcrs)
    assert (found.total, found.on_contigs, found.compared, found.agreeing) == (101, 100, 100, 100)
    assert (found.right, found.wrong, found.wrong_lengths) == (True, False, ())
    shifted = [line.replace(f"\t{pos}\t", f"\t{pos + 1}\t") for pos, line in enumerate(right, start=1)]
    found = fit(FileEvidence.of(line.encode() for line in ["##contig=<ID=M,length=16571>", *shifted]), rcrs)
    assert (found.right, found.wrong) == (False, True)
    assert found.wrong_lengths == (("M", 16_571, 16_569),)


def test_the_command(tmp_path: Path, bases: Callable[[int, int], str], capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(f"{COLUMNS}\nMT\t73\t.\t{bases(73, 1)}\tG\t.\t.\t.\n")
    assert main(["reference", "detect", str(path)]) == 0
    said = capsys.readouterr().out
    assert "build: rCRS (the mitochondrion has all records)\n" in said
    assert "reference rCRS: 1 of 1 records on its contigs, REF agrees in 1 of 1\n" in said
    assert main(["reference", "detect", str(tmp_path / "none.vcf")]) == 1
    assert "No such file" in capsys.readouterr().err


def peak_of(lines: list[bytes]) -> tuple[int, FileEvidence]:
    """Most bytes that reading some lines takes, and what is read."""
    tracemalloc.start()
    try:
        found = FileEvidence.of(lines)
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "line",
    [
        b"##reference=" + b"a." * 8000,
        b"##reference=" + b"a." * 2_000_000,
        b"##assembly=" + b"a-b_c.d/" * 100_000,
        b"##contig=<ID=" + b"c" * 2_000_000 + b",length=5>",
    ],
)
def test_a_long_line_takes_little_memory(line: bytes) -> None:
    """Each ending of a word was kept: 16 KB made 64 MB of them."""
    peak, found = peak_of([line])
    assert peak < 16_000_000
    assert sum(map(len, found.names)) < 1_000_000
    assert found.lengths == {}


def test_many_words_and_contigs_take_little_memory() -> None:
    lines = [b"##reference=/%d/x%d.fa" % (at, at) for at in range(50_000)]
    lines += [b"##contig=<ID=c%d,length=9>" % at for at in range(MOST_CONTIGS + 100)]
    _, found = peak_of(lines)
    assert len(found.names) <= MOST_NAMES + 10
    assert len(found.lengths) == MOST_CONTIGS


def test_a_build_is_still_found_in_a_long_path() -> None:
    line = "##reference=file:///" + "folder/" * 2000 + "GRCh38_full_analysis_set.fa"
    assert detect(evidence([line], [("chr1", 9)])).words == "GRCh38 (its header names grch38)"


def test_long_names_of_contigs_are_left_out() -> None:
    assert FileEvidence.of([b"c" * 256 + b"\t5\t.\tA\tG", b"c" * 255 + b"\t5\t.\tA\tG"]).contigs.total() == 1


@pytest.mark.parametrize("content", [b"", b"\n" * (40 << 20), b"x" * (40 << 20)])
def test_how_much_of_a_file_is_read(tmp_path: Path, content: bytes) -> None:
    """Members without content are as many as a file has room for; what expands to much is read in pieces."""
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(content, 1) if content else gzip.compress(b"") * 20_000)
    tracemalloc.start()
    try:
        assert read_evidence(path).contigs.total() == 0
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()


def test_what_another_process_found(tmp_path: Path, bases: Callable[[int, int], str],
                                    capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    path = tmp_path / "in.vcf"
    path.write_text(f"##contig=<ID=MT,length=9>\n{COLUMNS}\nMT\t73\t.\t{bases(73, 1)}\tG\t.\t.\t.\n")
    assert main(["reference", "detect", str(path), "--json", "--reference", "rCRS"]) == 0
    found = DetectionReport.from_dict(json.loads(capsys.readouterr().out))
    assert (found.contigs, found.mitochondrial) == (("MT",), True)
    assert found.detection == detect(read_evidence(path))
    assert found.fits == {"rCRS": fit(read_evidence(path), Reference.load("rCRS"))}
    assert main(["reference", "detect", str(path), "--json"]) == 0
    assert DetectionReport.from_dict(json.loads(capsys.readouterr().out)).fits == {}
    assert main(["reference", "detect", str(path), "--json", "--reference", "nowhere"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "reference_unknown"
