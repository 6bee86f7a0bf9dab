"""Uncompressed content of gzip files of any number of members, bgzip among them, and what follows their end."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

from isal import isal_zlib

from annotator.engine.files import GZIP_MAGIC

CHUNK = 1 << 17
"""Bytes read at once."""
_MEMBER = 31
"""``wbits`` of zlib for a gzip member with its header and checksum."""


class GzipReader:
    """Reads a gzip file; bytes behind its end that are no gzip member are counted and left out.

    Args:
        raw: the file, at its start.
        bgzip: it is in the form of bgzip, whose last member is empty: others are not its end.

    Attributes:
        trailing: number of bytes behind the end, once all of the content was read.
    """

    def __init__(self, raw: BinaryIO, bgzip: bool) -> None:
        self._raw = raw
        self._bgzip = bgzip
        self._waiting = b""  # compressed bytes
        self._member: Any = None
        self._size = 0  # of the content of the member
        self._members = 0
        self.trailing = 0

    def read(self, size: int) -> bytes:
        """The next bytes of the content, ``size`` unless it ends before.

        Raises:
            EOFError: the file ends within a member.
            isal_zlib.error, zlib.error: the compressed data are damaged.
        """
        parts: list[bytes] = []
        wanted = size
        while wanted and self._open():
            assert self._member is not None
            piece = self._member.decompress(self._waiting, wanted)
            self._waiting = self._member.unconsumed_tail
            if self._member.eof:
                self._waiting = self._member.unused_data + self._waiting
            parts.append(piece)
            wanted -= len(piece)
            self._size += len(piece)
            if self._member.eof:
                self._member = None
                self._members += 1
            elif not self._waiting and not piece and not self._more():
                raise EOFError
        return b"".join(parts)

    def _open(self) -> bool:
        """Have an open member and compressed bytes for it; False at the end of the file."""
        if self._member is not None:
            if not self._waiting:
                self._more()
            return True
        while len(self._waiting) < len(GZIP_MAGIC) and self._more():
            pass
        if not self._waiting:
            return False
        if not self._waiting.startswith(GZIP_MAGIC) and self._members:
            self._count_trailing()
            return False
        self._member, self._size = isal_zlib.decompressobj(_MEMBER), 0
        return True

    def _more(self) -> bool:
        more = self._raw.read(CHUNK)
        self._waiting += more
        return bool(more)

    def _count_trailing(self) -> None:
        """Count the bytes behind the last member, unless they are a part of the data that is damaged."""
        if self._bgzip and self._size:
            raise zlib.error("bytes between blocks")
        before = b""
        while self._waiting:
            if GZIP_MAGIC + b"\x08" in before + self._waiting:
                raise zlib.error("bytes between members")
            self.trailing += len(self._waiting)
            before, self._waiting = self._waiting[-2:], b""
            self._more()
