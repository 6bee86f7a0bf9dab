"""Rows of CSQ as columns: many pairs of an allele and a transcript, and the texts of their fields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.exact import Row

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

    def text(self, name: str) -> pa.Array | None:
        """The texts of a field; None when all are empty."""
        found = self.texts.get(name)
        if isinstance(found, list):
            found = self.texts[name] = pc.binary_join_element_wise(*found, "")
        return found


def exact_rows(pairs: list[int], found: list[Row]) -> Rows:
    """Rows of pairs that were looked at one by one."""
    terms, *columns = zip(*found, strict=True) if found else [() for _ in Row._fields]
    texts = {name: pa.array(column, pa.string()) for name, column in zip(TEXTS, columns, strict=True)}
    return Rows(np.array(pairs, dtype=np.int64), np.array(terms, dtype=np.int64), {**texts})
