"""Indexes of bgzipped tables: made, found and read by contig, whatever its name and length.

A tabix index (``.tbi``) reaches up to 2^29 bases; tables on longer contigs get a ``.csi``. A contig is always asked for
with a start and an end: htslib takes a name with a colon for a region otherwise.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pysam

from annotator.engine.bounds import LARGEST_POSITION

TABIX_REACH = 1 << 29
"""Bases that a tabix index reaches."""
TBI, CSI = ".tbi", ".csi"
ENDINGS = (TBI, CSI)


def ending_for(longest: int) -> str:
    """The ending of an index that reaches the end of a contig.

    Args:
        longest: length of the longest contig, or the last position that is indexed, in bases.
    """
    return CSI if longest >= TABIX_REACH else TBI


def beside(path: Path, ending: str) -> Path:
    """Where the index of a table is: beside it, under its name with one of :data:`ENDINGS`."""
    return path.with_name(path.name + ending)


def make_index(path: Path, lengths: Iterable[int], **columns: Any) -> None:
    """Index a bgzipped table.

    Args:
        path: the table; its index goes beside it.
        lengths: of the contigs, in bases.
        columns: as :func:`pysam.tabix_index` takes them (``preset``, ``seq_col``, ...).

    Raises:
        OSError: it is not sorted, or cannot be read or written.
    """
    pysam.tabix_index(str(path), force=True, csi=ending_for(max(lengths, default=0)) == CSI, **columns)


def index_of(path: Path) -> Path | None:
    """The index beside a table; None when it has none."""
    return next((one for ending in ENDINGS if (one := beside(path, ending)).is_file()), None)


def open_table(path: Path) -> pysam.TabixFile:
    """Open a table that has an index.

    Raises:
        OSError: the table or its index is missing or damaged.
    """
    index = index_of(path)
    return pysam.TabixFile(str(path), index=None if index is None else str(index), encoding="utf-8")


def rows_of(table: pysam.TabixFile, contig: str, start: int = 0, end: int = LARGEST_POSITION) -> Iterator[str]:
    """Rows of a contig of the table; none when it is not there.

    Args:
        table: as :func:`open_table` gives it.
        contig: its name.
        start: first base of the stretch, from 0.
        end: base after the last.
    """
    if contig in table.contigs:
        yield from table.fetch(contig, start, end)


def start_of(path: Path, contig: str) -> int:
    """Where the first row of a contig begins in a table.

    Args:
        path: the table, which has an index.
        contig: its name, which the index has.

    Returns:
        The virtual offset of BGZF: the offset of the block in the file times 65,536, and that within its content.

    Raises:
        OSError: there is no index, or it is damaged.
    """
    index = index_of(path)
    if index is None:
        raise OSError(f"{path.name} has no index")
    data = gzip.decompress(index.read_bytes())
    try:
        return _start_in(data, contig.encode())
    except struct.error as error:
        raise OSError(f"{index.name} is cut off") from error


def _start_in(data: bytes, contig: bytes) -> int:
    """The lowest offset of a chunk of a contig, in the bytes of an index ("The Tabix index file format", samtools)."""
    csi = data.startswith(b"CSI\1")
    if csi:
        (size,) = struct.unpack_from("<i", data, 12)
        names, at = data[16 + 28 : 16 + size], 16 + size + 4
        (pseudo,) = struct.unpack_from("<i", data, 8)
        pseudo = ((1 << 3 * (pseudo + 1)) - 1) // 7 + 1
    else:
        (size,) = struct.unpack_from("<i", data, 32)
        names, at, pseudo = data[36 : 36 + size], 36 + size, 37450
    head = struct.Struct("<IQi" if csi else "<Ii")
    for name in names.split(b"\0")[:-1]:
        (bins,) = struct.unpack_from("<i", data, at)
        at += 4
        lowest: int | None = None
        for _ in range(bins):
            number, *_, chunks = head.unpack_from(data, at)
            at += head.size
            if name == contig and number != pseudo and chunks:
                (first,) = struct.unpack_from("<Q", data, at)
                lowest = first if lowest is None else min(lowest, first)
            at += 16 * chunks
        if name == contig and lowest is not None:
            return lowest
        if not csi:
            (stretches,) = struct.unpack_from("<i", data, at)
            at += 4 + 8 * stretches
    raise OSError(f"the index does not have {contig.decode()}")
