"""The copy of a reference's sequence: its bases, and indexes like those of samtools."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pysam
import pytest

from annotator.engine import BundleError
from annotator.engine.reference.build import sequence

BASES = "".join(random.Random(1).choices("ACGTNacgtn", k=200_000))


def copied(tmp_path: Path, text: bytes, name: str = "source.fa") -> tuple[dict[str, int], Path]:
    """The lengths and the copy of a FASTA file with some text."""
    source, out = tmp_path / name, tmp_path / "copy.fa.gz"
    source.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return sequence.copy_sequence(source, out), out


@pytest.mark.parametrize("name", ["source.fa", "source.fa.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", " \t\n"])
@pytest.mark.parametrize("width", [1, 59, 60, 61, 80, 300_000])
def test_bases_and_indexes_whatever_the_lines(tmp_path: Path, name: str, end: str, width: int) -> None:
    lengths = {"1": 3, "2": 60, "3": 61, "long": 200_000 if width > 1 else 2_000}
    text = ""
    for contig, length in lengths.items():
        lines = [BASES[at : min(at + width, length)] for at in range(0, length, width)]
        text += f">{contig} a > b, {contig}{end}" + "".join(line + end for line in lines) + end
    found, out = copied(tmp_path, text.encode(), name)
    assert found == lengths
    indexes = [out.with_name(out.name + ending) for ending in (".fai", ".gzi")]
    ours = [index.read_bytes() for index in indexes]
    for index in indexes:
        index.unlink()
    pysam.faidx(str(out))
    assert ours == [index.read_bytes() for index in indexes]
    with pysam.FastaFile(str(out)) as fasta:
        assert {one: fasta.fetch(one) for one in lengths} == {
            one: BASES[:length].upper() for one, length in lengths.items()
        }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_where_parts_of_the_file_end_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, end: str
) -> None:
    lines = [">1 first", BASES[:70], "ACGT ", "", ">22", BASES[:10], BASES[:61]]
    text = end.join(lines).encode()
    _, out = copied(tmp_path, text)
    whole = out.read_bytes()
    monkeypatch.setattr(sequence, "CHUNK", chunk)
    assert copied(tmp_path, text) == ({"1": 74, "22": 71}, out)
    assert out.read_bytes() == whole


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([">1", "ACGT", ">2", "AC", "AC?T"], "line 5: not a sequence of bases; '?' is not a base"),
        ([">1", "ACGT", "", "AC T"], "line 4: not a sequence of bases; ' ' is not a base"),
        ([">1", "AC>T"], "line 2: not a sequence of bases; '>' is not a base"),
        (["", "ACGT", ">1"], "line 2: not a sequence of bases; the name of a contig (>name) must come first"),
        ([">1", "ACGT", ">", "ACGT"], "line 3: the contig has no name"),
        ([">1", "ACGT", ">1", "ACGT"], "line 3: a second contig with the name '1'"),
        ([">1", "ACGT", ">2", ">3", "A"], "has no bases of 2"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, lines: list[str], message: str, end: str) -> None:
    with pytest.raises(BundleError) as error:
        copied(tmp_path, end.join(lines).encode())
    assert message in error.value.message


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "source.fa.gz"
    source.write_bytes(gzip.compress(b">1\n" + BASES.encode())[:-9])
    with pytest.raises(BundleError, match="it is cut off"):
        sequence.copy_sequence(source, tmp_path / "copy.fa.gz")
