"""Values of the fields of a source of known variants, from the columns ID and INFO, for all its alleles at once."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of, cut, letters, text_of
from annotator.engine.reference.build.allele_table_writer import TYPES
from annotator.engine.reference.info_encoding import NUMBER

_NULL = pa.scalar(None, pa.string())
_DIGITS = letters(b"0123456789")


def field_values(
    rows: pa.RecordBatch, wanted: str, kind: tuple[str, str, str], owner: np.ndarray, number: np.ndarray
) -> pa.Array:
    """Values of one field.

    Args:
        rows: records.
        wanted: name of the field in the source.
        kind: its Number, Type and Description.
        owner: ``(n,)``, the record of each allele.
        number: ``(n,)``, the 0-based index of each allele in ALT.

    Returns:
        n values of the Type's column (:data:`TYPES`); null where there is none.

    Raises:
        pyarrow.ArrowInvalid: a number does not fit into the column.
    """
    count, type_, _ = kind
    if count == "ID":
        return _texts(_all_of(rows["ID"]), owner, b";")
    if count == "0":
        return _flag(rows["INFO"], wanted).take(pa.array(owner)).cast(TYPES[type_])
    values = _info_values(rows["INFO"], wanted)
    if count in ("A", "R"):
        values = _by_allele(values, owner, number + (count == "R"))
        owner = np.arange(len(number))
    if type_ == "String":
        return _texts(values, owner, b"" if count in ("A", "R", "1") else b",")
    return _numbers(values, owner, TYPES[type_])


def info_texts(info: pa.BinaryArray, name: str) -> pa.StringArray:
    """Values of one field of INFO, null where a record does not have it.

    Args:
        info: INFO of n records.
        name: of the field, which has a value.
    """
    values = _info_values(info, name)
    return text_of(values.found).take(pa.array(values.row, mask=values.row < 0))


class _Values(NamedTuple):
    """Values of some of n records or alleles.

    Attributes:
        row: ``(n,) int64``, the place of the value of each in ``found``; -1 without one.
        found: the values.
    """

    row: np.ndarray
    found: pa.BinaryArray


def _all_of(column: pa.BinaryArray) -> _Values:
    return _Values(np.arange(len(column)), column)


def _info_values(info: pa.BinaryArray, name: str) -> _Values:
    """The values of one field of INFO, by record.

    Args:
        info: INFO of n records.
        name: of the field, which has a value.
    """
    listed = pc.binary_join_element_wise(b";", info, b"")
    mark = f";{name}=".encode()
    at = pc.find_substring(listed, mark).to_numpy()
    data, starts = bytes_of(listed)
    there = at >= 0
    if not there.any():
        return _Values(np.full(len(info), -1), pa.array([], pa.binary()))
    first = starts[:-1][there] + at[there] + len(mark)
    ends = np.append(np.flatnonzero(data == ord(";")), len(data))
    last = np.minimum(ends[np.searchsorted(ends, first)], starts[1:][there])
    return _Values(np.where(there, np.cumsum(there) - 1, -1), cut(data, first, last))


def _by_allele(values: _Values, owner: np.ndarray, number: np.ndarray) -> _Values:
    """The value of each allele from lists with one for each.

    Args:
        values: lists by record, separated by commas.
        owner: ``(n,)``, the record of each allele.
        number: ``(n,)``, the 0-based place of its value in the list; lists may be too short.
    """
    data, starts = bytes_of(values.found)
    commas = np.flatnonzero(data == ord(","))
    # The lists are divided into pieces; the first one of list i is i pieces and the commas before it behind.
    first = np.arange(len(starts)) + np.searchsorted(commas, starts)
    at_comma = np.ones(len(commas) + len(starts) - 1, bool)
    at_comma[first[:-1]] = False
    begins, ends = np.empty((2, len(at_comma)), np.int64)
    begins[first[:-1]], begins[at_comma] = starts[:-1], commas + 1
    ends[first[1:] - 1] = starts[1:]
    ends[:-1][at_comma[1:]] = commas
    record = values.row[owner]
    piece = first[record] + number
    there = record >= 0
    there[there] = piece[there] < first[record[there] + 1]
    chosen = piece[there]
    return _Values(np.where(there, np.cumsum(there) - 1, -1), cut(data, begins[chosen], ends[chosen]))


def _texts(values: _Values, owner: np.ndarray, separator: bytes) -> pa.StringArray:
    """Values as text by allele: ``separator`` becomes ``&``, percent-encoding is decoded, dots and blanks are null."""
    found = values.found
    data, _ = bytes_of(found)
    if separator and (data == ord(separator)).any():
        found = pc.replace_substring(found, separator, b"&")
    found = text_of(found)
    if (data == ord("%")).any():
        coded = found.dictionary_encode()
        readable = [None if one is None else unquote(one).replace("\t", " ") for one in coded.dictionary.to_pylist()]
        found = pa.array(readable, pa.string()).take(coded.indices)
    missing = _missing(*bytes_of(found))
    if missing.any():
        found = pc.if_else(pa.array(missing), _NULL, found)
    row = values.row[owner]
    if np.array_equal(row, np.arange(len(found))):
        return found
    return found.take(pa.array(row, mask=row < 0))


def _numbers(values: _Values, owner: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Values as numbers by allele; null where they are none."""
    found, (data, starts) = values.found, bytes_of(values.found)
    valid = ~_missing(data, starts)
    if not valid.all():
        found = found.filter(pa.array(valid))
        data, starts = bytes_of(found)
    numbers = _cast(found, data, starts, kind)
    if numbers is None:
        texts = text_of(values.found)
        numbers = pc.if_else(pc.match_substring_regex(texts, NUMBER), texts, _NULL).cast(kind)
        row = values.row[owner]
        return numbers.take(pa.array(row, mask=row < 0))
    at = np.where(valid, np.cumsum(valid) - 1, -1)
    row = values.row[owner]
    row = np.where(row >= 0, at[row], -1) if len(at) else row
    return numbers.take(pa.array(row, mask=row < 0))


def _cast(found: pa.BinaryArray, data: np.ndarray, starts: np.ndarray, kind: pa.DataType) -> pa.Array | None:
    """Texts as numbers, where all of them begin like one (which ``inf`` and ``nan`` do not) and are one; else None."""
    if not len(found):
        return pa.array([], kind)
    padded = np.append(data, [0, 0])
    first, second = padded[starts[:-1]], padded[starts[:-1] + 1]
    if not (_DIGITS[first] | ((first == ord("-")) & _DIGITS[second])).all():
        return None
    try:
        return found.cast(pa.string()).cast(kind)
    except pa.ArrowInvalid:
        return None


def _missing(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """``(n,) bool``: which values are empty or a dot."""
    lengths = np.diff(starts)
    padded = np.append(data, 0)
    missing: np.ndarray = (lengths == 0) | ((lengths == 1) & (padded[starts[:-1]] == ord(".")))
    return missing


def _flag(info: pa.BinaryArray, name: str) -> pa.StringArray:
    listed = pc.binary_join_element_wise(b";", info, b";", b"")
    either = pc.or_(pc.match_substring(listed, f";{name};"), pc.match_substring(listed, f";{name}="))
    return pc.if_else(either, pa.scalar("1"), _NULL)
