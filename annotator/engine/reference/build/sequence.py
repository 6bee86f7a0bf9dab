"""Copies the sequence of a new reference: in upper case, bgzipped and indexed."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from annotator.engine.bgzf import BLOCK, BgzfWriter
from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.errors import BundleError
from annotator.engine.files import open_bytes
from annotator.engine.library_errors import refuse_compression, step
from annotator.engine.processors import processors
from annotator.engine.reference.build.gene_formats import shown

LINE = 60
"""Bases per line of the copy."""
CHUNK = 4 << 20
"""Uncompressed bytes that are read at once."""
_LETTERS = b"ACGTURYKMSWBDHVN"
_BASES = _LETTERS + _LETTERS.lower()
_UPPER = bytes(range(256)).upper()
_NO_BASE = re.compile(f"[^{_LETTERS.decode()}]")
_LINE_END = re.compile(rb"\r\n?|\n")
_HEADER = re.compile(rb">[^\r\n]*")
_ENTRY = struct.Struct("<QQ")


@dataclass
class _Record:
    """A contig of the copy.

    Attributes:
        length: in bases.
        first: uncompressed bytes of the copy before its first base.
    """

    length: int
    first: int


def copy_sequence(source: Path, out: Path, progress: Callable[[int], None] = lambda read: None) -> dict[str, int]:
    """Copy a FASTA file into one that is in upper case, bgzipped and indexed.

    Args:
        source: the FASTA file, plain, gzip or bgzip.
        out: the copy; its indexes are written beside it.
        progress: called from time to time with the number of bytes of ``source`` that have been read.

    Returns:
        The length of each contig in bases, in the order of the file.

    Raises:
        BundleError: it is no FASTA file of bases; the message names the line.
        OSError: the system cannot open, read or write a file.
    """
    refuse_compression(source, "reference_fasta", "plain, gzip and bgzip")
    with step("reference_fasta", f"{source.name} cannot be read as a sequence"):
        records, starts = _copy(source, out, progress)
    lengths = {name: record.length for name, record in records.items()}
    empty = [name for name, length in lengths.items() if not length]
    if empty or not lengths:
        raise BundleError("reference_fasta", f"{source.name} has no bases{' of ' + empty[0] if empty else ''}.")
    long = next((name for name, length in lengths.items() if length > LARGEST_POSITION), None)
    if long is not None:
        message = f"{source.name}: contig {long} has {lengths[long]:,} bases"
        raise BundleError("reference_fasta", f"{message}; VCF has positions up to {LARGEST_POSITION:,}.")
    with step("reference_fasta", f"{source.name} cannot be indexed"):
        _write_indexes(out, records, starts)
    return lengths


def _copy(source: Path, out: Path, progress: Callable[[int], None]) -> tuple[dict[str, _Record], list[int]]:
    """Write the copy.

    Returns:
        The contigs by name, and where each block of the copy starts in the file, in bytes.
    """
    with ThreadPoolExecutor(processors()) as pool, open_bytes(source) as stream:
        copy = _Copy(source, BgzfWriter(out, pool))
        try:
            for text in _whole_lines(stream):
                at = 0
                for header in _headers(text):
                    copy.add_bases(text[at : header.start()])
                    copy.begin(header[0].decode("latin-1"))  # descriptions may be in any encoding
                    at = header.end()
                copy.add_bases(text[at:])
                progress(_place(stream))
            copy.end_contig()
            copy.writer.close()
        finally:
            copy.writer.abandon()
    return copy.records, copy.writer.starts


def _headers(text: bytes) -> Iterator[re.Match[bytes]]:
    """The headers among whole lines."""
    at = text.find(b">")
    while at >= 0:
        header = _HEADER.match(text, at)
        if header and (at == 0 or text[at - 1] in b"\r\n"):
            yield header
            at = header.end() - 1
        at = text.find(b">", at + 1)


def _place(stream: BinaryIO) -> int:
    """Number of bytes of a file, plain or gzip, that have been read."""
    raw = getattr(stream, "fileobj", None)  # a gzip file's own position is that in its content
    return (raw or stream).tell()


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The text of a file in parts that end with a line; a line of more than :data:`CHUNK` bytes is divided."""
    rest = b""
    while text := stream.read(CHUNK):
        text = rest + text
        # A carriage return at the end may be the first half of a line's end.
        end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        if not end and len(text) > CHUNK and b">" not in text[:1]:
            end = len(text) - 1
        yield text[:end]
        rest = text[end:]
    yield rest


class _Copy:
    """The copy of a sequence while it is written.

    Args:
        source: for messages.
        writer: of the copy.
    """

    def __init__(self, source: Path, writer: BgzfWriter) -> None:
        self.writer = writer
        self.records: dict[str, _Record] = {}
        self._source = source
        self._record: _Record | None = None
        self._line = 1  # of the source, where the text that has been read ends
        self._rest = b""  # bases that do not fill a line
        self._written = 0

    def begin(self, header: str) -> None:
        """Begin a contig.

        Args:
            header: its line, without the end.
        """
        self.end_contig()
        name = (header[1:].split() or [""])[0]
        _check_name(self._source, self._line, name, self.records)
        self._write(f">{name}\n".encode())
        self._record = self.records[name] = _Record(0, self._written)

    def end_contig(self) -> None:
        """Write the last line of a contig."""
        if self._rest:
            self._write(self._rest + b"\n")
            self._rest = b""

    def add_bases(self, text: bytes) -> None:
        """Add lines of bases, the first and the last of which may be parts of lines."""
        bases = text.translate(_UPPER, b"\r\n")
        if text.translate(None, _BASES + b"\r\n") or (bases and self._record is None):
            bases = self._stripped(text)
        if self._record is not None:
            self._record.length += len(bases)
        self._line += text.count(b"\n") if b"\r" not in text else len(_LINE_END.findall(text))
        bases = self._rest + bases
        whole = len(bases) - len(bases) % LINE
        lines = np.full((whole // LINE, LINE + 1), ord("\n"), np.uint8)
        lines[:, :LINE] = np.frombuffer(bases, np.uint8, whole).reshape(-1, LINE)
        self._write(lines.tobytes())
        self._rest = bases[whole:]

    def _stripped(self, text: bytes) -> bytes:
        """The bases of lines that have something else, which may be only blanks at their ends.

        Raises:
            BundleError: it is something else, or no contig has begun.
        """
        found = []
        for number, line in enumerate(_LINE_END.split(text), start=self._line):
            bases = line.decode("latin-1").strip().upper()
            wrong = _NO_BASE.search(bases)
            if wrong or (bases and self._record is None):
                why = f"{shown(wrong[0])} is not a base" if wrong else "the name of a contig (>name) must come first"
                message = f"{self._source.name}, line {number}: not a sequence of bases; {why}."
                raise BundleError("reference_fasta", message)
            found.append(bases)
        return "".join(found).encode()

    def _write(self, data: bytes) -> None:
        self.writer.write(data)
        self._written += len(data)


def _check_name(source: Path, number: int, name: str, known: dict[str, _Record]) -> None:
    if not name:
        raise BundleError("reference_fasta", f"{source.name}, line {number}: the contig has no name; write >name.")
    if name in known:
        message = f"{source.name}, line {number}: a second contig with the name {shown(name)}; rename or remove one."
        raise BundleError("reference_fasta", message)
    if not name.isascii() or not name.isprintable():
        message = f"{source.name}, line {number}: the name {shown(name)} has characters that a VCF file cannot have."
        raise BundleError("reference_fasta", message)


def _write_indexes(fasta: Path, records: dict[str, _Record], starts: list[int]) -> None:
    """Write ``.fai`` and ``.gzi`` as ``samtools faidx`` does, which would decompress the whole copy for them.

    Args:
        fasta: the copy.
        records: its contigs by name.
        starts: where its blocks start, in bytes.
    """
    rows = [
        f"{name}\t{one.length}\t{one.first}\t{min(LINE, one.length)}\t{min(LINE, one.length) + 1}\n"
        for name, one in records.items()
    ]
    fasta.with_name(f"{fasta.name}.fai").write_text("".join(rows), "ascii")
    entries = [_ENTRY.pack(start, number * BLOCK) for number, start in enumerate(starts)][1:]
    fasta.with_name(f"{fasta.name}.gzi").write_bytes(struct.pack("<Q", len(entries)) + b"".join(entries))
