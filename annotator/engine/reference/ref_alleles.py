"""Comparison of REF alleles with the sequence of a reference, for many alleles at once."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import bytes_of, every, spread
from annotator.engine.reference.bundle import Contig, Sequence, bases_at


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
    offsets = starts.astype(np.int64) - int(starts[0])
    there = bases_at(partial(sequence.fetch, contig), spread(pos, offsets))
    return every(there == data[starts[0] : starts[-1]], offsets)


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
