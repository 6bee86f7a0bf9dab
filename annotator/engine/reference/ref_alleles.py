"""Comparison of REF alleles with the sequence of a reference, for many alleles at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import bytes_of, every, spread
from annotator.engine.reference.bundle import Contig, Sequence

STRETCH = 1 << 20
"""Bases of the sequence read at once for alleles that lie near each other."""


def agreeing(sequence: Sequence, contig: str, pos: np.ndarray, data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Which REF alleles of a contig are what the sequence has.

    Args:
        sequence: of the reference.
        contig: canonical name.
        pos: ``(n,) int64``, first base of each allele, 1-based; all of their bases lie on the contig.
        data: bytes of all alleles after each other, in upper case.
        starts: ``(n + 1,)`` integers, where each of them starts in ``data``, and their end.

    Returns:
        ``(n,) bool``.
    """
    found = np.zeros(len(pos), bool)
    cuts = np.flatnonzero(np.diff(pos // STRETCH)) + 1
    for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(pos)], strict=True):
        if begin == end:
            continue
        part, offsets = pos[begin:end], starts[begin : end + 1].astype(np.int64)
        first = int(part.min())
        length = int((part + np.diff(offsets)).max()) - first
        bases = np.frombuffer(sequence.fetch(contig, first, length), np.uint8)
        offsets -= offsets[0]
        there = bases[spread(part - first, offsets)] == data[starts[begin] : starts[end]]
        found[begin:end] = every(there, offsets)
    return found


def fitting(sequence: Sequence, contig: Contig, pos: np.ndarray, ref: pa.BinaryArray) -> np.ndarray:
    """Which REF alleles lie on a contig and are what the sequence has.

    Args:
        sequence: of the reference.
        contig: of the reference.
        pos: ``(n,) int64``, first base of each allele, 1-based.
        ref: n REF alleles, in upper case.

    Returns:
        ``(n,) bool``.
    """
    lengths = np.diff(bytes_of(ref)[1])
    fits: np.ndarray = (pos > 0) & (pos + lengths - 1 <= contig.length)
    inside = np.flatnonzero(fits)
    fits[inside] = agreeing(sequence, contig.name, pos[inside], *bytes_of(ref.take(pa.array(inside))))
    return fits
