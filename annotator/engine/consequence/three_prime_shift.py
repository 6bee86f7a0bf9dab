"""The HGVS 3' rule: how far an insertion or deletion can be shifted towards the 3' end and still be the same change.

A change of ``unit`` (the residues that are inserted or deleted) can be shifted by as many residues as those that follow
it continue to repeat ``unit``. Its residues are then rotated by that number. This holds for bases and for amino acids
alike; of all equivalent descriptions HGVS takes the most 3' one (https://hgvs-nomenclature.org/stable/recommendations/general/).
VEP applies it in ``TranscriptVariationAllele::perform_shift`` to bases and in ``_shift_3prime`` to amino acids.

Everything that shifts a change asks this module: :func:`shift_length` for one change, :func:`shift_lengths` for many.
"""

from __future__ import annotations

import numpy as np

from annotator.engine.affixes import common_prefix


def shift_length(unit: str, following: str) -> int:
    """By how many residues one change can be shifted.

    Args:
        unit: residues inserted or deleted, at least one.
        following: residues behind the change, in the direction of the shift; it is shifted no farther than their end.
    """
    return common_prefix(following, unit * (len(following) // len(unit) + 1))


def rotate(unit: str, shift: int) -> str:
    """The residues of a change that is shifted by ``shift`` residues (in the other direction where it is negative)."""
    turn = shift % len(unit)
    return unit[turn:] + unit[:turn]


def shift_lengths(
    residues: np.ndarray,
    unit: np.ndarray,
    size: np.ndarray,
    following: np.ndarray,
    limit: np.ndarray,
    direction: np.ndarray | int = 1,
) -> np.ndarray:
    """By how many residues each of many changes can be shifted: :func:`shift_length` for ``n`` changes.

    Args:
        residues: ``(m,) uint8``, residues of all changes and of what follows them.
        unit: ``(n,) int64``, index in ``residues`` of the residue of a change that is compared first.
        size: ``(n,) int64``, residues of each change, at least 1.
        following: ``(n,) int64``, index of the first residue behind each change.
        limit: ``(n,) int64``, the farthest that each may be shifted; so many residues must follow it.
        direction: 1, or -1 for units and followers that are read towards lower indices; ``(n,)`` or one for all.

    Returns:
        ``(n,) int64``, each between 0 and ``limit``.
    """
    shift = np.zeros(len(unit), dtype=np.int64)
    direction = np.broadcast_to(direction, shift.shape)
    active, width = np.flatnonzero(limit > 0), 1
    while len(active):  # Most changes cannot be shifted: compare one residue first, then twice as many each time.
        step = shift[active, None] + np.arange(width)
        within = step < limit[active, None]
        step = np.where(within, step, 0)
        ahead = direction[active, None]
        expected = residues[unit[active, None] + ahead * (step % size[active, None])]
        same = within & (residues[following[active, None] + ahead * step] == expected)
        run = np.where(same.all(axis=1), width, same.argmin(axis=1))
        shift[active] += run
        active, width = active[run == width], 2 * width
    return shift


def rotate_rows(units: np.ndarray, size: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The residues of many changes after their shifts: :func:`rotate` for ``n`` changes.

    Args:
        units: ``(n, w) uint8``, residues of each change in a row, padded to the widest.
        size: ``(n,) int64``, residues of each change.
        shift: ``(n,) int64``.

    Returns:
        ``(n, w) uint8``; padding stays where it is.
    """
    column = np.arange(units.shape[1])
    turned = (column + shift[:, None]) % np.maximum(size, 1)[:, None]
    rotated: np.ndarray = np.take_along_axis(units, np.where(column < size[:, None], turned, column), axis=1)
    return rotated


def found_at(residues: np.ndarray, first: np.ndarray, units: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether the residues of each change stand at a place: in front of a shifted insertion they make it a duplication.

    See https://hgvs-nomenclature.org/stable/recommendations/DNA/duplication/.

    Args:
        residues: ``(m,) uint8``.
        first: ``(n,) int64``, index in ``residues`` of the place of each.
        units: ``(n, w) uint8``, as of :func:`rotate_rows`.
        size: ``(n,) int64``.

    Returns:
        ``(n,) bool``.
    """
    column = np.arange(units.shape[1])
    within = column < size[:, None]
    place = np.clip(first[:, None] + column, 0, len(residues) - 1)
    same: np.ndarray = ((residues[place] == units) | ~within).all(axis=1)
    return same
