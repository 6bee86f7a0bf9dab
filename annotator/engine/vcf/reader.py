"""The lines and blocks of an input file, checked as they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotator.engine.errors import InputError
from annotator.engine.input_formats import Input, open_input
from annotator.engine.vcf.file_type import sniff_file_type

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHUNK = 1 << 16
BLOCK_LINES, BLOCK_BYTES = 6000, 8 << 20
"""A block of records ends with the chunk that brings it to so many lines or bytes."""
TEXT = bytes(byte for byte in range(256) if byte in (9, 10) or byte >= 32)
"""Bytes that need no second look. CR is not among them: it must be followed by LF."""
FIRST_LINE_QUOTED = 400
"""Bytes of a file of another format in which its first line is looked for, to be quoted."""
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
STRAY_RETURN = re.compile(rb"\r(?!\n|\Z)")


@dataclass(frozen=True)
class Limits:
    """What an input file, and its annotation, may need at most.

    Attributes:
        uncompressed: bytes of the file, uncompressed.
        line: bytes of one line.
        header: bytes of the header.
        records: number of records; None for any number.
        results: bytes of the annotated file and of the table together, as they are written; None for any number.
    """

    uncompressed: int = 200 << 30
    line: int = 64 << 20
    header: int = 64 << 20
    records: int | None = None
    results: int | None = None

    def check_records(self, count: int) -> None:
        """Refuse a file that has more records than it may have, while it is read.

        Raises:
            InputError: there are more.
        """
        if self.records is not None and count > self.records:
            message = f"The file has more than {self.records:,} records, which is the limit."
            raise InputError("too_many_records", message)

    def check_results(self, size: int) -> None:
        """Refuse results that have more bytes than they may have.

        Raises:
            InputError: there are more.
        """
        if self.results is not None and size > self.results:
            message = f"The results would take more than {self.results:,} bytes, which is the limit."
            raise InputError("results_too_large", message)


@dataclass(frozen=True)
class Block:
    """Some whole lines of a file.

    Attributes:
        line: number of the first, counted from 1.
        count: of lines.
        text: the lines, each with its end.
        unfinished: the last line is that of the file, and had no end.
    """

    line: int
    count: int
    text: bytes
    unfinished: bool = False


class Lines:
    """A file's text in order, line ends as LF, with what was noticed on the way.

    The header is read line by line, the records in blocks:

    Example:
        >>> lines = Lines(path, Limits())  # doctest: +SKIP
        >>> header = read_header(iter(lines), limit, warnings)  # doctest: +SKIP
        >>> for block in lines.blocks(): ...  # doctest: +SKIP

    Args:
        path: of the file.
        limits: what it may need.
        known_text: the file is one of the engine's own and need not look like VCF.

    Attributes:
        crlf: number of the first line that ends with CR LF, or None.
        byte_order_mark: the file starts with one (it is left out).
        unfinished: the last line has no line end.
        trailing: number of bytes after the end of a gzip file, once all of it was read.
    """

    def __init__(self, path: Path, limits: Limits, *, known_text: bool = False) -> None:
        self._path = path
        self._limits = limits
        self._known_text = known_text
        self._seen = 0  # lines whose ends were inspected
        self._given = 0  # lines handed out
        self._buffer = b""
        self._at = 0  # what of the buffer was handed out
        self._open_line, self._open_size = b"", 0  # the start and the bytes of a line that has not ended
        self._chunks = self._clean_chunks()
        self.crlf: int | None = None
        self.byte_order_mark = False
        self.unfinished = False
        self.trailing = 0

    def __iter__(self) -> Iterator[bytes]:
        """The next lines, without their ends."""
        while True:
            end = self._buffer.find(b"\n", self._at)
            if end < 0:
                if self._more():
                    continue
                if self._at < len(self._buffer):
                    rest, self._at = self._buffer[self._at :], len(self._buffer)
                    self.unfinished = True
                    self._given += 1
                    yield rest
                return
            line, self._at = self._buffer[self._at : end], end + 1
            self._given += 1
            yield line

    def blocks(self) -> Iterator[Block]:
        """The lines that are left, in blocks that depend on the file alone. Every line in them has its end."""
        while True:
            whole = self._buffer[self._at :]
            parts, size, count = [whole], len(whole), whole.count(b"\n")
            more = True
            while (count < BLOCK_LINES and size < BLOCK_BYTES) or not count:
                chunk = next(self._chunks, None)
                if chunk is None:
                    more = False
                    break
                parts.append(chunk)
                size += len(chunk)
                count += chunk.count(b"\n")
            whole = b"".join(parts)
            end = whole.rfind(b"\n") + 1 if more else len(whole)
            self._buffer, self._at = whole[end:], 0
            text = whole[:end]
            if not text:
                return
            if not text.endswith(b"\n"):
                self.unfinished = True
                text, count = text + b"\n", count + 1
            yield Block(self._given + 1, count, text, self.unfinished)
            self._given += count

    def _more(self) -> bool:
        """Read on behind a line that has no end yet, up to the next line end; False at the end of the file."""
        parts = [self._buffer[self._at :]]
        chunk: bytes | None = b""
        while chunk is not None and b"\n" not in chunk:
            chunk = next(self._chunks, None)
            parts.append(chunk or b"")
        # Joined once: a long line is not to be copied for each piece of it.
        self._buffer, self._at = b"".join(parts), 0
        return chunk is not None

    def _clean_chunks(self) -> Iterator[bytes]:
        """Pieces of the text, inspected and with LF alone."""
        with open_input(self._path) as stream:
            first = True
            while chunk := self._chunk(stream, CHUNK):
                if chunk.endswith(b"\r"):
                    chunk += self._chunk(stream, 1)  # never between the CR and the LF of one line end
                if first and not self._known_text:
                    chunk = self._start(chunk)
                first = False
                if chunk.translate(None, TEXT):
                    self._inspect(chunk)
                self._measure(chunk)
                self._seen += chunk.count(b"\n")
                if self.crlf is not None:
                    chunk = chunk.replace(b"\r\n", b"\n")
                yield chunk.removesuffix(b"\r")
            if first:
                raise InputError.of("no_content")
            self.trailing = stream.trailing

    def _chunk(self, stream: Input, size: int) -> bytes:
        chunk = stream.read(size)
        if stream.size > self._limits.uncompressed:
            limit = self._limits.uncompressed
            raise InputError("too_large", f"The file has more than {limit:,} bytes uncompressed, which is the limit.")
        return chunk

    def _start(self, chunk: bytes) -> bytes:
        """Refuse a first chunk that cannot be VCF, naming what it looks like."""
        if chunk.startswith(BYTE_ORDER_MARK):
            self.byte_order_mark = True
            chunk = chunk[len(BYTE_ORDER_MARK) :]
        if not chunk.strip():
            raise InputError.of("blank")
        looks = sniff_file_type(chunk)
        if looks is not None:
            text = chunk[:FIRST_LINE_QUOTED].split(b"\n")[0]
            raise InputError.of("other_format", line=1, text=text, hint=looks.hint, format=looks.name)
        return chunk

    def _inspect(self, chunk: bytes) -> None:
        """Refuse control characters, tell line ends of Windows from stray carriage returns."""
        found = CONTROL.search(chunk)
        if found is not None:
            line = self._seen + 1 + chunk.count(b"\n", 0, found.start())
            around = chunk[max(0, found.start() - 20) : found.start() + 20]
            raise InputError.of("control_character", line=line, text=around, byte=found[0].hex())
        if b"\n" not in chunk and chunk.count(b"\r") > 1:
            raise InputError.of("returns_only")
        found = STRAY_RETURN.search(chunk)
        if found is not None:
            line = self._seen + 1 + chunk.count(b"\n", 0, found.start())
            raise InputError.of("stray_return", line=line)
        if self.crlf is None and b"\r\n" in chunk:
            self.crlf = self._seen + 1 + chunk.count(b"\n", 0, chunk.find(b"\r"))

    def _measure(self, chunk: bytes) -> None:
        """Refuse a line that goes on for too long."""
        end = chunk.find(b"\n")
        self._open_line += chunk[: 200 if end < 0 else min(end, 200)] if len(self._open_line) < 200 else b""
        self._open_size += len(chunk) if end < 0 else end
        if self._open_size > self._limits.line:
            raise InputError.of(
                "line_too_long", line=self._seen + 1, text=self._open_line, limit=self._limits.line
            )
        if end >= 0:
            last = chunk.rfind(b"\n") + 1
            self._open_line, self._open_size = chunk[last : last + 200], len(chunk) - last
