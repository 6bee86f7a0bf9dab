"""Indexes of bgzipped tables: made, found and read by contig, whatever its name and length.

A tabix index (``.tbi``) reaches up to 2^29 bases; tables on longer contigs get a ``.csi``. A contig is always asked for
with a start and an end: htslib takes a name with a colon for a region otherwise.
"""

from __future__ import annotations

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
