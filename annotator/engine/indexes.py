"""Indexes of bgzipped tables: made, found and read by contig, whatever its name and length.

A tabix index (``.tbi``) reaches up to 2^29 bases; tables on longer contigs get a ``.csi``. A contig is always asked for
with a start and an end: htslib takes a name with a colon for a region otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pysam

#: Bases that a tabix index reaches.
TABIX_REACH = 1 << 29
#: The end of any contig: the largest position that the index and VCF can hold.
LARGEST = (1 << 31) - 1
_ENDINGS = (".tbi", ".csi")


def make_index(path: Path, lengths: Iterable[int], **columns: Any) -> None:
    """Index a bgzipped table.

    Args:
        path: the table; its index goes beside it.
        lengths: of the contigs, in bases.
        columns: as :func:`pysam.tabix_index` takes them (``preset``, ``seq_col``, ...).

    Raises:
        OSError: it is not sorted, or cannot be read or written.
    """
    pysam.tabix_index(str(path), force=True, csi=max(lengths, default=0) >= TABIX_REACH, **columns)


def index_of(path: Path) -> Path | None:
    """The index beside a table; None when it has none."""
    beside = (path.with_name(path.name + ending) for ending in _ENDINGS)
    return next((one for one in beside if one.is_file()), None)


def open_table(path: Path) -> pysam.TabixFile:
    """Open a table that has an index.

    Raises:
        OSError: the table or its index is missing or damaged.
    """
    index = index_of(path)
    return pysam.TabixFile(str(path), index=None if index is None else str(index), encoding="utf-8")


def rows_of(table: pysam.TabixFile, contig: str, start: int = 0, end: int = LARGEST) -> Iterator[str]:
    """Rows of a contig of the table; none when it is not there.

    Args:
        table: as :func:`open_table` gives it.
        contig: its name.
        start: first base of the stretch, from 0.
        end: base after the last.
    """
    if contig in table.contigs:
        yield from table.fetch(contig, start, end)
