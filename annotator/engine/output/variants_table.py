"""The table of variants beside the results file: Parquet, flat, a row for each alternate allele, sorted by position.

Its readers fetch it by ranges: statistics, page index and small pages keep them from reading what they do not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine.output.value_index import INDEXED, ValueIndex
from annotator.engine.reference.bundle import Reference

GROUP_ROWS = 50_000
"""Rows of one row group. A search reads a range of each, and the footer, read first, grows with their number."""
PAGE_ROWS = 5_000
"""Rows of one page at most: what a reader fetches to show a row."""
WAITING_BYTES = 64 << 20
"""Bytes that wait for more rows at most: a row may hold an allele of a million bases."""
PAGE_BYTES = 64 * 1024
"""Bytes of one page, about."""
DICTIONARIES = [
    "chrom", "ref", "alt", "filter", "consequence", "consequences", "impact", "gene", "gene_id", "transcript",
    "biotype", "exon", "intron", "amino_acids", "codons", "most_severe_gene", "most_severe_transcript",
]  # fmt: skip
"""Columns with few different values."""
ENCODINGS = {"pos": "DELTA_BINARY_PACKED"}
"""Encodings of other columns; the rest is plain, which can be searched for a text without decoding it."""
WITHOUT_STATISTICS = {"id", "ref", "alt", "hgvsc", "exon", "intron", "amino_acids", "codons"}
"""Columns whose smallest and largest value in a page or row group exclude nothing that anybody asks for."""
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "chrom": (pa.string(), "Contig, as the file names it"),
    "pos": (pa.int32(), "Position of REF, counted from 1"),
    "ref": (pa.string(), "Reference allele"),
    "alt": (pa.string(), "Alternate allele"),
    "consequence": (pa.string(), "Most severe consequence on any transcript, a Sequence Ontology term"),
    "impact": (pa.string(), "Impact of the most severe consequence: HIGH, MODERATE, LOW or MODIFIER"),
    "gene": (pa.string(), "Symbol of the gene"),
    "most_severe_gene": (pa.string(), "Symbol of the gene with the most severe consequence"),
    "filter": (pa.string(), "Failed filters, or PASS"),
    "known": (pa.bool_(), "The allele is listed among known variants; empty if the reference has none"),
    "hgvsp": (pa.string(), "HGVS protein name"),
    "protein_position": (pa.int32(), "Position of the first changed amino acid"),
    "amino_acids": (pa.string(), "Amino acids before and after"),
    "codons": (pa.string(), "Codons before and after, changed bases in upper case"),
    "mature_peptide": (pa.string(), "Mature peptides that the change touches, and the positions within them"),
    "haplotype": (pa.string(), "Records of the same chromosome with which the allele has the consequence"),
    "consequences": (pa.string(), "All terms of the reported transcript"),
    "gene_id": (pa.string(), "Identifier of the gene"),
    "transcript": (pa.string(), "Reported transcript: MANE Select, canonical or otherwise the first by the pick order"),
    "most_severe_transcript": (pa.string(), "Transcript with the most severe consequence"),
    "biotype": (pa.string(), "Biotype of the transcript"),
    "exon": (pa.string(), "Exon number / total exons"),
    "intron": (pa.string(), "Intron number / total introns"),
    "qual": (pa.float32(), "Quality"),
    "existing": (pa.string(), "Identifiers of the allele among known variants, joined by &"),
    "id": (pa.string(), "Identifiers: those of the file and those of known variants"),
    "hgvsc": (pa.string(), "HGVS coding (c.) or non-coding (n.) name"),
}
"""Columns that every table has, with their types and what they are.

Those that are searched and shown most stand first, side by side in each row group, so that one range has them; those
with a text of their own in each row stand last.
"""
_TYPES = {"Integer": pa.int64(), "Float": pa.float32()}
"""Types of the columns of fields of layers, which hold seven significant digits of a Float as well."""


def schema_of(reference: Reference) -> pa.Schema:
    """Columns of the tables made with a reference: those of all tables, then the fields of its layers."""
    columns = dict(COLUMNS)
    for layer in reference.reported:
        columns |= {one.info: (_TYPES.get(one.type, pa.string()), one.description) for one in layer.fields}
    columns |= {one.info: (pa.string(), one.description) for one in reference.tracks}
    metadata = {
        "gas.reference": reference.name,
        "gas.columns": json.dumps({name: text for name, (_, text) in columns.items()}, ensure_ascii=False),
    }
    return pa.schema([pa.field(name, kind) for name, (kind, _) in columns.items()], metadata)


class TableWriter:
    """Writes a table from batches of any size; :meth:`close` completes it.

    The metadata of the file also get `gas.index` (:mod:`.value_index`) and `gas.characters`: by text column without a
    dictionary, the ASCII characters that occur in it, letters in lower case. The column has no text with another one.

    Args:
        stream: receives the file, front to back.
        schema: of the table.
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = self._written = 0
        self._indexes = [ValueIndex(columns) for columns in INDEXED]
        self._characters = {one.name: b"" for one in schema if one.type == pa.string() and one.name not in DICTIONARIES}
        self._file = pa.PythonFile(stream, "w")
        self._writer = pq.ParquetWriter(
            self._file, schema, compression="snappy", use_dictionary=DICTIONARIES, column_encoding=ENCODINGS,
            write_statistics=[name for name in schema.names if name not in WITHOUT_STATISTICS], write_page_index=True,
            data_page_size=PAGE_BYTES, max_rows_per_page=PAGE_ROWS,
        )  # fmt: skip

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows, sooner or later."""
        self._waiting.append(batch)
        self._rows += len(batch)
        self._bytes += batch.nbytes
        while self._rows >= GROUP_ROWS:
            table = self._joined(self._waiting)
            self._write_group(table.slice(0, GROUP_ROWS))
            rest = table.slice(GROUP_ROWS)
            self._waiting, self._rows, self._bytes = rest.to_batches(), len(rest), rest.nbytes
        if self._bytes > WAITING_BYTES:
            self._write_waiting()

    def close(self) -> None:
        """Write what waits, the index of values and the end."""
        self._write_waiting()
        self._write_indexes()
        self.abandon()

    @property
    def size(self) -> int:
        """Bytes that were written so far."""
        return int(self._file.tell())

    def abandon(self) -> None:
        """Close the file as it is; harmless after :meth:`close`."""
        self._writer.close()
        self._file.close()

    def _write_waiting(self) -> None:
        if self._rows:
            self._write_group(self._joined(self._waiting))
        self._waiting, self._rows, self._bytes = [], 0, 0

    def _write_group(self, table: pa.Table) -> None:
        table = table.combine_chunks()
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
        for index in self._indexes:
            index.add(table, self._written)
        for name, seen in self._characters.items():
            text = _text(table[name])
            for part in (text[:1_000], text[1_000:]):  # the first few have nearly all, and a set of the rest is small
                seen += bytes(set(part.translate(None, seen)))
            self._characters[name] = seen
        self._written += len(table)

    def _write_indexes(self) -> None:
        places = []
        for index in self._indexes:
            values, postings = index.encoded()
            places.append({
                "columns": index.columns, "offset": self._file.tell(), "values": len(values), "postings": len(postings),
            })  # fmt: skip
            self._file.write(values + postings)
        characters = {
            name: "".join(sorted({chr(one).lower() for one in seen if one < 128}))
            for name, seen in self._characters.items()
        }
        self._writer.add_key_value_metadata({
            "gas.index": json.dumps(places), "gas.characters": json.dumps(characters),
        })  # fmt: skip

    def _joined(self, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        return pa.Table.from_batches(batches, self._schema)


def _text(column: pa.ChunkedArray) -> bytes:
    """All texts of a column, one after the other."""
    texts = column.combine_chunks()
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return b""
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bytes(memoryview(data)[ends[0] : ends[-1]])
