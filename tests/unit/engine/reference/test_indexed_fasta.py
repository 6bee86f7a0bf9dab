"""Bases read by range are those that htslib reads, and damaged files are noticed."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import deflate
import pysam
import pytest

from annotator.engine.reference.bundle import WINDOW, Sequence
from annotator.engine.reference.indexed_fasta import IndexedFasta

LENGTHS = {"one": 3 * WINDOW + 17, "two": 61, "three": 200_000}


@pytest.fixture(scope="module", params=["plain", "bgzip", "windows"])
def fasta(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contigs of several lengths, in lower case here and there; one with line ends of Windows."""
    chance, path = random.Random(4), tmp_path_factory.mktemp("fasta") / "x.fa"
    end = "\r\n" if request.param == "windows" else "\n"
    with path.open("w", newline="") as stream:
        for name, length in LENGTHS.items():
            bases = "".join(chance.choices("ACGTNacgt", k=length))
            stream.write(f">{name}{end}" + "".join(bases[at : at + 60] + end for at in range(0, length, 60)))
    if request.param == "bgzip":
        pysam.tabix_compress(str(path), f"{path}.gz")
        path = Path(f"{path}.gz")
    pysam.faidx(str(path))
    return path


def test_as_htslib_reads_them(fasta: Path) -> None:
    chance, sequence = random.Random(7), Sequence(fasta)
    with pysam.FastaFile(str(fasta)) as other:
        for _ in range(300):
            name = chance.choice(list(LENGTHS))
            start = chance.randrange(1, LENGTHS[name] + 5)
            length = chance.choice([1, 2, 60, 1_000, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW + 5])
            expected = other.fetch(name, start - 1, start - 1 + length).upper().encode()
            assert sequence.fetch(name, start, length) == expected


@pytest.mark.parametrize(("change", "error"), [("cut", EOFError), ("bit", (zlib.error, deflate.DeflateError))])
def test_damaged_files(tmp_path: Path, change: str, error: type[Exception]) -> None:
    path = tmp_path / "x.fa"
    path.write_text(">one\n" + "".join(random.Random(1).choices("ACGT", k=300_000)) + "\n")
    pysam.tabix_compress(str(path), f"{path}.gz")
    packed = Path(f"{path}.gz")
    pysam.faidx(str(packed))
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    packed.write_bytes(data if change == "bit" else data[: len(data) // 2])
    with pytest.raises(error):
        IndexedFasta(packed).read("one", 0, 300_000)
