"""Compounds on disk between the pass that finds them and the pass that annotates: their number has no bound."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from annotator.engine.consequence.compound import Compound


class CompoundFile:
    """Compounds by ordinal of their record.

    Args:
        path: of a file that is written.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("w+b", buffering=1 << 18)
        self._ordinals, self._places = array("q"), array("q")
        self._order: tuple[np.ndarray, np.ndarray] | None = None

    def write(self, found: Mapping[int, Sequence[Compound]]) -> None:
        """Add the compounds of some records, before any are read."""
        for ordinal, compounds in found.items():
            self._ordinals.append(ordinal)
            self._places.append(self._stream.tell())
            pickle.dump(list(compounds), self._stream)

    def read(self, first: int, until: int) -> dict[int, list[Compound]]:
        """The compounds of the records whose ordinals are at least ``first`` and below ``until``."""
        if self._order is None:
            order = np.argsort(self._ordinals, kind="stable")
            self._order = np.array(self._ordinals)[order], np.array(self._places)[order]
        ordinals, places = self._order
        here = slice(*np.searchsorted(ordinals, [first, until]).tolist())
        found: dict[int, list[Compound]] = {}
        for ordinal, place in zip(ordinals[here].tolist(), places[here].tolist(), strict=True):
            self._stream.seek(place)
            found.setdefault(ordinal, []).extend(pickle.load(self._stream))
        return found

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
