"""Bases of an indexed FASTA file, plain or in BGZF, by range.

A whole genome is read once for each file that is annotated, so that the time this takes counts. htslib looks at each
byte and inflates with zlib; here whole blocks are inflated by libdeflate and freed of line ends at once, which takes a
third of the time. Reads name their place in the file (``pread``), so that processes may share an open file.

Formats: ``.fai`` of faidx(5), ``.gzi`` of bgzip(1).
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from annotator.engine.bgzf import unpack
from annotator.engine.files import GZIP_MAGIC

_UPPER = bytes(range(256)).upper()
_LINE_END = b"\r\n"


class _Entry(NamedTuple):
    """Where a contig is in the text: a row of the index.

    Attributes:
        length: bases of the contig.
        offset: byte of the text at which its first base stands, from 0.
        line_bases: bases in a line.
        line_bytes: bytes of a line with its end.
    """

    length: int
    offset: int
    line_bases: int
    line_bytes: int

    def byte(self, base: int) -> int:
        """The byte of the text at which a base stands; both are counted from 0."""
        line, column = divmod(base, self.line_bases)
        return self.offset + line * self.line_bytes + column


class _Text(Protocol):
    def read(self, first: int, last: int) -> bytes:
        """Bytes of the uncompressed text, 0-based, without the one at ``last``."""


class IndexedFasta:
    """An open FASTA file with its index beside it.

    Args:
        path: of the file.

    Raises:
        OSError: the file or its index cannot be opened.
        ValueError: an index is damaged.
    """

    def __init__(self, path: Path) -> None:
        index = path.with_name(path.name + ".fai").read_bytes().splitlines()
        rows = (line.split(b"\t") for line in index)
        self._entries = {name.decode(): _Entry(*map(int, numbers[:4])) for name, *numbers in rows}
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            self._text: _Text = _Plain(descriptor)
            if self._text.read(0, len(GZIP_MAGIC)) == GZIP_MAGIC:
                self._text = _Blocks(descriptor, path.with_name(path.name + ".gzi"))
        except BaseException:
            os.close(descriptor)
            raise
        weakref.finalize(self, os.close, descriptor)

    def read(self, contig: str, first: int, last: int) -> bytes:
        """Bases of the forward strand in upper case; those beyond the end of the contig are left out.

        Args:
            contig: name of the contig.
            first: first base, counted from 0.
            last: base behind the last one.

        Raises:
            KeyError: the index has no such contig.
            EOFError: the file is cut off.
            zlib.error, deflate.DeflateError: it is damaged.
        """
        entry = self._entries[contig]
        first, last = max(first, 0), min(last, entry.length)
        if first >= last:
            return b""
        text = self._text.read(entry.byte(first), entry.byte(last - 1) + 1)
        bases = text.translate(_UPPER, _LINE_END)
        if len(bases) != last - first:
            raise EOFError
        return bases


class _Plain:
    """The text of a plain file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, first: int, last: int) -> bytes:
        return os.pread(self._descriptor, last - first, first)


class _Blocks:
    """The text of a file in BGZF.

    Args:
        descriptor: of the open file.
        index: path of its index of blocks.
    """

    def __init__(self, descriptor: int, index: Path) -> None:
        self._descriptor = descriptor
        numbers = np.frombuffer(index.read_bytes(), "<u8").astype(np.int64)
        if not len(numbers) or len(numbers) != 2 * numbers[0] + 1:
            raise ValueError("damaged index")
        end = os.fstat(descriptor).st_size
        #: Where each block starts in the file, and in the text; the first one is not in the index.
        self._packed = np.concatenate([[0], numbers[1::2], [end]])
        self._starts = np.concatenate([[0], numbers[2::2]])
        self._last_block: tuple[int, bytes | bytearray] = (-1, b"")  # neighbouring ranges share one

    def read(self, first: int, last: int) -> bytes:
        begin = int(np.searchsorted(self._starts, first, "right")) - 1
        until = int(np.searchsorted(self._starts, last, "left"))
        last_number, block = self._last_block
        blocks = [block] if last_number == begin else []
        unread = begin + len(blocks)
        begins, ends = int(self._packed[unread]), int(self._packed[until])
        packed = memoryview(os.pread(self._descriptor, ends - begins, begins))
        for number in range(unread, until):  # the last block of the text is followed by an empty one
            block, size = unpack(packed)
            blocks.append(block)
            packed = packed[size:]
            self._last_block = number, block
        skipped = first - int(self._starts[begin])
        return b"".join(blocks)[skipped : skipped + last - first]
