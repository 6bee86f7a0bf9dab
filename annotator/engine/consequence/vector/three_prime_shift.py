"""Many insertions and deletions moved as far as they go towards the end of a transcript, as HGVS wants them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import bytes_of
from annotator.engine.consequence.allele import DELETION
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.hgvs_c import Fetch, shifted
from annotator.engine.consequence.scalar.rows import ExactRows
from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.reference.nucleotides import COMPLEMENT, reverse_complement

#: Longer ones, and those that can be moved by more than :data:`NEAR` bases, are looked at one by one.
SHORT = 12
NEAR = 24
#: Bases in front of a change that are read: to move it, and to see what it repeats there.
_BEFORE = NEAR + SHORT + 1
_WIDTH = _BEFORE + SHORT + _BEFORE
_WORDS = np.frombuffer(b"deldupins", dtype=np.uint8)


class Movements:
    """Moves the alleles of one contig.

    Args:
        exact: moves those that are unusual.
        fetch: bases of the contig, from a start, so many.
    """

    def __init__(self, exact: ExactRows, fetch: Fetch) -> None:
        self._exact = exact
        self._fetch = fetch

    def of(self, alleles: Alleles, at: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray, pa.Array]:
        """First and last base of the HGVS names of pure insertions and deletions, and what these are called.

        Args:
            alleles: of the chunk.
            at: indices of alleles.
            forward: whether the transcript lies on the forward strand.
        """
        start, deletes = alleles.start[at], alleles.kind[at] == DELETION
        text, size = _texts(alleles, at, deletes)
        around = [self._fetch(first, _WIDTH) if first > 0 else b"" for first in (start - _BEFORE).tolist()]
        short = size <= SHORT
        size = np.minimum(size, SHORT)
        usual = short & (np.array([len(one) for one in around]) == _WIDTH)
        bases = np.frombuffer(b"".join(one.ljust(_WIDTH, b"\0") for one in around), np.uint8).reshape(-1, _WIDTH)
        by = _steps(bases, text, size, deletes, forward)
        usual &= by < NEAR
        by = np.where(forward, by, -by)
        column = np.arange(SHORT)
        text = np.take_along_axis(text, np.where(column < size[:, None], (column + by[:, None]) % size[:, None], 0), 1)
        # An insertion repeats what stands before it or behind it.
        low = start + by
        before, behind = (self._same(bases, text, size, _BEFORE + by - one) for one in (size, 0))
        first = np.where(before & (forward <= ~behind), low - size, low)
        repeats = ~deletes & (before | behind)
        begin = np.where(repeats, first, np.where(deletes, low, low - 1))
        end = np.where(repeats, first + size - 1, np.where(deletes, low + size - 1, low))
        adds = ~deletes & ~repeats
        turned = np.take_along_axis(text, np.maximum(size[:, None] - 1 - column, 0), 1)
        text = np.where(forward[:, None], text, COMPLEMENT[turned])
        pool = np.concatenate([_WORDS, text.ravel()])
        pieces: list[tuple[np.ndarray | int, np.ndarray | int]] = [(np.where(deletes, 0, np.where(repeats, 3, 6)), 3)]
        pieces.append((len(_WORDS) + np.arange(len(at)) * SHORT, np.where(adds & usual, size, 0)))
        words = stitched(pool, pieces, len(at))
        if not usual.all():
            told = words.to_pylist()
            for one in np.flatnonzero(~usual).tolist():
                begin[one], end[one], told[one] = self._one(alleles, int(at[one]), 1 if forward[one] else -1)
            words = pa.array(told, pa.string())
        return begin, end, words

    @staticmethod
    def _same(bases: np.ndarray, text: np.ndarray, size: np.ndarray, where: np.ndarray) -> np.ndarray:
        column = np.arange(SHORT)
        seen = np.take_along_axis(bases, np.clip(where[:, None] + column, 0, _WIDTH - 1), 1)
        same: np.ndarray = ((seen == text) | (column >= size[:, None])).all(axis=1)
        return same

    def _one(self, alleles: Alleles, at: int, strand: int) -> tuple[int, int, str]:
        allele = alleles.one(at)
        moved = shifted(allele, strand, self._exact.shift(allele, strand), self._fetch)
        if not moved.alt:
            return moved.start, moved.end, "del"
        size = len(moved.alt)
        for first in (moved.start, moved.start - size) if strand > 0 else (moved.start - size, moved.start):
            if first > 0 and self._fetch(first, size) == moved.alt.encode("ascii"):
                return first, first + size - 1, "dup"
        return moved.end, moved.start, "ins" + (moved.alt if strand > 0 else reverse_complement(moved.alt))


def _texts(alleles: Alleles, at: np.ndarray, deletes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First bases of what is inserted or deleted, a row an allele, and how many there are in all."""
    text = np.zeros((len(at), SHORT), dtype=np.uint8)
    size = np.zeros(len(at), dtype=np.int64)
    column = np.arange(SHORT)
    for column_of, chosen in ((alleles.ref, np.flatnonzero(deletes)), (alleles.alt, np.flatnonzero(~deletes))):
        data, offsets = bytes_of(column_of)
        size[chosen] = np.diff(offsets)[at[chosen]]
        rows, columns = np.nonzero(column < size[chosen][:, None])
        text[chosen[rows], columns] = data[offsets[at[chosen]][rows] + columns]
    return text, size


def _steps(
    bases: np.ndarray, text: np.ndarray, size: np.ndarray, deletes: np.ndarray, forward: np.ndarray
) -> np.ndarray:
    """By how many bases each can be moved, up to :data:`NEAR`."""
    by = np.zeros(len(text), dtype=np.int64)
    first = np.where(forward, _BEFORE + np.where(deletes, size, 0), _BEFORE - 1)
    active = np.arange(len(text))
    while len(active):
        step, length, ahead = by[active], size[active], forward[active]
        seen = bases[active, first[active] + np.where(ahead, step, -step)]
        turn = step % length
        active = active[seen == text[active, np.where(ahead, turn, length - 1 - turn)]]
        by[active] += 1
        active = active[by[active] < NEAR]
    return by
