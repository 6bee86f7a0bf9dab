"""Rows of CSQ as columns: many pairs of an allele and a transcript, and the texts of their fields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.scalar.rows import Row

#: Fields of :class:`Row` that are texts, in CSQ's order.
TEXTS = Row._fields[1:]


@dataclass
class Rows:
    """Some of the pairs of a chunk: their indices, their terms as bits, and the texts of the fields they have.

    A text is an array with one value a pair, or a list of arrays and scalars to be joined.
    """

    pair: np.ndarray
    terms: np.ndarray
    texts: dict[str, pa.Array | list[pa.Array | pa.Scalar | str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pair)

    def parts(self, name: str) -> list[pa.Array | pa.Scalar | str]:
        """What is to be joined to the texts of a field; nothing when all are empty."""
        found = self.texts.get(name, [])
        return found if isinstance(found, list) else [found]

    def text(self, name: str) -> pa.Array | None:
        """The texts of a field; None when all are empty."""
        return _joined(self.parts(name))

    def chosen(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """The texts of a field of some rows; None when all are empty."""
        index = pa.array(rows)
        return _joined([one.take(index) if isinstance(one, pa.Array) else one for one in self.parts(name)])


def _joined(parts: list[pa.Array | pa.Scalar | str]) -> pa.Array | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return pc.binary_join_element_wise(*parts, "")


def exact_rows(pairs: list[int], found: list[Row]) -> Rows:
    """Rows of pairs that were looked at one by one."""
    terms, *columns = zip(*found, strict=True) if found else [() for _ in Row._fields]
    texts = {name: pa.array(column, pa.string()) for name, column in zip(TEXTS, columns, strict=True)}
    return Rows(np.array(pairs, dtype=np.int64), np.array(terms, dtype=np.int64), {**texts})
