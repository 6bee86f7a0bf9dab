"""HGVS names of what many insertions and deletions inside coding sequences do to proteins.

Each function takes the changes, moved as far as they go, the frames of their transcripts, and the amino acids of the
altered sequences from the first changed codon on. It gives the names in parts to be joined, and which of them are told:
the others are looked at one by one. The rules are those of :mod:`annotator.engine.consequence.scalar.hgvs_p`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.consequence.vector.reading_frames import STOP, Frames
from annotator.engine.reference.genetic_code import THREE_LETTERS

if TYPE_CHECKING:
    from annotator.engine.consequence.vector.coding_indel import CodingIndels

Named = tuple[list[pa.Array], np.ndarray]
#: Codons looked at together in the search for a stop.
_STRIDE = 32
_LETTERS = sorted(THREE_LETTERS)
_LONG = pa.array([THREE_LETTERS[one] for one in _LETTERS] + [""])
_LONG_AT = np.full(256, len(_LETTERS), dtype=np.int64)
_LONG_BYTES = np.zeros((256, 3), dtype=np.uint8)
for _at, _letter in enumerate(_LETTERS):
    _LONG_AT[ord(_letter)] = _at
    _LONG_BYTES[ord(_letter)] = np.frombuffer(THREE_LETTERS[_letter].encode(), np.uint8)


def _three(acids: np.ndarray) -> pa.StringArray:
    """One amino acid each, in three letters; nothing for 0."""
    return _LONG.take(pa.array(_LONG_AT[acids]))


def _number(values: np.ndarray) -> pa.StringArray:
    return pa.array(values).cast(pa.string())


def _where(chosen: np.ndarray, text: pa.Array | str) -> pa.StringArray:
    """A text where something holds, nothing elsewhere."""
    return pc.if_else(pa.array(chosen), text, "")


def shifted_frames(moved: CodingIndels, frames: Frames, acids: np.ndarray) -> Named:
    """Names of changes after which the sequence is read in another frame."""
    count, peptides = len(moved), frames.peptides
    rows, width = np.arange(count), acids.shape[1]
    frame = (moved.start - 1) % 3
    mixed = (frame + moved.size + 2) // 3
    tail = moved.offset + moved.end - frame - moved.size
    old, new = np.zeros(count, dtype=np.uint8), np.zeros(count, dtype=np.uint8)
    step, told = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    active = rows
    while len(active):
        at = step[active]
        inside = moved.first[active] + at < moved.protein[active]
        told[active[~inside]] = False
        active, at = active[inside], at[inside]
        before = peptides[moved.offset[active] // 3 + moved.first[active] + at]
        after = np.where(
            at < mixed[active], acids[active, np.minimum(at, width - 1)], frames.acids[tail[active] + 3 * at]
        )
        old[active], new[active] = before, after
        told[active[after == 0]] = False
        active = active[(before == after) & (after != 0)]
        step[active] += 1
    stop = _first_stop(acids, mixed, tail, frames)
    place = moved.first + step + 1
    distance = np.where(stop < 0, 0, moved.first + stop + 1 - (place - 1))
    distance = pc.if_else(pa.array(distance > 0), _number(distance), "?")
    behind = _where(new != STOP, pc.binary_join_element_wise("fsTer", distance, ""))
    return [_three(old), _number(place), _three(new), behind], told


def _first_stop(acids: np.ndarray, mixed: np.ndarray, tail: np.ndarray, frames: Frames) -> np.ndarray:
    """Codons of the altered sequences before the first stop; -1 where there is none."""
    stops = (acids == STOP) & (np.arange(acids.shape[1]) < mixed[:, None])
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


def _moved_on(text: np.ndarray, size: np.ndarray, end: np.ndarray, moved: CodingIndels, frames: Frames) -> np.ndarray:
    """By how many amino acids those in ``text``, ``size`` a row, can move on behind ``end``."""
    by = np.zeros(len(moved), dtype=np.int64)
    most = np.where(moved.protein <= end + 1, 0, np.maximum(moved.protein - end - size + 1, 0))
    active = np.flatnonzero(most > 0)
    while len(active):
        step = by[active]
        following = frames.peptides[moved.offset[active] // 3 + end[active] + step]
        active = active[text[active, step % size[active]] == following]
        by[active] += 1
        active = active[by[active] < most[active]]
    return by


def deleted(moved: CodingIndels, frames: Frames, acids: np.ndarray) -> Named:
    """Names of deletions of whole codons' worth of bases."""
    peptides, first = frames.peptides, moved.offset // 3 - 1
    start, end = moved.first + 1, moved.first + moved.count
    cut = moved.grown > 0
    new = np.where(cut, acids[:, 0], 0).astype(np.uint8)
    same_first = cut & (peptides[first + start] == new)
    same_last = cut & ~same_first & (peptides[first + end] == new)
    start, end = start + same_first, end - same_last
    other = cut & ~same_first & ~same_last
    size = end - start + 1
    by = np.zeros(len(moved), dtype=np.int64)
    most = np.where(moved.protein <= end + 1, 0, np.maximum(moved.protein - end - size + 1, 0))
    active = np.flatnonzero((most > 0) & ~other)
    while len(active):
        step = by[active]
        active = active[peptides[(first + start)[active] + step] == peptides[(first + end + 1)[active] + step]]
        by[active] += 1
        active = active[by[active] < most[active]]
    start, end = start + by, end + by
    several = start != end
    second = _where(several, pc.binary_join_element_wise("_", _three(peptides[first + end]), _number(end), ""))
    kind = pc.if_else(pa.array(other), "delins", "del")
    name = [_three(peptides[first + start]), _number(start), second, kind, _three(np.where(other, new, 0))]
    return name, new != STOP


def inserted(moved: CodingIndels, frames: Frames, acids: np.ndarray) -> Named:
    """Names of insertions of whole codons' worth of bases."""
    count, width = len(moved), acids.shape[1]
    peptides, first = frames.peptides, moved.offset // 3 - 1
    rows, column = np.arange(count), np.arange(width)
    whole = moved.grown // 3
    told = ~((acids == STOP) & (column < whole[:, None])).any(axis=1)
    cut, start = moved.count > 0, moved.first + 1
    before = peptides[first + start]
    same_first = cut & (acids[:, 0] == before)
    same_last = cut & ~same_first & (acids[rows, np.minimum(np.maximum(whole, 1), width) - 1] == before)
    other = cut & ~same_first & ~same_last
    size = np.where(other, whole, moved.size // 3)
    text = np.take_along_axis(acids, np.minimum(column + same_first[:, None], width - 1), axis=1)
    end = moved.first + same_first
    by = np.where(other, 0, _moved_on(text, np.maximum(size, 1), end, moved, frames))
    text = np.take_along_axis(text, np.where(column < size[:, None], (column + by[:, None]) % size[:, None], column), 1)
    end = end + by
    # Amino acids that stand right before are repeated.
    begin = end - size + 1
    source = np.clip((first + begin)[:, None] + np.minimum(column, size[:, None] - 1), 0, len(peptides) - 1)
    same = (peptides[source] == text) | (column >= size[:, None])
    repeats = ~other & (begin >= 1) & same.all(axis=1)
    adds = ~other & ~repeats
    told &= ~adds | ((end >= 1) & (moved.protein > end))
    low = np.where(repeats, begin, np.where(other, start, end))
    high = np.where(repeats, end, np.where(other, start, end + 1))
    one = np.where(repeats, text[:, 0], peptides[np.clip(first + low, 0, len(peptides) - 1)])
    two = np.where(repeats, text[rows, size - 1], peptides[np.clip(first + high, 0, len(peptides) - 1)])
    second = _where(low != high, pc.binary_join_element_wise("_", _three(two), _number(high), ""))
    kind = pa.array(["ins", "dup", "delins"]).take(pa.array(repeats + 2 * other.astype(np.int64)))
    pool = _LONG_BYTES[text].ravel()
    new = stitched(pool, [(rows * 3 * width, np.where(repeats, 0, 3 * size))], count)
    return [_three(one), _number(low), second, kind, new], told
