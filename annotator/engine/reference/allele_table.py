"""Tables of alleles and what is known about them: Parquet, one file per contig, sorted by position.

Any program that reads Parquet can read one: ``pos`` (1-based), ``ref`` and ``alt`` (normalised, upper case), then the
fields. A row group has at most 65,536 alleles and never divides the alleles of one position, so that the
statistics of ``pos`` name the one group that can hold an allele. Pages have checksums, which are verified.

Alleles are compared as numbers: the key of an allele has its position in the high 32 bits and, in the low ones, the
length of REF (8 bits), the length of ALT (4 bits) and the bases of ALT (2 bits each). REF need not be compared, as it
agrees with the sequence. Alleles that do not fit into a key (*long* ones) are compared as text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.engine.byte_columns import bytes_of
from annotator.engine.reference.numbered_identifiers import numbers

KEY_COLUMNS = ("pos", "ref", "alt")
PREFIX = b"prefix"
"""Metadata of a column of numbers: the text before each, such as ``rs``."""
REST = ".text"
"""Ending of the column with the values of such a field that are not of that form."""
RUN = ":run"
"""Ending, which names of INFO fields cannot have, of the column with the runs of such a field, whose numbers are then
differences within a row group (:mod:`annotator.engine.reference.numbered_identifiers`)."""
_LONGEST_REF, _LONGEST_ALT = 254, 10
_LONG = np.uint32(0xFFFFFFFF)
_NO_BASE = np.uint32(4)
_DIGITS = np.full(256, _NO_BASE)
_DIGITS[list(b"ACGT")] = range(4)
_CACHED = 2
"""Row groups of a contig whose keys are kept decoded."""


def allele_codes(ref: pa.Array, alt: pa.Array) -> np.ndarray:
    """The low halves of the keys of n alleles.

    Args:
        ref: n REF alleles, in upper case; binary, text or a dictionary of one of them.
        alt: n ALT alleles, likewise.

    Returns:
        ``(n,) uint32``; all bits are set for long alleles.
    """
    codes: np.ndarray = _by_value(ref, _ref_parts) | _by_value(alt, _alt_parts)
    return codes


def _by_value(column: pa.Array, parts: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """A number for each value of a column, calculated once for each distinct one where it is a dictionary."""
    values = column.dictionary if pa.types.is_dictionary(column.type) else column
    numbers = parts(*bytes_of(values))
    return numbers[column.indices.to_numpy()] if values is not column else numbers


def _ref_parts(_: np.ndarray, starts: np.ndarray) -> np.ndarray:
    lengths = np.diff(starts)
    return np.where(lengths > _LONGEST_REF, _LONG, lengths.astype(np.uint32) << np.uint32(24))


def _alt_parts(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    lengths = np.diff(starts)
    digits = np.append(_DIGITS[data], _NO_BASE)
    codes = np.zeros(len(lengths), np.uint32)
    long = (lengths > _LONGEST_ALT) | (lengths == 0)
    for at in range(min(_LONGEST_ALT, int(lengths.max(initial=0)))):
        here = np.flatnonzero(lengths > at)
        digit = digits[starts[here] + at]
        codes[here] = codes[here] << np.uint32(2) | digit & np.uint32(3)
        long[here[digit == _NO_BASE]] = True
    return np.where(long, _LONG, codes | lengths.astype(np.uint32) << np.uint32(20))


def _keys(pos: np.ndarray, codes: np.ndarray) -> np.ndarray:
    keys: np.ndarray = pos.astype(np.uint64) << np.uint64(32) | codes
    return keys


class AlleleTable:
    """Looks up alleles in the table of one contig.

    Args:
        path: of the file.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be opened or is no such table.
    """

    def __init__(self, path: Path) -> None:
        options = {"memory_map": True, "page_checksum_verification": True}
        names = pq.read_schema(path, memory_map=True)
        texts = [one.name for one in names if pa.types.is_string(one.type)]
        self._file = pq.ParquetFile(path, read_dictionary=texts, **options)
        self._schema = names
        metadata = self._file.metadata
        column = names.get_field_index("pos")
        if column < 0:
            raise pa.ArrowInvalid("no column of positions")
        ranges = [metadata.row_group(at).column(column).statistics for at in range(metadata.num_row_groups)]
        self._first = np.array([one.min for one in ranges], np.int64)
        self._last = np.array([one.max for one in ranges], np.int64)
        counts = [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._decoded: OrderedDict[int, tuple[np.ndarray, pa.Table]] = OrderedDict()

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def fields(self) -> list[str]:
        """Names of the fields."""
        return [name for name in self._schema.names if name not in KEY_COLUMNS and not name.endswith((REST, RUN))]

    def find(self, pos: np.ndarray, ref: pa.BinaryArray, alt: pa.BinaryArray) -> np.ndarray:
        """Find n alleles, quickest in the order of their positions.

        Args:
            pos: ``(n,) int64``, 1-based, of the normalised alleles.
            ref: n REF alleles in upper case, which agree with the sequence.
            alt: n ALT alleles in upper case.

        Returns:
            ``(n,) int64``: the row of each, 0-based; -1 where the table does not have it.
        """
        rows = np.full(len(pos), -1, np.int64)
        if not len(self._last):
            return rows
        group = np.searchsorted(self._last, pos)
        inside = np.flatnonzero(group < len(self._last))
        inside = inside[self._first[group[inside]] <= pos[inside]]
        if not len(inside):
            return rows
        codes = allele_codes(ref, alt)
        wanted = _keys(pos, codes)
        for number in np.unique(group[inside]).tolist():
            here = inside[group[inside] == number]
            keys, table = self._group(number)
            at = np.searchsorted(keys, wanted[here])
            at[at == len(keys)] = 0
            rows[here] = np.where(keys[at] == wanted[here], self._starts[number] + at, -1)
            for index in here[codes[here] == _LONG].tolist():
                rows[index] = self._find_long(keys, table, int(pos[index]), ref[index].as_py(), alt[index].as_py())
                rows[index] += self._starts[number] if rows[index] >= 0 else 0
        return rows

    @staticmethod
    def _find_long(keys: np.ndarray, table: pa.Table, pos: int, ref: bytes, alt: bytes) -> int:
        """Row of a long allele within its group; -1 where it is not there."""
        first, last = np.searchsorted(keys, _keys(np.array([pos, pos + 1]), np.array([0, 0], np.uint32))).tolist()
        for at in range(first, last):
            if table["alt"][at].as_py().encode() == alt and table["ref"][at].as_py().encode() == ref:
                return int(at)
        return -1

    def _group(self, number: int) -> tuple[np.ndarray, pa.Table]:
        """Keys of a row group and its key columns."""
        if number in self._decoded:
            self._decoded.move_to_end(number)
            return self._decoded[number]
        table = self._file.read_row_group(number, columns=list(KEY_COLUMNS), use_threads=False).combine_chunks()
        pos, ref, alt = (table[name].chunk(0) for name in KEY_COLUMNS)
        found = _keys(pos.to_numpy(), allele_codes(ref, alt)), table
        self._decoded[number] = found
        if len(self._decoded) > _CACHED:
            self._decoded.popitem(last=False)
        return found

    def values(self, rows: np.ndarray, fields: Sequence[str]) -> list[pa.StringArray]:
        """Values of some rows as text.

        Args:
            rows: ``(n,) int64``, as :meth:`find` gives them; -1 has no values.
            fields: names of the fields.

        Returns:
            For each field n values, null where there is none.
        """
        there = np.flatnonzero(rows >= 0)
        if not len(there):
            return [pa.nulls(len(rows), pa.string()) for _ in fields]
        group = np.searchsorted(self._starts, rows[there], side="right") - 1
        order = np.argsort(group, kind="stable")
        parts = []
        for number in np.unique(group).tolist():
            table = self._read(number, fields)
            parts.append(table.take(pa.array(rows[there[group == number]] - self._starts[number])))
        found = pa.concat_tables(parts, promote_options="default")
        place = np.zeros(len(rows), np.int64)
        place[there[order]] = np.arange(len(there))
        index = pa.array(place, mask=rows < 0)
        return [self._text(found, field).take(index) for field in fields]

    def batches(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """All rows, a row group at a time.

        Args:
            columns: names of key columns, and of fields as they are stored.
        """
        for number in range(len(self._first)):
            yield self._file.read_row_group(number, columns=list(columns), use_threads=False)

    def rows_with(self, field: str, wanted: pa.StringArray) -> Iterator[tuple[int, str, str, str]]:
        """Alleles with one of some values, all of which is read.

        Args:
            field: name of the field.
            wanted: values.

        Yields:
            Position (1-based), REF, ALT and the value.
        """
        for number in range(len(self._first)):
            table = self._read(number, [field])
            values = self._text(table, field)
            parts = pc.split_pattern(values, "&")
            hits = pc.is_in(parts.flatten(), value_set=wanted).to_numpy(zero_copy_only=False)
            rows = np.unique(pc.list_parent_indices(parts).to_numpy()[hits])
            if len(rows):
                keys = self._group(number)[1].take(pa.array(rows))
                found = [keys[name].cast(pa.string()).to_pylist() for name in ("ref", "alt")]
                yield from zip(keys["pos"].to_pylist(), *found, values.take(pa.array(rows)).to_pylist(), strict=True)

    def _read(self, number: int, fields: Sequence[str]) -> pa.Table:
        """The columns of some fields in a row group, with differences of identifiers resolved."""
        there = set(self._schema.names)
        wanted = [name for field in fields for name in (field, field + REST, field + RUN) if name in there]
        table = self._file.read_row_group(number, columns=wanted, use_threads=False)
        columns = dict(zip(table.column_names, table.columns, strict=True))
        for field in [field for field in fields if field + RUN in there]:
            # A null is a difference of 0 that belongs to some run: it does not change the others.
            runs, found = (columns[name].combine_chunks() for name in (field + RUN, field))
            mask = found.is_null().to_numpy(zero_copy_only=False) if found.null_count else None
            columns[field] = pa.array(numbers(*(one.fill_null(0).to_numpy() for one in (runs, found))), mask=mask)
            del columns[field + RUN]
        return pa.table(columns)

    def _text(self, table: pa.Table, field: str) -> pa.StringArray:
        column = as_text(table[field])
        prefix = (self._schema.field(field).metadata or {}).get(PREFIX)
        if prefix is not None:
            numbered = pc.binary_join_element_wise(prefix.decode(), column, "")
            column = pc.coalesce(numbered, as_text(table[field + REST]))
        return column


def as_text(column: pa.ChunkedArray) -> pa.StringArray:
    """Values of a column as text; numbers in as few digits as identify them."""
    if not pa.types.is_floating(column.type):
        return pa.concat_arrays(column.cast(pa.string()).chunks or [pa.array([], pa.string())])
    coded = pa.concat_arrays(column.chunks or [pa.array([], column.type)]).dictionary_encode()
    texts = [str(one).removesuffix(".0") for one in coded.dictionary.to_numpy()]
    return pa.array(texts, pa.string()).take(coded.indices)
