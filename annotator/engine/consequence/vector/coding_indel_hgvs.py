"""HGVS descriptions of many insertions and deletions inside coding sequences.

All functions take changes that are shifted as far 3' as they go, and the reading frames of their transcripts. The rules
are those of :mod:`annotator.engine.consequence.scalar.hgvs_c` and :mod:`annotator.engine.consequence.scalar.hgvs_p`.
Those of proteins take the amino acids of the altered sequences as well, as
:func:`annotator.engine.consequence.vector.coding_indel.altered_residues` gives them, and return, besides the
descriptions, ``(n,) bool``: which of them are right; the others are left to the scalar path.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.consequence.hgvs import HgvsPColumns, Parts, interval_parts, numbers, single_residues
from annotator.engine.consequence.three_prime_shift import found_at, rotate_rows, shift_lengths
from annotator.engine.consequence.vector.coding_indel import CodingIndels
from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.consequence.vector.reading_frames import STOP, Frames

Described = tuple[HgvsPColumns, np.ndarray]
_STRIDE = 32
"""Codons read together in the search for a stop."""
_DNA_KINDS = pa.array(["del", "dup", "ins"])
_PROTEIN_KINDS = pa.array(["ins", "dup", "delins"])


def on_transcript(indels: CodingIndels, frames: Frames) -> Parts:
    """Texts of the changes of the transcripts; without introns and UTRs, positions are plain numbers."""
    count, size, width = len(indels), indels.size, indels.alt.shape[1]
    duplicates = (size > 0) & found_at(frames.bases, indels.offset + indels.start - 1 - size, indels.alt, size)
    adds = (size > 0) & ~duplicates
    start = np.where(adds, indels.end, indels.start - np.where(duplicates, size, 0))
    end = np.where(adds, indels.start, indels.end)
    kind = _DNA_KINDS.take(pa.array(duplicates + 2 * adds.astype(np.int64)))
    alt = stitched(indels.alt.ravel(), [(np.arange(count) * width, np.where(adds, size, 0))], count)
    return [*interval_parts(numbers(start), numbers(end)), kind, alt]


def frameshift(indels: CodingIndels, frames: Frames, residues: np.ndarray) -> Described:
    """Changes after which the sequence is read in another frame: the first residue that differs, and the next stop.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/frameshift/.
    """
    count, peptides, width = len(indels), frames.peptides, residues.shape[1]
    frame = (indels.start - 1) % 3
    mixed = (frame + indels.size + 2) // 3
    tail = indels.offset + indels.end - frame - indels.size
    old, new = np.zeros(count, dtype=np.uint8), np.zeros(count, dtype=np.uint8)
    step, described = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    active = np.arange(count)
    while len(active):
        at = step[active]
        inside = indels.first[active] + at < indels.protein[active]
        described[active[~inside]] = False
        active, at = active[inside], at[inside]
        before = peptides[indels.offset[active] // 3 + indels.first[active] + at]
        after = np.where(
            at < mixed[active], residues[active, np.minimum(at, width - 1)], frames.acids[tail[active] + 3 * at]
        )
        old[active], new[active] = before, after
        described[active[after == 0]] = False
        active = active[(before == after) & (after != 0)]
        step[active] += 1
    stop = _first_stop(residues, mixed, tail, frames)
    columns = HgvsPColumns(
        first=single_residues(old),
        start=pa.array(indels.first + step + 1),
        alt=single_residues(new),
        tail=pa.array(["fs", ""]).take(pa.array((new == STOP).astype(np.int64))),
        to_stop=pa.array(np.where(stop < 0, 0, np.maximum(stop + 1 - step, 0))),
    )
    return columns, described


def _first_stop(residues: np.ndarray, mixed: np.ndarray, tail: np.ndarray, frames: Frames) -> np.ndarray:
    """Codons of the altered sequences in front of the first stop.

    Args:
        residues: ``(n, c) uint8``, the first ones of each.
        mixed: ``(n,) int64``, how many of these to read.
        tail: ``(n,) int64``, index in ``frames.acids`` of the first codon, as if none of the bases were inserted.
        frames: of the transcripts.

    Returns:
        ``(n,) int64``; -1 where there is no stop.
    """
    stops = (residues == STOP) & (np.arange(residues.shape[1]) < mixed[:, None])
    found = np.where(stops.any(axis=1), stops.argmax(axis=1), -1)
    active, at = np.flatnonzero(found < 0), mixed.copy()
    steps = np.arange(_STRIDE)
    while len(active):
        where = (tail + 3 * at)[active, None] + 3 * steps
        seen = frames.acids[np.minimum(where, len(frames.acids) - 1)]
        ends = (seen == STOP) | (seen == 0)
        ended, first = ends.any(axis=1), ends.argmax(axis=1)
        is_stop = seen[np.arange(len(active)), first] == STOP
        found[active[is_stop]] = (at[active] + first)[is_stop]
        at[active] += _STRIDE
        active = active[~ended]
    return found


def _room(indels: CodingIndels, end: np.ndarray) -> np.ndarray:
    """By how many residues some that end at ``end`` (1-based) may be shifted at most within the protein."""
    found: np.ndarray = np.maximum(indels.protein - end, 0)
    return found


def deletion(indels: CodingIndels, frames: Frames, residues: np.ndarray) -> Described:
    """Deletions of as many bases as whole codons have.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/deletion/ and ``.../delins/``.
    """
    peptides, before = frames.peptides, indels.offset // 3 - 1
    start, end = indels.first + 1, indels.first + indels.count
    cut = indels.grown > 0
    new = np.where(cut, residues[:, 0], 0).astype(np.uint8)
    same_first = cut & (peptides[before + start] == new)
    same_last = cut & ~same_first & (peptides[before + end] == new)
    start, end = start + same_first, end - same_last
    replaces = cut & ~same_first & ~same_last
    size = end - start + 1
    room = np.where(replaces, 0, _room(indels, end))
    by = shift_lengths(peptides, before + start, size, before + end + 1, room)
    start, end = start + by, end + by
    columns = HgvsPColumns(
        first=single_residues(peptides[before + start]),
        start=pa.array(start),
        last=single_residues(np.where(start != end, peptides[before + end], 0)),
        end=pa.array(end),
        kind=pa.array(["del", "delins"]).take(pa.array(replaces.astype(np.int64))),
        alt=single_residues(np.where(replaces, new, 0)),
    )
    return columns, new != STOP


def insertion(indels: CodingIndels, frames: Frames, residues: np.ndarray) -> Described:
    """Insertions of as many bases as whole codons have.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/insertion/ and ``.../duplication/``.
    """
    count, width = len(indels), residues.shape[1]
    peptides, before = frames.peptides, indels.offset // 3 - 1
    rows, column = np.arange(count), np.arange(width)
    whole = indels.grown // 3
    described = ~((residues == STOP) & (column < whole[:, None])).any(axis=1)
    cut, start = indels.count > 0, indels.first + 1
    old = peptides[before + start]
    same_first = cut & (residues[:, 0] == old)
    same_last = cut & ~same_first & (residues[rows, np.minimum(np.maximum(whole, 1), width) - 1] == old)
    replaces = cut & ~same_first & ~same_last
    size = np.where(replaces, whole, indels.size // 3)
    unit = np.take_along_axis(residues, np.minimum(column + same_first[:, None], width - 1), axis=1)
    end = indels.first + same_first
    pool = np.concatenate([peptides, unit.ravel()])
    room = np.where(replaces, 0, _room(indels, end))
    by = shift_lengths(pool, len(peptides) + rows * width, size, before + end + 1, room)
    unit, end = rotate_rows(unit, size, by), end + by
    begin = end - size + 1
    duplicates = ~replaces & (begin >= 1) & found_at(peptides, before + begin, unit, size)
    adds = ~replaces & ~duplicates
    described &= ~adds | ((end >= 1) & (indels.protein > end))
    low = np.where(duplicates, begin, np.where(replaces, start, end))
    high = np.where(duplicates, end, np.where(replaces, start, end + 1))
    first = np.where(duplicates, unit[:, 0], peptides[np.clip(before + low, 0, len(peptides) - 1)])
    last = np.where(duplicates, unit[rows, size - 1], peptides[np.clip(before + high, 0, len(peptides) - 1)])
    columns = HgvsPColumns(
        first=single_residues(first),
        start=pa.array(low),
        last=single_residues(np.where(low != high, last, 0)),
        end=pa.array(high),
        kind=_PROTEIN_KINDS.take(pa.array(duplicates + 2 * replaces.astype(np.int64))),
        alt=stitched(unit.ravel(), [(rows * width, np.where(duplicates, 0, size))], count),
    )
    return columns, described
