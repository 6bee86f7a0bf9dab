"""Bytes of an input file to lines: plain, gzip or bgzip, told apart by their first bytes and never by name."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from annotator.engine.bgzf import END_OF_FILE
from annotator.engine.errors import InputError
from annotator.engine.looks import what_it_looks_like

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHUNK = 1 << 18
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
STRAY_RETURN = re.compile(rb"\r(?!\n|\Z)")


@dataclass(frozen=True)
class Limits:
    """What an input file may need at most, in bytes: uncompressed, in one line, and in its header."""

    uncompressed: int = 200 << 30
    line: int = 64 << 20
    header: int = 64 << 20


class Lines:
    """The lines of a file without their ends, in order, with what was noticed on the way.

    Attributes:
        crlf: number of the first line that ends with CR LF, or None.
        byte_order_mark: the file starts with one (it is left out).
        unfinished: the last line has no line end.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._read = 0
        self._number = 0
        self.crlf: int | None = None
        self.byte_order_mark = False
        self.unfinished = False

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as raw:
            stream = self._open(raw)
            parts: list[bytes] = []  # of a line that has not ended yet
            first = True
            while chunk := self._chunk(stream, CHUNK):
                if chunk.endswith(b"\r"):
                    chunk += self._chunk(stream, 1)  # never between the CR and the LF of one line end
                if first:
                    chunk = self._start(chunk)
                    first = False
                if CONTROL.search(chunk) or b"\r" in chunk:
                    self._inspect(chunk)
                pieces = chunk.split(b"\n")
                if len(pieces) > 1:
                    if parts:
                        pieces[0] = b"".join([*parts, pieces[0]])
                    parts = [pieces.pop()]
                else:
                    pieces = []
                    parts.append(chunk)
                    if sum(map(len, parts)) > self._limits.line:
                        raise self._too_long(parts[0])
                if self.crlf is None:
                    yield from pieces
                else:
                    yield from (piece.removesuffix(b"\r") for piece in pieces)
                self._number += len(pieces)
            if first:
                raise InputError("empty_file", "The file has no content.")
            rest = b"".join(parts)
            if rest:
                self.unfinished = True
                yield rest.removesuffix(b"\r")

    def _open(self, raw: BinaryIO) -> BinaryIO:
        start = raw.read(18)
        compressed = start.startswith(GZIP_MAGIC)
        if compressed and start[3:4] == b"\x04" and start[12:14] == b"BC":
            raw.seek(0, 2)
            raw.seek(max(0, raw.tell() - len(END_OF_FILE)))
            if raw.read() != END_OF_FILE:
                raise InputError(
                    "truncated_gzip", "The bgzip file is cut off: the block that marks its end is missing."
                )
        raw.seek(0)
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb")) if compressed else raw

    def _chunk(self, stream: BinaryIO, size: int) -> bytes:
        try:
            chunk = stream.read(size)
        except EOFError as error:
            raise InputError(
                "truncated_gzip", f"The gzip file is cut off after {self._read:,} uncompressed bytes."
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                "corrupt_gzip", f"The gzip file is damaged after {self._read:,} uncompressed bytes ({error})."
            ) from error
        self._read += len(chunk)
        if self._read > self._limits.uncompressed:
            raise InputError("too_large", f"The file is larger than {self._limits.uncompressed:,} bytes uncompressed.")
        return chunk

    def _start(self, chunk: bytes) -> bytes:
        """Refuse a first chunk that cannot be VCF, naming what it looks like."""
        if chunk.startswith(BYTE_ORDER_MARK):
            self.byte_order_mark = True
            chunk = chunk[len(BYTE_ORDER_MARK) :]
        if not chunk.strip():
            raise InputError("empty_file", "The file holds nothing but blank space.")
        looks = what_it_looks_like(chunk)
        if looks is not None:
            raise InputError(
                "not_vcf",
                f"This is not a VCF file: it looks like {looks.name}.",
                line=1,
                text=chunk[:400].split(b"\n")[0],
                hint=looks.hint,
            )
        return chunk

    def _inspect(self, chunk: bytes) -> None:
        """Refuse control characters, tell line ends of Windows from stray carriage returns."""
        found = CONTROL.search(chunk)
        if found is not None:
            line = self._number + 1 + chunk.count(b"\n", 0, found.start())
            around = chunk[max(0, found.start() - 20) : found.start() + 20]
            raise InputError(
                "binary_data",
                f"The line has a byte that is not text (0x{found[0][0]:02x}).",
                line=line,
                text=around,
            )
        if b"\n" not in chunk and chunk.count(b"\r") > 1:
            raise InputError("old_mac_line_ends", "Lines end with CR alone, as on old Macintosh computers.")
        found = STRAY_RETURN.search(chunk)
        if found is not None:
            line = self._number + 1 + chunk.count(b"\n", 0, found.start())
            raise InputError("binary_data", "The line has a carriage return (CR) in its middle.", line=line)
        if self.crlf is None and b"\r\n" in chunk:
            self.crlf = self._number + 1 + chunk.count(b"\n", 0, chunk.find(b"\r"))

    def _too_long(self, rest: bytes) -> InputError:
        return InputError(
            "line_too_long",
            f"The line is longer than {self._limits.line:,} bytes.",
            line=self._number + 1,
            text=rest[:200],
        )
