"""Fields that are chosen from INFO of a source: as they are, renamed, sub-fields of a text, and extremes of several.

A sub-field is one of a field whose values are texts separated by ``|`` and whose Description names them behind
``Format:``, as those of SpliceAI and of VEP's ``CSQ`` do. Its values are those of the entries of an allele.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import spread, text_of
from annotator.engine.errors import BundleError
from annotator.engine.reference.build.allele_table_writer import TYPES
from annotator.engine.reference.build.field_choice import FieldChoice, extreme_of
from annotator.engine.reference.build.field_values import field_values, info_texts
from annotator.engine.reference.info_encoding import NUMBER

Kind = tuple[str, str, str]
"""Number, Type and Description of an INFO field."""
_FORMAT = re.compile(r"[Ff]ormat:\s*'?\"?([^'\"\s]+)")
_ALLELES = ("allele", "alt")
"""Names of the sub-field with the allele of an entry, in lower case."""
_NULL = pa.scalar(None, pa.string())


def declared(choice: FieldChoice, known: dict[str, Kind], source: str, file: str) -> list[Kind]:
    """How the header declares what a choice is made of.

    Args:
        choice: of one field of results.
        known: Number, Type and Description of each INFO field of the file, as its header has them.
        source: name of the source.
        file: name of the file, for messages.

    Returns:
        Number, Type and Description of the field of results, then those of each field that it is taken from. The Number
        is ``ID`` for identifiers, ``0`` for a flag, and the index of a sub-field as ``/INDEX/INDEX OF ITS ALLELE``.

    Raises:
        BundleError: the file lacks a field, or an extreme is wanted of texts.
    """
    parts = [_part(one, known, source, file) for one in choice.of]
    if not choice.extreme:
        return [parts[0], *parts]
    for one, (number, kind, _) in zip(choice.of, parts, strict=True):
        if kind == "String" and not number.startswith("/"):
            message = f"{file} has texts in {one}, of which there is no {choice.extreme}; choose fields with numbers."
            raise BundleError("reference_variants", message)
    kind = "Integer" if all(one[1] == "Integer" for one in parts) else "Float"
    return [("1", kind, f"{choice.words} ({source})"), *parts]


def _part(name: str, known: dict[str, Kind], source: str, file: str) -> Kind:
    if name == "ID":
        return "ID", "String", f"Identifiers of the allele in {source}, joined by &"
    field, slash, sub = name.partition("/")
    if field not in known:
        there = ", ".join(["ID", *known])
        raise BundleError("reference_variants", f"{file} has no field {field}; it has {there}.")
    number, kind, description = known[field]
    if slash:
        found = _FORMAT.search(description)
        names = found[1].split("|") if found else []
        if sub not in names:
            there = f"it has {', '.join(names)}" if names else "its description names none behind 'Format:'"
            raise BundleError("reference_variants", f"{file} has no sub-field {sub} in {field}; {there}.")
        lowered = [one.lower() for one in names]
        allele = next((lowered.index(one) for one in _ALLELES if one in lowered), -1)
        return f"/{names.index(sub)}/{allele}", "String", f"{sub} of {field} ({source})"
    if kind == "Flag":
        number, kind = "0", "Integer"
    elif number not in ("1", "A", "R") or kind not in ("Integer", "Float"):
        kind = "String"
    text = re.sub(r"\\(.)", r"\1", description)
    return number, kind, f"{text} ({source})"


def chosen_values(
    rows: pa.RecordBatch, choice: FieldChoice, kinds: list[Kind], owner: np.ndarray, number: np.ndarray
) -> pa.Array:
    """Values of a choice.

    Args:
        rows: records.
        choice: of one field of results.
        kinds: as :func:`declared` gives them.
        owner: ``(n,)``, the record of each allele.
        number: ``(n,)``, the 0-based index of each allele in ALT.

    Returns:
        n texts, or values of the column's type (:data:`TYPES`); null where there is none.
    """
    columns = []
    for one, kind in zip(choice.of, kinds[1:], strict=True):
        if kind[0].startswith("/"):
            columns.append(_sub_values(rows, one.partition("/")[0], kind[0], choice.extreme, owner, number))
        else:
            columns.append(field_values(rows, one, kind, owner, number))
    if not choice.extreme:
        return columns[0]
    return extreme_of([one.cast(TYPES[kinds[0][1]]) for one in columns], choice.extreme)


def _sub_values(
    rows: pa.RecordBatch, field: str, place: str, extreme: str, owner: np.ndarray, number: np.ndarray
) -> pa.StringArray:
    """The extreme of the numbers in a sub-field of an allele's entries, or its distinct texts joined by ``&``."""
    sub, allele = (int(one) for one in place[1:].split("/"))
    entries = pc.split_pattern(info_texts(rows["INFO"], field).fill_null(""), ",")
    offsets = entries.offsets.to_numpy()
    alts = pc.split_pattern(text_of(rows["ALT"]), ",")
    alt = alts.flatten().take(pa.array(alts.offsets.to_numpy()[owner] + number))
    counts = (offsets[1:] - offsets[:-1])[owner]
    ends = np.concatenate([[0], np.cumsum(counts)])
    mine = np.repeat(np.arange(len(owner)), counts)  # the allele that may have each entry
    texts = entries.flatten().take(pa.array(spread(offsets[owner].astype(np.int64), ends)))
    parts = pc.split_pattern(texts, "|")
    values = _nth(parts, sub)
    if allele >= 0:
        same = pc.equal(pc.utf8_upper(_nth(parts, allele)), pc.utf8_upper(alt.take(pa.array(mine))))
        values = pc.if_else(pc.fill_null(same, False), values, _NULL)
    if extreme:
        values = pc.if_else(pc.match_substring_regex(values, NUMBER), values, _NULL)
    values = pc.if_else(pc.is_in(values, value_set=pa.array(["", "."])), _NULL, values)
    there = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    found: dict[int, dict[str, None]] = {}
    several = np.bincount(mine[there], minlength=len(owner)) > 1
    index = np.full(len(owner), -1, np.int64)
    index[mine[there]] = there
    single = values.take(pa.array(index, mask=index < 0))
    if not several.any():
        return single
    for at in there[several[mine[there]]].tolist():
        found.setdefault(int(mine[at]), {})[values[at].as_py()] = None
    choose = {"max": lambda texts: max(texts, key=float), "min": lambda texts: min(texts, key=float)}.get(
        extreme, "&".join
    )
    joined = pa.array([choose(found[at]) for at in sorted(found)], pa.string())
    return pc.replace_with_mask(single, pa.array(several), joined)


def _nth(parts: pa.ListArray, index: int) -> pa.StringArray:
    """The item of each list with an index; null where the list is shorter."""
    offsets = parts.offsets.to_numpy()
    at = offsets[:-1].astype(np.int64) + index
    return parts.flatten().take(pa.array(at, mask=at >= offsets[1:]))
