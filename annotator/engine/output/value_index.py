"""An inverted index inside the table of variants: for a gene, an impact or a term, the rows that have it.

Row groups are in the order of position, so a gene is in one or two of them and a rare term in all, and statistics
exclude little. With the index a reader fetches the rows of a value by two ranges, whatever the size of the table. It
lies between the last row group and the page index, where other readers of Parquet do not look, and `gas.index` in the
metadata of the file says where:

    [{"columns": ["gene", "most_severe_gene"], "offset": 123, "values": 456, "postings": 789}, ...]

`values` bytes from `offset` are JSON compressed by zlib: `{"values": [...], "bytes": [...]}`, in the order of the
values. Then come their postings, each of so many bytes: the rows, counted from 0, that have the value in any of the
columns. They are runs of adjacent rows, in ascending order: rows since the end of the run before, then rows of the run
less one, as LEB128. A value in more than `MOST_RUNS` runs has -1 for `bytes` and no postings: its column is read.
"""

from __future__ import annotations

import json
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

INDEXED = (("gene", "most_severe_gene"), ("consequence",), ("impact",))
"""Columns that are looked up together."""
MOST_RUNS = 100_000
"""Runs of adjacent rows of a value at most; the postings of a longer one would be as large as the column."""


class ValueIndex:
    """The rows of each value of some columns; rows are added in the order of the table."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self._numbers: dict[str, int] = {}
        self._runs: list[np.ndarray] = []
        self._counts = np.zeros(0, np.int64)

    def add(self, table: pa.Table, first: int) -> None:
        """Add the rows of a table of which the first is row number `first`, from 0."""
        seen: list[pa.Array] = []
        for name in self.columns:
            column = table[name].combine_chunks()
            if any(column.equals(other) for other in seen):
                continue
            for other in seen:  # a row is listed once, though two columns name the same gene
                same = pc.fill_null(pc.equal(column, other), False)
                column = pc.if_else(same, pa.scalar(None, pa.string()), column)
            seen.append(column)
            self._add_runs(pc.run_end_encode(column), first)

    def _add_runs(self, column: pa.RunEndEncodedArray, first: int) -> None:
        ends = column.run_ends.to_numpy().astype(np.int64)
        lengths = np.diff(ends, prepend=0)
        coded = column.values.dictionary_encode()
        names = coded.dictionary.to_pylist()
        numbers = np.array([self._numbers.setdefault(one, len(self._numbers)) for one in names], np.int64)
        kept = coded.indices.is_valid().to_numpy(zero_copy_only=False)
        values = numbers[coded.indices.drop_null().to_numpy()]
        starts, lengths = (ends - lengths)[kept], lengths[kept]
        counts = np.bincount(values, minlength=len(self._numbers))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        rare = counts[values] <= MOST_RUNS
        self._runs.append(np.stack([values, starts + first, lengths])[:, rare])

    def encoded(self) -> tuple[bytes, bytes]:
        """The values and the postings, as the file has them."""
        names = sorted(self._numbers)
        rank = np.empty(len(names), np.int64)
        rank[[self._numbers[name] for name in names]] = np.arange(len(names))
        values, starts, lengths = np.concatenate([np.empty((3, 0), np.int64), *self._runs], axis=1)
        rare = self._counts[values] <= MOST_RUNS
        values, starts, lengths = rank[values[rare]], starts[rare], lengths[rare]
        order = np.lexsort((starts, values))
        values, starts, lengths = values[order], starts[order], lengths[order]
        gaps = starts.copy()
        follows = values[1:] == values[:-1]
        gaps[1:][follows] -= (starts + lengths)[:-1][follows]
        postings, sizes = _leb128(np.stack([gaps, lengths - 1], axis=1).reshape(-1))
        of_value = np.bincount(np.repeat(values, 2), weights=sizes, minlength=len(names)).astype(np.int64)
        common = np.array([self._counts[self._numbers[name]] > MOST_RUNS for name in names], bool)
        directory = {"values": names, "bytes": np.where(common, -1, of_value).tolist()}
        return zlib.compress(json.dumps(directory, ensure_ascii=False).encode()), postings


def _leb128(numbers: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Numbers of at most 35 bits, (n,) int64, one after the other, and the bytes of each, (n,) int64."""
    sizes = np.ones(len(numbers), np.int64)
    for bits in (7, 14, 21, 28):
        sizes += numbers >= 1 << bits
    ends = np.cumsum(sizes)
    encoded = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    for place in range(5):
        has = sizes > place
        more = (sizes[has] > place + 1).astype(np.int64) << 7
        encoded[(ends - sizes)[has] + place] = (numbers[has] >> 7 * place & 127) | more
    return encoded.tobytes(), sizes
