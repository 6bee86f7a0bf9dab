"""Rows of the table of variants for a block: one for each alternate allele."""

from __future__ import annotations

from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import text_of
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.info_encoding import NUMBER
from annotator.engine.reference.known_variants import Matched
from annotator.engine.vcf.block_parser import SKIP_CODES, Records


def rows_of(
    schema: pa.Schema,
    records: Records,
    ids: pa.BinaryArray,
    reported: pa.RecordBatch | None,
    known: np.ndarray,
    existing: pa.StringArray | None,
    reference: Reference,
    matched: list[Matched],
    regions: dict[str, pa.StringArray],
) -> pa.RecordBatch:
    """Rows for the alleles of a block; reference sites and gVCF blocks have none.

    Args:
        schema: of the table.
        records: of the block.
        ids: new ID of each record.
        reported: what is reported of each allele that was asked for.
        known: of each allele.
        existing: identifiers of each allele among known variants.
        reference: names the fields of the layers.
        matched: what each layer has of each allele.
        regions: what each track has of each record.
    """
    alleles = records.alleles
    shown = (records.skip != SKIP_CODES.index("no_alternate_allele"))[alleles.record]
    at = np.flatnonzero(shown)
    record = pa.array(alleles.record[at])
    pick = pa.array(at)
    fields = records.fields
    chroms = pa.array([chrom.decode("latin-1") for chrom in records.chroms], pa.string())
    columns: dict[str, pa.Array] = {
        "chrom": chroms.take(pa.array(records.chrom[alleles.record[at]])),
        "pos": pa.array(records.pos[alleles.record[at]].astype(np.int32)),
        "id": text_of(ids.take(record)),
        "ref": text_of(fields[3].take(record)),
        "alt": text_of(alleles.alt.take(pick)),
        "qual": pa.array(records.quality[alleles.record[at]].astype(np.float32), from_pandas=True),
        "filter": text_of(fields[6].take(record)),
    }
    if reference.lists_known:
        columns["known"] = pa.array(known[at])
    if existing is not None:
        columns["existing"] = existing.take(pick)
    if reported is not None:
        place = (np.cumsum(alleles.asked) - 1)[at]
        index = pa.array(place, mask=~alleles.asked[at])
        columns |= {name: reported[name].take(index) for name in reported.schema.names}
        columns["hgvsp"] = pc.replace_substring(columns["hgvsp"], "%3D", "=")  # INFO cannot have it, the table can
    for layer, found in zip(reference.reported, matched, strict=True):
        for one, column in zip(layer.fields, found.columns, strict=True):
            columns[one.info] = _typed(column.take(pick), schema.field(one.info).type)
    for name, column in regions.items():
        columns[name] = readable(column).take(record)
    arrays = [columns[one.name] if one.name in columns else pa.nulls(len(at), one.type) for one in schema]
    return pa.record_batch(arrays, schema=schema)


def readable(column: pa.StringArray) -> pa.StringArray:
    """Values of INFO in words: percent-encoding undone, several values parted by a comma and a blank."""
    coded = column.dictionary_encode()
    values = [None if one is None else ", ".join(map(unquote, one.split(","))) for one in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)


def _typed(column: pa.StringArray, kind: pa.DataType) -> pa.Array:
    """Values of a layer in the type of their column; text where a number is declared is left out."""
    if kind == pa.string():
        return column
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        number = pc.match_substring_regex(column, NUMBER)
        return pc.if_else(number, column, pa.scalar(None, pa.string())).cast(kind)
