"""BGZF: gzip in blocks, which tabix can index (SAM specification, section 4.1), written and read block by block.

pysam's writer crashes the interpreter on a file that cannot be opened and hides the reason of a failed write.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from itertools import accumulate
from pathlib import Path

import deflate

END_OF_FILE = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every complete BGZF file."""
BLOCK = 0xFF00
"""Uncompressed bytes of a block, as bgzip chooses: even incompressible, the block stays below 64 KiB."""
FASTEST, SMALLEST = 1, 12
"""The levels of libdeflate. At each, the same bytes always give the same block; ISA-L does so at its level 0 only."""
LEVEL = 6
"""The level of results unless the user asks for another one: 421 MB of text become 26 MB in 1.7 seconds, at level 1
36 MB in 0.8, at level 4 29 MB in 1.6, at level 7 25 MB in 2.5."""
_MAGIC, _EXTRA = b"\x1f\x8b\x08\x04", 6
"""How each block begins, and the bytes of its only extra field."""
_HEAD = struct.Struct("<4sIBBH2sHH")
_TAIL = struct.Struct("<II")
_TOGETHER = 16
"""Blocks that are compressed as one task of a pool."""
_MOST_TASKS = 16
"""Most tasks of a pool whose blocks wait to be written."""


class BgzfWriter:
    """A new BGZF file; :meth:`close` completes it. Without it the file is recognised as cut off.

    Args:
        path: of the file.
        pool: threads that compress the blocks; without them :meth:`write` does. The bytes are the same.

    Attributes:
        starts: where each block starts in the file, in bytes, once the file is complete.

    Raises:
        OSError: the file cannot be opened or written, from the constructor and the methods.
    """

    def __init__(self, path: Path, pool: Executor | None = None) -> None:
        self._stream = path.open("wb", buffering=1 << 18)
        self._pool = pool
        self._tasks: deque[Future[list[bytes]]] = deque()
        self._waiting: list[bytes] = []
        self._size = 0
        self._unit = BLOCK * (_TOGETHER if pool else 1)
        self._packed = 0
        self.starts: list[int] = []

    def write(self, data: bytes) -> None:
        """Write bytes, sooner or later."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= self._unit:
            whole = b"".join(self._waiting)
            end = len(whole) - len(whole) % self._unit
            for at in range(0, end, self._unit):
                self._pack(whole[at : at + self._unit])
            self._waiting = [whole[end:]]
            self._size = len(whole) - end

    def close(self) -> None:
        """Write what waits and the end, and close the file."""
        rest = b"".join(self._waiting)
        if rest:
            self._pack(rest)
        while self._tasks:
            self._put(self._tasks.popleft().result())
        self._stream.write(END_OF_FILE)
        self._stream.close()

    def abandon(self) -> None:
        """Close the file as it is; harmless after :meth:`close`."""
        for task in self._tasks:
            task.cancel()
        self._stream.close()

    def _pack(self, data: bytes) -> None:
        """Compress some blocks, here or in the pool, and write those that are due."""
        if self._pool is None:
            self._put(pack_blocks(data))
            return
        self._tasks.append(self._pool.submit(pack_blocks, data))
        if len(self._tasks) > _MOST_TASKS:
            self._put(self._tasks.popleft().result())

    def _put(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            self.starts.append(self._packed)
            self._packed += len(block)
            self._stream.write(block)


def pack_blocks(data: bytes) -> list[bytes]:
    """Blocks of BGZF, all but the last of :data:`BLOCK` bytes."""
    return [pack(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def pack(data: bytes | memoryview, level: int = FASTEST) -> bytes:
    """One block of BGZF from at most :data:`BLOCK` bytes."""
    packed: bytes | bytearray = deflate.deflate_compress(data, level)
    if len(packed) > len(data):  # what cannot be compressed is stored
        packed = zlib.compress(data, 0, -zlib.MAX_WBITS)
    size = _HEAD.size + len(packed) + _TAIL.size
    head = _HEAD.pack(_MAGIC, 0, 0, 0xFF, _EXTRA, b"BC", 2, size - 1)
    return head + packed + _TAIL.pack(deflate.crc32(data), len(data))


def pack_lines(data: memoryview, level: int = LEVEL) -> tuple[bytes, list[int]]:
    """Blocks of BGZF for lines, the last of which lacks its end, and where each block starts in the packed bytes."""
    blocks = []
    for at in range(0, len(data), BLOCK):
        piece = data[at : at + BLOCK]
        blocks.append(pack(piece if at + BLOCK < len(data) else bytes(piece) + b"\n", level))
    starts = [0, *accumulate(map(len, blocks[:-1]))] if blocks else []
    return b"".join(blocks), starts


def unpack(packed: memoryview) -> tuple[bytes | bytearray, int]:
    """The content of the first of some blocks of BGZF, and the size of that block.

    Raises:
        EOFError: the block is cut off.
        zlib.error, deflate.DeflateError: it is damaged, or is no block.
    """
    if len(packed) < _HEAD.size:
        raise EOFError
    magic, _, _, _, extra, name, name_size, size = _HEAD.unpack_from(packed)
    if (magic, extra, name, name_size) != (_MAGIC, _EXTRA, b"BC", 2):
        raise zlib.error("not a block of BGZF")
    size += 1
    if len(packed) < size:
        raise EOFError
    crc, length = _TAIL.unpack_from(packed, size - _TAIL.size)
    content: bytes | bytearray = deflate.deflate_decompress(packed[_HEAD.size : size - _TAIL.size], length)
    if deflate.crc32(content) != crc:
        raise zlib.error("wrong checksum")
    return content, size
