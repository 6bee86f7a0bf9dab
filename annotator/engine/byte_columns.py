"""Columns of bytes between numpy and arrow: cut out of a text, and looked at byte by byte for all values at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

WIDE = 96
"""Values that are longer than this on average are cut out one by one: copying them costs more than the loop."""


def bytes_of(column: pa.BinaryArray) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all values after each other, and where each starts (one more than there are values)."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    if data is None:
        return np.zeros(0, np.uint8), np.zeros(len(column) + 1, np.int32)
    return np.frombuffer(data, np.uint8)[starts[0] : starts[-1]], starts - starts[0]


def column_of(data: np.ndarray, starts: np.ndarray) -> pa.BinaryArray:
    """The opposite of :func:`bytes_of`."""
    buffers = [None, pa.py_buffer(starts.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), len(starts) - 1, buffers)


def cut(text: bytes | np.ndarray, starts: np.ndarray, ends: np.ndarray) -> pa.BinaryArray:
    """Pieces of a text, bytes or an array of them: those between each of ``starts`` and the same of ``ends``."""
    lengths = ends - starts
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if offsets[-1] > WIDE * len(starts):
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        data = np.frombuffer(text, np.uint8)
        return pa.array([data[start:end].tobytes() for start, end in pairs], pa.binary())
    return column_of(np.frombuffer(text, np.uint8)[spread(starts, offsets)], offsets)


def spread(first: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Counts up from each of ``first``, as far as ``offsets`` say: [5, 9] and [0, 2, 3] give [5, 6, 9]."""
    counts: np.ndarray = np.repeat(first - offsets[:-1], np.diff(offsets)) + np.arange(offsets[-1])
    return counts


def every(holds: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """For each value whether all of its bytes have a property; also true of values without bytes."""
    if holds.all():
        return np.ones(len(starts) - 1, bool)
    failed = np.zeros(len(holds) + 1, np.int32)  # a block has fewer bytes than this can count
    np.cumsum(~holds, out=failed[1:])
    counts = failed[starts]
    held: np.ndarray = counts[1:] == counts[:-1]
    return held


def letters(allowed: bytes) -> np.ndarray:
    """A table of which bytes are among some letters: `(256,) bool`."""
    table = np.zeros(256, bool)
    table[list(allowed)] = True
    return table


def replaced(column: pa.BinaryArray, at: list[int], values: list[bytes]) -> pa.BinaryArray:
    """The column with other values in some places."""
    if not at:
        return column
    order = np.arange(len(column))
    order[at] = len(column) + np.arange(len(at))
    return pa.concat_arrays([column, pa.array(values, pa.binary())]).take(pa.array(order))


def text_of(column: pa.BinaryArray) -> pa.StringArray:
    """Bytes as text; those that are not UTF-8 are replaced."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.decode("utf-8", "replace") for value in column.to_pylist()], pa.string())
