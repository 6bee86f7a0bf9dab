"""The results file, written once and front to back while records are annotated.

Its header declares what the records turn out to have: contigs that the input does not declare, fields of other tools
that were kept under another name. So the beginning of the file waits in memory, which is all of a small file. Where a
later record needs another header than the one that was written, :class:`HeaderChangedError` says so, and the pass
starts again with the header that it has found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from annotator.engine.bgzf import END_OF_FILE, pack_lines

HELD_BYTES = 4 << 20
"""Compressed bytes of records that wait for the header."""


class HeaderChangedError(Exception):
    """The header of the results file was written, and records that came later need another one.

    Attributes:
        header: the one that they need.
    """

    def __init__(self, header: bytes) -> None:
        super().__init__()
        self.header = header


class ResultsWriter:
    """Writes the header, blocks of BGZF with records, and the end; :meth:`close` completes the file.

    Args:
        stream: receives the file.
        header: gives the header, whole lines; it is asked with True when all records were written.
        level: of compression of the header, see :mod:`annotator.engine.bgzf`.

    Attributes:
        body: compressed bytes of the records so far.
    """

    def __init__(self, stream: BinaryIO, header: Callable[[bool], bytes], level: int) -> None:
        self._stream = stream
        self._header = header
        self._level = level
        self._written: bytes | None = None
        self._packed = 0
        self._held: list[bytes] = []
        self.body = 0

    def write(self, packed: bytes) -> int:
        """Write bytes of the records, compressed; returns their number."""
        self.body += len(packed)
        if self._written is not None:
            self._stream.write(packed)
            return len(packed)
        self._held.append(packed)
        if self.body > HELD_BYTES:
            self._begin(self._header(False))
        return len(packed)

    def close(self) -> int:
        """Complete the file.

        Returns:
            Compressed bytes of the header.

        Raises:
            HeaderChangedError: the header that was written is not that of these records.
        """
        header = self._header(True)
        if self._written is None:
            self._begin(header)
        elif self._written != header:
            raise HeaderChangedError(header)
        self._stream.write(END_OF_FILE)
        self._stream.close()
        return self._packed

    def abandon(self) -> None:
        """Close the file as it is; harmless after :meth:`close`."""
        self._stream.close()

    def _begin(self, header: bytes) -> None:
        self._written = header
        packed, _ = pack_lines(memoryview(header.removesuffix(b"\n")), self._level)
        self._packed = len(packed)
        self._stream.write(packed)
        for piece in self._held:
            self._stream.write(piece)
        self._held = []
