"""Writes tables of alleles, as :mod:`annotator.engine.reference.allele_table` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.engine.byte_columns import bytes_of, cut, every, letters
from annotator.engine.reference.allele_table import PREFIX, REST, RUN, allele_codes
from annotator.engine.reference.numbered_identifiers import differences

GROUP_ROWS = 65_536
"""Most rows of a row group, unless one position has more alleles."""
TYPES = {"String": pa.string(), "Integer": pa.int64(), "Float": pa.float32()}
"""Types of the columns of fields, by the Type of an INFO field. Floats have seven significant digits."""
_MOST_DIGITS = 10
"""Of a number in an identifier: dbSNP's have ten digits by now, none of which is too large to be stored."""
_NUMBERED = rf"^(?P<prefix>[A-Za-z]+)(?P<number>[1-9][0-9]{{0,{_MOST_DIGITS - 1}}})$"
_DIGITS = letters(b"0123456789")


def in_order(table: pa.Table) -> pa.Table:
    """The alleles of a table in the order in which :meth:`AlleleTableWriter.write` takes them."""
    codes = allele_codes(table["ref"].combine_chunks(), table["alt"].combine_chunks())
    return table.take(pa.array(np.lexsort((codes, table["pos"].to_numpy()))))


class AlleleTableWriter:
    """Writes the table of one contig.

    Args:
        path: of the file.
        fields: the Type of each field (a key of :data:`TYPES`) by its name.
    """

    def __init__(self, path: Path, fields: Mapping[str, str]) -> None:
        self._path = path
        self._fields = fields
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._writer: pq.ParquetWriter | None = None
        self._prefixes: dict[str, str] = {}

    def write(self, table: pa.Table) -> None:
        """Add alleles.

        Args:
            table: :data:`KEY_COLUMNS` and the fields, as text or as :data:`TYPES` has them, sorted by position, then by
                :func:`allele_codes`; behind all that were added before.
        """
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows > 2 * GROUP_ROWS:
            self._flush(rest=True)

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush(rest=False)
        if self._writer is not None:
            self._writer.close()

    def _flush(self, rest: bool) -> None:
        """Write full row groups; unless ``rest``, what remains as well."""
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting).combine_chunks()
        pos = table["pos"].to_numpy()
        first = 0
        while len(table) - first > GROUP_ROWS:
            last = int(np.searchsorted(pos, pos[first + GROUP_ROWS]))  # the position at the border goes to the next
            if last == first:
                last = int(np.searchsorted(pos, pos[first], side="right"))
            if rest and last == len(table):
                break
            self._write_group(table.slice(first, last - first))
            first = last
        if not rest and first < len(table):
            self._write_group(table.slice(first))
        self._waiting = [table.slice(first)] if rest else []
        self._rows = sum(map(len, self._waiting))

    def _write_group(self, table: pa.Table) -> None:
        if self._writer is None:
            self._open(table)
        assert self._writer is not None
        columns: list[pa.Array] = [table["pos"].cast(pa.int32()), table["ref"], table["alt"]]
        for name, kind in self._fields.items():
            if name in self._prefixes:
                columns += _numbered(table[name], self._prefixes[name])
            else:
                columns.append(table[name].cast(TYPES[kind]))
        self._writer.write_table(pa.table(columns, schema=self._writer.schema), row_group_size=len(table))

    def _open(self, table: pa.Table) -> None:
        """Create the file; fields whose first values are nearly all a prefix and a number are stored as numbers."""
        columns = [pa.field("pos", pa.int32()), pa.field("ref", pa.string()), pa.field("alt", pa.string())]
        encodings = {"pos": "DELTA_BINARY_PACKED"}
        dictionaries = ["ref", "alt"]
        for name, kind in self._fields.items():
            prefix = _prefix_of(table[name]) if kind == "String" else None
            if prefix is None:
                columns.append(pa.field(name, TYPES[kind]))
                dictionaries.append(name)
                continue
            self._prefixes[name] = prefix
            columns.append(pa.field(name, pa.int64(), metadata={PREFIX: prefix.encode()}))
            columns.append(pa.field(name + RUN, pa.uint16()))
            columns.append(pa.field(name + REST, pa.string()))
            encodings[name] = "BYTE_STREAM_SPLIT"
            dictionaries += [name + RUN, name + REST]
        self._writer = pq.ParquetWriter(
            self._path, pa.schema(columns), compression="zstd", use_dictionary=dictionaries, column_encoding=encodings,
            write_statistics=["pos"], write_page_checksum=True,
        )  # fmt: skip


def _prefix_of(column: pa.ChunkedArray) -> str | None:
    """The text before the number in nine of ten values of a column; None where they are not of that form."""
    values = column.drop_null()
    found = pc.extract_regex(values, _NUMBERED).drop_null()
    if len(found) < 0.9 * max(1, len(values)):
        return None
    prefixes = pc.unique(pc.struct_field(found, "prefix"))
    return prefixes[0].as_py() if len(prefixes) == 1 else None


def _numbered(column: pa.ChunkedArray, prefix: str) -> list[pa.Array]:
    """Of the values that are the prefix and a number, differences and runs of the numbers; and the other values."""
    texts = column.combine_chunks()
    data, starts = bytes_of(texts)
    first, size = starts[:-1], len(prefix)
    padded = np.append(data, np.zeros(size + 1, np.uint8))
    digits = np.diff(starts) - size
    same = texts.is_valid().to_numpy(zero_copy_only=False) & (digits > 0) & (digits <= _MOST_DIGITS)
    for at, letter in enumerate(prefix.encode()):
        same &= padded[first + at] == letter
    same &= padded[first + size] != ord("0")
    numbers = cut(data, first[same] + size, starts[1:][same])
    right = every(_DIGITS[bytes_of(numbers)[0]], bytes_of(numbers)[1])
    if not right.all():
        same[same] = right
        numbers = numbers.filter(pa.array(right))
    runs, found = np.zeros(len(texts), np.uint16), np.zeros(len(texts), np.int64)
    runs[same], found[same] = differences(numbers.cast(pa.string()).cast(pa.int64()).to_numpy())
    others = pc.if_else(pa.array(same), pa.scalar(None, pa.string()), texts)
    return [pa.array(found, mask=~same), pa.array(runs, mask=~same), others]
