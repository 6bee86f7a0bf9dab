"""Left-alignment of many short insertions and deletions at once.

:func:`annotator.engine.normalise.normalise` does it one by one; in tables of known variants one allele in ten is one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import bytes_of, cut, spread

WINDOW = 64
"""Bases in front of an allele that are read: one that can be shifted over all of them is left to ``normalise``."""
LONGEST = 32
"""Longest allele, in bases; longer ones are left to ``normalise``."""


def shift_left(
    pos: np.ndarray, ref: pa.BinaryArray, alt: pa.BinaryArray, fetch: Callable[[int, int], bytes]
) -> tuple[np.ndarray, np.ndarray, pa.BinaryArray, pa.BinaryArray]:
    """Move insertions and deletions to the left as far as they go.

    Args:
        pos: ``(n,) int64``, 1-based.
        ref, alt: n alleles of bases in upper case that end with the same base.
        fetch: gives so many reference bases from a 1-based position on.

    Returns:
        The indices, ``(k,) int64``, of the alleles that have been moved, which are those with one base on one side
        unless they are long, near the start of the contig or moved far; and positions, REF and ALT of these k.
    """
    texts, sizes = zip(*map(bytes_of, (ref, alt)), strict=True)
    sizes = [np.diff(one) for one in sizes]
    longest = np.maximum(*sizes)
    at = np.flatnonzero((np.minimum(*sizes) == 1) & (longest > 1) & (longest <= LONGEST) & (pos > WINDOW))
    deletion = sizes[0][at] > 1
    # Each row: the bases in front of an allele, then the longer one of its two sides.
    windows = np.zeros((len(at), WINDOW + LONGEST), np.uint8)
    front = b"".join([fetch(one - WINDOW, WINDOW) for one in pos[at].tolist()])
    windows[:, :WINDOW] = np.frombuffer(front, np.uint8).reshape(-1, WINDOW)
    size = longest[at]
    for side, chosen in ((0, deletion), (1, ~deletion)):
        rows = np.flatnonzero(chosen)
        begins = bytes_of((ref, alt)[side])[1][at[rows]]
        offsets = np.concatenate([[0], np.cumsum(size[rows])])
        places = spread(rows * windows.shape[1] + WINDOW, offsets)
        windows.reshape(-1)[places] = texts[side][spread(begins, offsets)]
    by = np.ones(len(at), np.int64)
    moving = np.arange(len(at))
    for step in range(1, WINDOW):
        # The step goes on while the base that is taken in is the one that is left behind.
        taken = windows[moving, WINDOW - step]
        moving = moving[taken == windows[moving, WINDOW - step + size[moving] - 1]]
        if not len(moving):
            break
        by[moving] += 1
    done = by < WINDOW
    at, by, size, deletion = at[done], by[done], size[done], deletion[done]
    begin = np.flatnonzero(done) * windows.shape[1] + WINDOW - by
    data = windows.reshape(-1)
    refs = cut(data, begin, begin + np.where(deletion, size, 1))
    alts = cut(data, begin, begin + np.where(deletion, 1, size))
    return at, pos[at] - by, refs, alts
