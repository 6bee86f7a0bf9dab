"""Values of the fields of a source of known variants, from the columns ID and INFO, for all its alleles at once."""

from __future__ import annotations

from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of, cut, text_of
from annotator.engine.reference.info_encoding import NUMBER

_NULL = pa.scalar(None, pa.string())


def field_values(
    rows: pa.RecordBatch, wanted: str, kind: tuple[str, str, str], owner: np.ndarray, number: np.ndarray
) -> pa.StringArray:
    """Values of one field.

    Args:
        rows: records.
        wanted: name of the field in the source.
        kind: its Number, Type and Description.
        owner: ``(n,)``, the record of each allele.
        number: ``(n,)``, the 0-based index of each allele in ALT.
    """
    count, type_, _ = kind
    owners = pa.array(owner)
    if count == "ID":
        values = pc.replace_substring(text_of(rows["ID"]), ";", "&").take(owners)
    elif count == "0":
        values = _flag(rows["INFO"], wanted).take(owners)
    else:
        values = info_values(rows["INFO"], wanted)
        if count in ("A", "R") and pc.any(pc.match_substring(values, ",")).as_py():
            lists = pc.split_pattern(values.fill_null(""), ",")
            offsets = lists.offsets.to_numpy()
            at = offsets[owner] + number + (count == "R")
            values = lists.flatten().take(pa.array(at, mask=at >= offsets[owner + 1]))
        else:
            values = values.take(owners)
            if count == "R":  # a single value, that of REF
                values = pa.nulls(len(owner), pa.string())
            elif count == "A":
                values = pc.if_else(pa.array(number == 0), values, _NULL)
            elif count != "1":
                values = pc.replace_substring(values, ",", "&")
    if type_ == "String" and pc.any(pc.match_substring(values, "%")).as_py():
        coded = values.dictionary_encode()
        readable = [None if one is None else unquote(one).replace("\t", " ") for one in coded.dictionary.to_pylist()]
        values = pa.array(readable, pa.string()).take(coded.indices)
    elif type_ != "String":
        values = pc.if_else(pc.match_substring_regex(values, NUMBER), values, _NULL)
    missing = pc.is_in(values, value_set=pa.array([".", ""]))
    return pc.if_else(missing, _NULL, values)


def info_values(info: pa.BinaryArray, name: str) -> pa.StringArray:
    """Values of one field of INFO, null where a record does not have it.

    Args:
        info: INFO of n records.
        name: of the field, which has a value.
    """
    listed = pc.binary_join_element_wise(b";", info, b"")
    mark = f";{name}=".encode()
    at = pc.find_substring(listed, mark).to_numpy()
    data, starts = bytes_of(listed)
    there = np.flatnonzero(at >= 0)
    first = starts[there] + at[there] + len(mark)
    ends = np.append(np.flatnonzero(data == ord(";")), len(data))
    last = np.minimum(ends[np.searchsorted(ends, first)], starts[there + 1])
    found = cut(data.tobytes(), first, last)
    place = np.cumsum(at >= 0) - 1
    return text_of(found).take(pa.array(place, mask=at < 0))


def _flag(info: pa.BinaryArray, name: str) -> pa.StringArray:
    listed = pc.binary_join_element_wise(b";", info, b";", b"")
    either = pc.or_(pc.match_substring(listed, f";{name};"), pc.match_substring(listed, f";{name}="))
    return pc.if_else(either, pa.scalar("1"), _NULL)
