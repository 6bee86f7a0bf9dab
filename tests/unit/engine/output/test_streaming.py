"""Results that are streamed are the files that would have been written, whatever starts again on the way."""

from __future__ import annotations

import gzip
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import InputError, Outputs, Reference, annotate
from annotator.engine.cli.app import main
from annotator.engine.output import results_file, streaming
from annotator.engine.output.streaming import STREAMED, ResultsStream, read_stream
from annotator.engine.vcf import reader

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
OTHER = {"A": "G", "G": "A", "C": "T", "T": "C"}


class Received:
    """What a reader of a stream has in the end, and how often each file began."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.begun = dict.fromkeys(STREAMED, 0)
        self.writing, self.reading = self._pipe()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    @staticmethod
    def _pipe() -> tuple[int, int]:
        reading, writing = os.pipe()
        return writing, reading

    def _read(self) -> None:
        with os.fdopen(self.reading, "rb") as pipe:
            for kind, data in read_stream(pipe):
                self.begun[kind] += not data
                self.files[kind] = self.files[kind] + data if data else b""

    def end(self) -> None:
        os.close(self.writing)
        self._thread.join(20)
        assert not self._thread.is_alive()


def streamed(path: Path, folder: Path, rcrs: Reference) -> Received:
    received = Received()
    try:
        with os.fdopen(received.writing, "wb", closefd=False) as pipe:
            annotate(path, rcrs, Outputs.beside(folder / "s.annot.vcf.gz"), open_stream=ResultsStream(pipe).open)
    finally:
        received.end()
    return received


def local(path: Path, folder: Path, rcrs: Reference) -> dict[str, bytes]:
    outputs = Outputs.beside(folder / "s.annot.vcf.gz")
    annotate(path, rcrs, outputs)
    return {"results": outputs.vcf.read_bytes(), "variants": outputs.variants.read_bytes()}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BLOCK_LINES", 3)
    monkeypatch.setattr(reader, "CHUNK", 64)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, small_blocks: None) -> None:
    """The header does not wait for records."""
    monkeypatch.setattr(results_file, "HELD_BYTES", 0)


def lines(bases: Callable[..., str], places: range, contig: str = "MT", info: str = ".") -> str:
    return "".join(f"{contig}\t{at}\t.\t{bases(at)}\t{OTHER[bases(at)]}\t50\tPASS\t{info}\n" for at in places)


CASES = {
    "sorted": ("", 1),
    "unsorted": ("MT\t73\t.\tA\tG\t50\tPASS\t.\n", 2),
    "undeclared contigs, which the first reading finds": ("other\t5\t.\tA\tG\t50\tPASS\t.\n", 1),
    "a field of another tool that no line of the header declares": ("MT\t16000\t.\tG\tA\t50\tPASS\tCSQ=x\n", 2),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("at_once")
def test_streams_are_the_files(case: str, bases: Callable[..., str], rcrs: Reference, tmp_path: Path) -> None:
    more, begun = CASES[case]
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + lines(bases, range(300, 2000, 20)) + more)
    received = streamed(path, tmp_path, rcrs)
    there = sorted(file.name for file in tmp_path.iterdir())
    assert there == ["in.vcf", "s.annot.vcf.gz.tbi", "s.count.log", "s.summary.json"]
    assert received.begun == {"results": begun, "variants": begun}
    index = (tmp_path / "s.annot.vcf.gz.tbi").read_bytes()
    assert received.files == local(path, tmp_path, rcrs)
    assert (tmp_path / "s.annot.vcf.gz.tbi").read_bytes() == index


@pytest.mark.usefixtures("small_blocks")
def test_a_header_that_waits_gives_the_same_file(
    bases: Callable[..., str], rcrs: Reference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + lines(bases, range(300, 900, 20)) + "MT\t16000\t.\tG\tA\t50\tPASS\tCSQ=x\n")
    waited = streamed(path, tmp_path, rcrs)
    assert waited.begun["results"] == 1, "a small file is written once"
    monkeypatch.setattr(results_file, "HELD_BYTES", 0)
    assert local(path, tmp_path, rcrs) == waited.files


@pytest.mark.usefixtures("at_once")
def test_contigs_that_alternate_are_declared(bases: Callable[..., str], rcrs: Reference, tmp_path: Path) -> None:
    """The first reading misses a contig between records of another one; the header has it in the end."""
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + "MT\t73\t.\tA\tG\t.\t.\t.\nodd\t1\t.\tA\tG\t.\t.\t.\nMT\t263\t.\tA\tG\t.\t.\t.\n")
    received = streamed(path, tmp_path, rcrs)
    assert gzip.decompress(received.files["results"]).count(b"##contig=") == 2
    assert received.files == local(path, tmp_path, rcrs)


@pytest.mark.usefixtures("at_once")
def test_a_refused_file_says_why_although_it_was_streamed(
    bases: Callable[..., str], rcrs: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + lines(bases, range(300, 900, 20)) + "MT\tx\t.\tA\tG\t.\t.\t.\n")
    with pytest.raises(InputError, match="POS"):
        streamed(path, tmp_path, rcrs)
    assert [file.name for file in tmp_path.iterdir()] == ["in.vcf"]


def test_a_reader_that_is_gone_is_one_error(bases: Callable[..., str], rcrs: Reference, tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + lines(bases, range(300, 900, 20)))
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        annotate(path, rcrs, Outputs.beside(tmp_path / "s.annot.vcf.gz"), open_stream=ResultsStream(pipe).open)
    assert [file.name for file in tmp_path.iterdir()] == ["in.vcf"]


def test_the_command_streams(bases: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + lines(bases, range(300, 900, 20)))
    received = Received()
    options = ["annotate", str(path), "--reference", "rCRS", "--progress", "--out"]
    try:
        assert main([*options, str(tmp_path / "s.annot.vcf.gz"), "--stream-fd", str(received.writing)]) == 0
    finally:
        received.end()
    assert main([*options, str(tmp_path / "l.annot.vcf.gz")]) == 0
    assert received.files["results"] == (tmp_path / "l.annot.vcf.gz").read_bytes()
    assert received.files["variants"] == (tmp_path / "l.variants.parquet").read_bytes()
    assert not (tmp_path / "s.annot.vcf.gz").exists()


@pytest.mark.parametrize("cut", [3, 7])
def test_a_stream_that_ends_within_a_frame_is_refused(cut: int) -> None:
    pipe = io.BytesIO()
    file = ResultsStream(pipe).open("results")
    file.write(b"abc")
    file.close()
    whole = pipe.getvalue()
    assert list(read_stream(io.BytesIO(whole))) == [("results", b""), ("results", b"abc")]
    head = streaming._HEAD.size
    with pytest.raises(EOFError):
        list(read_stream(io.BytesIO(whole[: head + cut])))


def test_long_writes_are_divided_and_positions_are_those_of_a_file() -> None:
    pipe = io.BytesIO()
    file = ResultsStream(pipe).open("variants")
    data = os.urandom(3 * streaming.LARGEST_FRAME + 5)
    file.write(data)
    assert file.tell() == len(data)
    file.close()
    frames = list(read_stream(io.BytesIO(pipe.getvalue())))
    assert max(len(frame) for _, frame in frames) == streaming.LARGEST_FRAME
    assert b"".join(frame for _, frame in frames) == data
