"""Texts of different lengths joined from pieces of a pool of bytes, for many rows at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import spread


def stitched(pool: np.ndarray, pieces: list[tuple[np.ndarray | int, np.ndarray | int]], count: int) -> pa.StringArray:
    """Texts of ``count`` rows, each joined from pieces of a pool.

    Args:
        pool: ``(m,) uint8``.
        pieces: in the order in which each text has them: where they start in the pool and how long they are, each
            ``(count,) int64`` or one number for all rows.
        count: rows.
    """
    starts = np.empty((count, len(pieces)), dtype=np.int64)
    lengths = np.empty((count, len(pieces)), dtype=np.int64)
    for at, (start, length) in enumerate(pieces):
        starts[:, at] = start
        lengths[:, at] = length
    ends = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths.ravel(), out=ends[1:])
    data = pool[spread(starts.ravel(), ends)]
    offsets = ends[:: len(pieces)].astype(np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))
