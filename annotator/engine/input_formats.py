"""Opens a VCF file in the forms in which people have it: plain, gzip, bgzip, xz, Zstandard, or as BCF.

The first bytes decide, never the name.
"""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pyarrow as pa
from isal import isal_zlib

from annotator.engine import bcftools_child
from annotator.engine.bgzf import END_OF_FILE
from annotator.engine.errors import InputError
from annotator.engine.files import GZIP_MAGIC, Readable
from annotator.engine.gzip_reading import GzipReader

XZ_MAGIC = b"\xfd7zXZ\x00"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
BCF_MAGIC = b"BCF\x02"
CONVERTED = ((XZ_MAGIC, "xz"), (ZSTD_MAGIC, "zstd"), (BCF_MAGIC, "BCF"))
"""First bytes of forms that a browser cannot read, and their names. BCF is usually within bgzip."""
GZIP_ERRORS = cast("tuple[type[Exception], ...]", (zlib.error, isal_zlib.error))
"""What damaged gzip data raise."""
_GZIP_FAULTS: tuple[type[Exception], ...] = (EOFError, *GZIP_ERRORS)
XZ_MEMORY = 256 << 20
"""Bytes that an xz file may need for its dictionary: level 9 needs 65 MiB, a file made to do harm up to 4 GiB."""
LAST_BYTES = 1 << 17
"""Bytes at the end of a bgzip file among which, when it is cut off, a block begins; none has more than half as many."""
BLOCK_HEAD = re.compile(rb"\x1f\x8b\x08\x04.{8}BC\x02\x00", re.S)
"""The beginning of a block of bgzip."""
_READ = 1 << 17


class _BcftoolsError(Exception):
    """bcftools could not read a file."""


_DAMAGE: tuple[type[Exception], ...] = (*GZIP_ERRORS, lzma.LZMAError, _BcftoolsError)


class Input:
    """The text of a file, with the errors of every library turned into input errors.

    Attributes:
        format: Name of the form, for messages.
        size: Bytes that were read so far, uncompressed.
    """

    def __init__(self, stream: Readable, form: str) -> None:
        self._stream = stream
        self.format = form
        self.size = 0

    def read(self, size: int) -> bytes:
        """The next bytes; fewer than ``size`` only at the end of the file.

        Raises:
            InputError: the file is cut off or damaged.
        """
        try:
            text = self._stream.read(size)
        except EOFError as error:
            found = "gzip_cut_off" if self.format == "gzip" else "cut_off"
            raise InputError.of(found, bytes=self.size, format=self.format) from error
        except _DAMAGE as error:
            raise self._damaged() from error
        except OSError as error:
            if error.errno is not None:  # the operating system's, not the decompressor's
                raise
            raise self._damaged() from error
        self.size += len(text)
        return text

    @property
    def trailing(self) -> int:
        """Number of bytes after the end of a gzip file, once all of it was read."""
        return self._stream.trailing if isinstance(self._stream, GzipReader) else 0

    def _damaged(self) -> InputError:
        found = "gzip_damaged" if self.format == "gzip" else "damaged"
        return InputError.of(found, bytes=self.size, format=self.format)


class _Form(NamedTuple):
    """A form by its first bytes.

    Attributes:
        name: ``plain``, ``gzip``, or one of :data:`CONVERTED`.
        bgzip: Whether the file consists of bgzip blocks.
    """

    name: str
    bgzip: bool = False


@contextmanager
def open_input(path: Path) -> Iterator[Input]:
    """Open a file for reading its text.

    Raises:
        InputError: a bgzip file lacks the block that marks its end.
    """
    with path.open("rb") as raw:
        form = _form_of(raw)
        if form.bgzip:
            _check_end(raw)
        raw.seek(0)
        match form.name:
            case "xz":
                yield Input(_XzReader(raw), form.name)
            case "zstd":
                yield Input(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"), form.name)
            case "BCF":
                with _bcftools_view(path) as text:
                    yield Input(text, form.name)
            case "gzip":
                yield Input(GzipReader(raw, form.bgzip), form.name)
            case _:
                yield Input(raw, form.name)


def is_converted(path: Path) -> bool:
    """Whether a file is in one of the forms of :data:`CONVERTED`.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as raw:
        return _form_of(raw).name in (name for _, name in CONVERTED)


def _form_of(raw: BinaryIO) -> _Form:
    """The form of a file that is at its start."""
    start = raw.read(18)
    for magic, name in CONVERTED:
        if start.startswith(magic):
            return _Form(name)
    if not start.startswith(GZIP_MAGIC):
        return _Form("plain")
    bgzip = start[3:4] == b"\x04" and start[12:14] == b"BC"
    raw.seek(0)
    try:
        is_bcf = GzipReader(raw, bgzip).read(len(BCF_MAGIC)) == BCF_MAGIC
    except _GZIP_FAULTS:
        is_bcf = False  # reading the text reports it
    return _Form("BCF" if is_bcf else "gzip", bgzip)


def _check_end(raw: BinaryIO) -> None:
    """Refuse a bgzip file without the empty block at its end."""
    raw.seek(0, os.SEEK_END)
    raw.seek(max(0, raw.tell() - LAST_BYTES))
    last = raw.read()
    # Any number of bytes may follow the end: the reader leaves them out.
    if END_OF_FILE not in last and BLOCK_HEAD.search(last):
        raise InputError.of("bgzip_without_end")


class _XzReader:
    """Reads xz files of any number of streams."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._waiting = b""
        self._stream: lzma.LZMADecompressor | None = None

    def read(self, size: int) -> bytes:
        """The next bytes; fewer than ``size`` only at the end of the file.

        Raises:
            EOFError: the file ends within a stream.
            lzma.LZMAError: the data are damaged, or need more than :data:`XZ_MEMORY`.
        """
        parts: list[bytes] = []
        wanted = size
        while wanted and (stream := self._open()):
            if stream.needs_input and not self._waiting and not self._more():
                raise EOFError
            piece = stream.decompress(self._waiting, wanted)
            self._waiting = stream.unused_data if stream.eof else b""
            self._stream = None if stream.eof else stream
            parts.append(piece)
            wanted -= len(piece)
        return b"".join(parts)

    def _open(self) -> lzma.LZMADecompressor | None:
        """The open stream, or the next one; None at the end of the file."""
        while self._stream is None:
            self._waiting = self._waiting.lstrip(b"\0")  # streams may be padded
            if self._waiting:
                self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
            elif not self._more():
                return None
        return self._stream

    def _more(self) -> bool:
        self._waiting = self._raw.read(_READ)
        return bool(self._waiting)


class _ChildOutput:
    """What a child process writes; its failure is an error at the end."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def read(self, size: int) -> bytes:
        """The next bytes; fewer than ``size`` only at the end.

        Raises:
            _BcftoolsError: the child ended with a failure.
        """
        assert self._child.stdout is not None
        text: bytes = self._child.stdout.read(size)
        if len(text) < size and self._child.wait() != 0:
            raise _BcftoolsError(f"status {self._child.returncode}")
        return text


@contextmanager
def _bcftools_view(path: Path) -> Iterator[_ChildOutput]:
    """The text of a BCF file, converted by ``bcftools view`` in a process of its own."""
    command = bcftools_child.command("view", "--no-version", "-Ov", str(path.absolute()))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield _ChildOutput(child)
    finally:
        child.kill()
        child.communicate()
