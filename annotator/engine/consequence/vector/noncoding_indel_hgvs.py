"""HGVS descriptions of many pure insertions and deletions that touch no codon, by positions of the genome."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import bytes_of
from annotator.engine.consequence.allele import DELETION
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.hgvs_c import set_kind
from annotator.engine.consequence.scalar.rows import ScalarRows
from annotator.engine.consequence.three_prime_shift import found_at, rotate_rows, shift_lengths
from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.reference.nucleotides import COMPLEMENT
from annotator.engine.reference.transcript import Fetch

SHORT = 12
"""Longer ones, and those that can be shifted by more than :data:`NEAR` bases, are described one at a time."""
NEAR = 24
_BEFORE = NEAR + SHORT + 1
"""Bases in front of a change that are read: to shift it, and to see what it duplicates."""
_WIDTH = _BEFORE + SHORT + _BEFORE
_KINDS = pa.array(["del", "dup", "ins"])


class ShiftedIndels(NamedTuple):
    """Descriptions of insertions and deletions without numbering, one element an allele and strand.

    Attributes:
        first: ``(n,) int64``, lowest base of the genome that the description names, 1-based.
        last: ``(n,) int64``, highest base, inclusive.
        kind: ``del``, ``dup`` or ``ins``.
        alt: bases of an insertion in the direction of the strand, empty for others.
    """

    first: np.ndarray
    last: np.ndarray
    kind: pa.StringArray
    alt: pa.StringArray


class IndelDescriber:
    """Describes alleles of one contig.

    Args:
        exact: shifts those that are unusual.
        fetch: bases of the contig.
    """

    def __init__(self, exact: ScalarRows, fetch: Fetch) -> None:
        self._exact = exact
        self._fetch = fetch

    def describe(self, alleles: Alleles, at: np.ndarray, forward: np.ndarray) -> ShiftedIndels:
        """Descriptions of pure insertions and deletions, shifted towards the 3' end of transcripts of a strand.

        Args:
            alleles: of the chunk.
            at: ``(n,) int64``, indices of alleles.
            forward: ``(n,) bool``, whether the transcript lies on the forward strand.
        """
        start, deletes, count = alleles.start[at], alleles.kind[at] == DELETION, len(at)
        unit, size = _units(alleles, at, deletes)
        around = [self._fetch(first, _WIDTH) if first > 0 else b"" for first in (start - _BEFORE).tolist()]
        usual = (size <= SHORT) & (np.array([len(one) for one in around]) == _WIDTH)
        size = np.minimum(size, SHORT)
        bases = np.frombuffer(b"".join(one.ljust(_WIDTH, b"\0") for one in around), np.uint8)
        here = np.arange(count) * _WIDTH + _BEFORE
        strand = np.where(forward, 1, -1)
        compared = np.arange(count) * SHORT + np.where(forward, 0, size - 1)
        following = here + np.where(forward, np.where(deletes, size, 0), -1)
        residues = np.concatenate([unit.ravel(), bases])
        by = shift_lengths(residues, compared, size, unit.size + following, np.full(count, NEAR), strand)
        usual &= by < NEAR
        by *= strand
        unit = rotate_rows(unit, size, by)
        # What an insertion duplicates lies upstream of it, as it is shifted as far as it goes.
        low = start + by
        begin = np.where(forward, low - size, low)
        duplicates = ~deletes & found_at(bases, here + begin - start, unit, size)
        adds = ~deletes & ~duplicates
        first = np.where(duplicates, begin, np.where(deletes, low, low - 1))
        last = np.where(duplicates, begin + size - 1, np.where(deletes, low + size - 1, low))
        column = np.arange(SHORT)
        turned = np.take_along_axis(unit, np.maximum(size[:, None] - 1 - column, 0), 1)
        unit = np.where(forward[:, None], unit, COMPLEMENT[turned])
        kind = _KINDS.take(pa.array(duplicates + 2 * adds.astype(np.int64)))
        alt = stitched(unit.ravel(), [(np.arange(count) * SHORT, np.where(adds & usual, size, 0))], count)
        if not usual.all():
            kinds, alts = kind.to_pylist(), alt.to_pylist()
            for one in np.flatnonzero(~usual).tolist():
                found = self._describe_one(alleles, int(at[one]), 1 if forward[one] else -1)
                first[one], last[one], kinds[one], alts[one] = found
            kind, alt = pa.array(kinds, pa.string()), pa.array(alts, pa.string())
        return ShiftedIndels(first, last, kind, alt)

    def _describe_one(self, alleles: Alleles, at: int, strand: int) -> tuple[int, int, str, str]:
        allele = alleles.one(at)
        bases = self._exact.bases[strand]
        change = bases.change(self._exact.shifted(allele, strand))
        set_kind(change, bases)
        return *bases.along(change.start, change.end), change.kind, change.alt if change.kind == "ins" else ""


def _units(alleles: Alleles, at: np.ndarray, deletes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is inserted or deleted, on the forward strand.

    Returns:
        ``(n, SHORT) uint8``, first bases of each, padded with 0; ``(n,) int64``, how many there are in all.
    """
    unit = np.zeros((len(at), SHORT), dtype=np.uint8)
    size = np.zeros(len(at), dtype=np.int64)
    column = np.arange(SHORT)
    for column_of, chosen in ((alleles.ref, np.flatnonzero(deletes)), (alleles.alt, np.flatnonzero(~deletes))):
        data, offsets = bytes_of(column_of)
        size[chosen] = np.diff(offsets)[at[chosen]]
        rows, columns = np.nonzero(column < size[chosen][:, None])
        unit[chosen[rows], columns] = data[offsets[at[chosen]][rows] + columns]
    return unit, size
