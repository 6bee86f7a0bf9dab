"""Results as a stream: the large files of an annotation go to another program while they are produced.

The results file and the table of variants are written front to back, so a program that stores them elsewhere needs no
local copy. Both travel on one pipe, in frames: the number of the file (one byte), the number of bytes that follow
(four, little-endian), and these bytes. A frame without bytes opens its file. It may come again: a file whose records
turn out not to be sorted is annotated from its start, and what was sent before is void.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

STREAMED = ("results", "variants")
"""The files that can be streamed: the annotated VCF, without its index, and the table of variants."""
LARGEST_FRAME = 1 << 20
"""Bytes of one frame."""
_HEAD = struct.Struct("<BI")


class ResultsStream:
    """The writing end: opens the files of :data:`STREAMED` on one pipe.

    Args:
        pipe: receives the frames; a reader that is gone shows as :class:`BrokenPipeError`.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._broken = False

    def open(self, kind: str) -> BinaryIO:
        """Open a file for writing, in place of what was sent of it before."""
        number = STREAMED.index(kind)
        self.send(number, b"")
        return io.BufferedWriter(_StreamedFile(self, number), LARGEST_FRAME)

    def send(self, number: int, data: bytes | memoryview) -> None:
        """Send one frame.

        Raises:
            OSError: the pipe is broken. Only the first time: what is closed after that must not fail again.
        """
        if self._broken:
            return
        try:
            self._pipe.write(_HEAD.pack(number, len(data)))
            self._pipe.write(data)
            self._pipe.flush()  # nothing may wait here when processes are forked: they would send it, too
        except OSError:
            self._broken = True
            raise


class _StreamedFile(io.RawIOBase):
    """A file of a stream, which knows its position as files do."""

    def __init__(self, stream: ResultsStream, number: int) -> None:
        self._stream = stream
        self._number = number
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")[:LARGEST_FRAME]
        if view:  # an empty frame would open the file again
            self._stream.send(self._number, view)
        self._size += len(view)
        return len(view)


def read_stream(pipe: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """The frames of a stream, until the writing end is closed.

    Args:
        pipe: the reading end.

    Yields:
        The file, one of :data:`STREAMED`, and the next bytes of it; no bytes where it begins, or begins again.

    Raises:
        EOFError: the stream ends within a frame, or this is none.
    """
    while head := pipe.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise EOFError
        number, size = _HEAD.unpack(head)
        data = pipe.read(size)
        if len(data) < size or number >= len(STREAMED) or size > LARGEST_FRAME:
            raise EOFError
        yield STREAMED[number], data
