"""One spelling for one variant: alleles trimmed and left-aligned.

Callers write the same insertion or deletion in several ways (``T>TC`` at 302 or ``C>CC`` at 309 of the human
mitochondrion). Consequences are those of the normalised spelling, and known variants are looked up by it, as defined by
Tan, Abecasis and Kang, "Unified representation of genetic variants", Bioinformatics 31(13), 2015.

Insertions and deletions stay behind base 1 of a contig, circular ones included: VCF writes the base in front of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.byte_columns import bytes_of
from annotator.engine.left_alignment import shift_left

Allele = tuple[int, bytes, bytes]
"""(position, REF, ALT); the position is 1-based, the alleles are upper-case bases."""

Fetch = Callable[[int, int], bytes]
"""Gives so many reference bases from a 1-based position on."""

_UNKNOWN = bytes(one if one in b"ACGT" else 0 for one in range(256))
"""A translation of unknown bases to what equals no base: nobody can tell whether they repeat others."""
_FEW = 100
"""So many alleles are normalised one by one in less time than all at once."""
_WINDOW = 64
"""Bases in front of an allele that are read first; twice as many each time while the allele can be moved over them."""


def normalise(pos: int, ref: bytes, alt: bytes, fetch: Fetch) -> Allele:
    """Return the trimmed, left-aligned spelling of one allele, in time linear in its length and in how far it moves.

    Args:
        pos: 1-based position of the first base of ``ref``.
        ref: reference allele, upper case, equal to the reference sequence at ``pos``.
        alt: alternate allele, upper case bases only.
        fetch: gives so many reference bases from a 1-based position on; asked only for positions before ``pos``.

    Returns:
        The same change with shared ends removed and, for an insertion or deletion, moved as far to the left as the
        sequence allows. Both alleles keep at least one base. An allele equal to the reference comes back unchanged, and
        one with unknown bases is only trimmed: nobody can tell whether the bases in front repeat them.
    """
    if len(ref) == 1 and len(alt) == 1:
        return pos, ref, alt
    if ref == alt:
        return pos, ref, alt
    at_end = min(common_suffix(ref, alt), len(ref) - 1, len(alt) - 1)
    ref, alt = ref[: len(ref) - at_end], alt[: len(alt) - at_end]
    if ref[-1] == alt[-1] and pos > 1 and is_known(max(ref, alt, key=len)):
        return _moved_left(pos, ref, alt, fetch)
    at_start = min(common_prefix(ref, alt), len(ref) - 1, len(alt) - 1)
    return pos + at_start, ref[at_start:], alt[at_start:]


class Normalised(NamedTuple):
    """Normalised spellings of ``n`` alleles as columns.

    Attributes:
        pos: ``(n,) int64``, 1-based position of the first base of each REF.
        ref: ``n`` reference alleles.
        alt: ``n`` alternate alleles.
    """

    pos: np.ndarray
    ref: pa.BinaryArray
    alt: pa.BinaryArray

    def filter(self, chosen: np.ndarray) -> Normalised:
        """Those for which ``chosen``, ``(n,) bool``, is true."""
        if chosen.all():
            return self
        mask = pa.array(chosen)
        return Normalised(self.pos[chosen], self.ref.filter(mask), self.alt.filter(mask))


def normalise_all(
    pos: np.ndarray, ref: pa.BinaryArray, alt: pa.BinaryArray, plain: np.ndarray, fetch: Fetch
) -> Normalised:
    """Normalise many alleles: :func:`normalise` for those that need it, which are few in most files.

    Args:
        pos: ``(n,) int64``, 1-based.
        ref: ``n`` REF alleles in upper case, which agree with the sequence.
        alt: ``n`` ALT alleles in upper case.
        plain: ``(n,) bool``, whether an allele consists of bases; the others stay as they are.
        fetch: as for :func:`normalise`.
    """
    at = np.flatnonzero(plain)
    at = at[~_normal(*(one if len(at) == len(pos) else one.take(pa.array(at)) for one in (ref, alt)))]
    if not len(at):
        return Normalised(pos, ref, alt)
    old_pos, pos = pos, pos.copy()
    if len(at) > _FEW:
        pick = pa.array(at)
        some = ref.take(pick), alt.take(pick)
        ends = [data[starts[1:] - 1] for data, starts in map(bytes_of, some)]
        at, rest = at[ends[0] == ends[1]], at[ends[0] != ends[1]]
        pick = pa.array(at)
        moved, to, refs, alts = shift_left(old_pos[at], ref.take(pick), alt.take(pick), fetch)
        pos[at[moved]] = to
        ref, alt = _with(ref, at[moved], refs), _with(alt, at[moved], alts)
        at = np.sort(np.concatenate([np.delete(at, moved), rest]))
    pick = pa.array(at)
    columns = old_pos[at].tolist(), ref.take(pick).to_pylist(), alt.take(pick).to_pylist()
    changed = [normalise(*one, fetch) for one in zip(*columns, strict=True)]
    pos[at] = [one[0] for one in changed]
    refs, alts = (pa.array([one[place] for one in changed], pa.binary()) for place in (1, 2))
    return Normalised(pos, _with(ref, at, refs), _with(alt, at, alts))


def _with(column: pa.BinaryArray, at: np.ndarray, values: pa.BinaryArray) -> pa.BinaryArray:
    """The column with other values at ascending indices."""
    mask = np.zeros(len(column), bool)
    mask[at] = True
    return pc.replace_with_mask(column, pa.array(mask), values)


def _normal(ref: pa.BinaryArray, alt: pa.BinaryArray) -> np.ndarray:
    """``(n,) bool``: whether the last bases of two alleles differ, and the first ones, too, if both have several.

    Such alleles are normalised; a few others may be.
    """
    first, last, single = [], [], np.zeros(len(ref), bool)
    for column in (ref, alt):
        data, starts = bytes_of(column)
        first.append(data[starts[:-1]])
        last.append(data[starts[1:] - 1])
        single |= np.diff(starts) == 1
    normal: np.ndarray = (last[0] != last[1]) & (single | (first[0] != first[1]))
    return normal


def is_known(bases: bytes) -> bool:
    """Whether all of some upper-case bases are known."""
    return not bases.translate(None, b"ACGT")


def stretch_shift(start: int, end: int, strand: int, fetch: Fetch, limit: int) -> int:
    """By how many bases the loss or the tandem copy of a stretch can be shifted and still be the same change.

    It reads as many bases as the shift is long, however long the stretch is.

    Args:
        start: first base of the stretch, 1-based.
        end: last base, inclusive.
        strand: 1 for a shift to the right, -1 for one to the left.
        fetch: bases of the contig.
        limit: the farthest that it may be shifted.
    """
    found, width = 0, _WINDOW
    while found < limit:
        size = min(width, limit - found)
        if strand > 0:
            behind = fetch(end + found + 1, size).translate(_UNKNOWN)
            same = common_prefix(fetch(start + found, len(behind)), behind)
        else:
            before, last = fetch(start - found - size, size).translate(_UNKNOWN), fetch(end - found - size + 1, size)
            same = common_suffix(before, last) if len(last) == size else 0  # fewer: it ends beyond the contig
        found += same
        if same < size:
            break
        width *= 2
    return found


def _moved_left(pos: int, ref: bytes, alt: bytes, fetch: Fetch) -> Allele:
    """Move an insertion or deletion to the left as far as it goes.

    One of the alleles is a single base, with which the other one ends. Each step puts the base in front of both and
    takes the last one of both away: the longer allele is a window on the sequence in front of ``pos`` followed by its
    own bases, which goes on to the left while the base that it takes in is the one that it leaves behind.
    """
    longer = max(ref, alt, key=len)
    width, before = _WINDOW, b""
    while True:
        size = min(width, pos - 1)
        before = fetch(pos - size, size)
        # The step to a base is followed by another one where it equals the base that many places behind.
        by = 1 + common_suffix(before, (before + longer[:-1])[-size:])
        if by <= size or size == pos - 1:
            break
        width *= 2
    by = min(by, pos - 1)
    text = before + longer
    at = len(before) - by
    text, single = text[at : at + len(longer)], text[at : at + 1]
    return (pos - by, single, text) if len(alt) > len(ref) else (pos - by, text, single)
