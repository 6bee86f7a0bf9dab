"""Texts of many insertions and deletions in coding sequences at once: positions, names, codons and amino acids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.consequence.vector.reading_frames import STOP, Frames

if TYPE_CHECKING:
    from annotator.engine.consequence.vector.coding_indel import CodingIndels


def span(start: np.ndarray, end: np.ndarray) -> pa.StringArray:
    """Two positions, the lower one first; one when they are the same."""
    low, high = pa.array(np.minimum(start, end)).cast(pa.string()), pa.array(np.maximum(start, end)).cast(pa.string())
    return pc.if_else(pa.array(start == end), low, pc.binary_join_element_wise(low, high, "-"))


def change(moved: CodingIndels, frames: Frames) -> list[pa.Array]:
    """HGVS names of the changes on the transcripts, in parts to be joined."""
    count, size = len(moved), moved.size
    column = np.arange(moved.alt.shape[1])
    source = (moved.offset + moved.start - 1 - size)[:, None] + np.minimum(column, np.maximum(size, 1)[:, None] - 1)
    same = (frames.bases[source] == moved.alt) | (column >= size[:, None])
    repeats = (size > 0) & same.all(axis=1)
    adds = (size > 0) & ~repeats
    start = moved.start - np.where(repeats, size, 0)
    start, end = np.where(adds, moved.end, start), np.where(adds, moved.start, moved.end)
    kinds = pa.array(["del", "dup", "ins"]).take(pa.array(repeats + 2 * adds.astype(np.int64)))
    width = moved.alt.shape[1]
    bases = stitched(moved.alt.ravel(), [(np.arange(count) * width, np.where(adds, size, 0))], count)
    first, last = pa.array(start).cast(pa.string()), pa.array(end).cast(pa.string())
    return [pc.if_else(pa.array(start == end), first, pc.binary_join_element_wise(first, last, "_")), kinds, bases]


def codons(found: CodingIndels, frames: Frames) -> pa.StringArray:
    """Codons before and after, with the changed bases in capitals."""
    bases, width = frames.bases, found.alt.shape[1]
    pool = np.concatenate([bases, bases | 32, found.alt.ravel(), np.frombuffer(b"/-", np.uint8)])
    alt, slash = 2 * len(bases), len(pool) - 2
    lower = len(bases) + found.offset
    front = (lower + 3 * found.first, found.start - 1 - 3 * found.first)
    back = (lower + found.end, 3 * (found.first + found.count) - found.end)
    pieces = [
        *(front, (found.offset + found.start - 1, found.end - found.start + 1), back),
        *((slash + 1, found.count == 0), (slash, 1)),
        *(front, (alt + np.arange(len(found)) * width, found.size), back),
        (slash + 1, found.grown == 0),
    ]
    return stitched(pool, pieces, len(found))


def amino_acids(found: CodingIndels, frames: Frames, acids: np.ndarray) -> pa.StringArray:
    """Amino acids before and after; X for a part of a codon."""
    pool = np.concatenate([frames.peptides, acids.ravel(), np.frombuffer(b"/-X", np.uint8)])
    after, slash = len(frames.peptides), len(pool) - 3
    # A stop alone is not followed by what is left of a codon.
    ends = (found.grown // 3 == 1) & (acids[:, 0] == STOP)
    pieces = [
        (found.offset // 3 + found.first, found.count),
        *((slash + 1, found.count == 0), (slash, 1)),
        (after + np.arange(len(found)) * acids.shape[1], found.grown // 3),
        *((slash + 2, (found.grown % 3 > 0) & ~ends), (slash + 1, found.grown == 0)),
    ]
    return stitched(pool, pieces, len(found))
