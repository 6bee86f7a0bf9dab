"""BGZF as the specification of SAM describes it, from zlib alone: independent of the engine's writer."""

from __future__ import annotations

import struct
import zlib

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that marks the end of a file."""
BLOCK = 0xFF00


def block(data: bytes) -> bytes:
    """One block of at most 65,280 bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    head = struct.pack("<4BI2BH2B2H", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25)
    return head + body + struct.pack("<2I", zlib.crc32(data), len(data))


def bgzipped(data: bytes, size: int = BLOCK) -> bytes:
    """A whole file in blocks of a size."""
    return b"".join(block(data[at : at + size]) for at in range(0, len(data), size)) + END
