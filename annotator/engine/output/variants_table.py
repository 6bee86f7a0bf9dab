"""The table of variants beside the results file: Parquet, flat, a row for each alternate allele, sorted by position.

Its readers fetch it by ranges: statistics, page index and small pages keep them from reading what they do not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine.reference.bundle import Reference

GROUP_ROWS = 20_000
"""Rows of one row group."""
WAITING_BYTES = 64 << 20
"""Bytes that wait for more rows at most: a row may hold an allele of a million bases."""
PAGE_BYTES = 64 * 1024
"""Bytes of one page."""
DICTIONARIES = [
    "chrom", "filter", "consequence", "consequences", "impact", "gene", "gene_id", "transcript", "biotype", "exon",
    "intron", "amino_acids", "codons", "most_severe_gene", "most_severe_transcript",
]  # fmt: skip
"""Columns with few different values."""
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "chrom": (pa.string(), "Contig, as the file names it"),
    "pos": (pa.int32(), "Position of REF, counted from 1"),
    "id": (pa.string(), "Identifiers: those of the file and those of known variants"),
    "ref": (pa.string(), "Reference allele"),
    "alt": (pa.string(), "Alternate allele"),
    "qual": (pa.float32(), "Quality"),
    "filter": (pa.string(), "Filters that were not passed, or PASS"),
    "consequence": (pa.string(), "Most severe consequence on any transcript, a Sequence Ontology term"),
    "consequences": (pa.string(), "All terms of the reported transcript"),
    "impact": (pa.string(), "Impact of the most severe consequence: HIGH, MODERATE, LOW or MODIFIER"),
    "gene": (pa.string(), "Symbol of the gene"),
    "gene_id": (pa.string(), "Identifier of the gene"),
    "transcript": (pa.string(), "Reported transcript: MANE Select, canonical or otherwise the first by the pick order"),
    "biotype": (pa.string(), "Biotype of the transcript"),
    "exon": (pa.string(), "Number of the exon and of all"),
    "intron": (pa.string(), "Number of the intron and of all"),
    "hgvsc": (pa.string(), "Change of the transcript, HGVS"),
    "hgvsp": (pa.string(), "Change of the protein, HGVS"),
    "protein_position": (pa.int32(), "First amino acid that changes"),
    "amino_acids": (pa.string(), "Amino acids before and after"),
    "codons": (pa.string(), "Codons before and after, changed bases in upper case"),
    "mature_peptide": (pa.string(), "Mature peptides that the change touches, and the positions within them"),
    "haplotype": (pa.string(), "Records of the same chromosome with which the allele has the consequence"),
    "most_severe_gene": (pa.string(), "Symbol of the gene with the most severe consequence"),
    "most_severe_transcript": (pa.string(), "Transcript with the most severe consequence"),
    "known": (pa.bool_(), "Known variants list the allele; empty if the reference has none"),
    "existing": (pa.string(), "Identifiers of the allele among known variants, joined by &"),
}
"""Columns that every table has, with their types and what they are."""
_TYPES = {"Integer": pa.float64(), "Float": pa.float64()}


def schema_of(reference: Reference) -> pa.Schema:
    """Columns of the tables made with a reference: those of all tables, then the fields of its layers."""
    columns = dict(COLUMNS)
    for layer in reference.layers:
        columns |= {one.info: (_TYPES.get(one.type, pa.string()), one.description) for one in layer.fields}
    columns |= {one.info: (pa.string(), one.description) for one in reference.tracks}
    metadata = {
        "gas.reference": reference.name,
        "gas.columns": json.dumps({name: text for name, (_, text) in columns.items()}, ensure_ascii=False),
    }
    return pa.schema([pa.field(name, kind) for name, (kind, _) in columns.items()], metadata)


class TableWriter:
    """Writes a table from batches of any size; :meth:`close` completes it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self._writer = pq.ParquetWriter(
            path, schema, compression="snappy", use_dictionary=DICTIONARIES, write_statistics=True,
            write_page_index=True, data_page_size=PAGE_BYTES,
        )  # fmt: skip

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows, sooner or later."""
        self._waiting.append(batch)
        self._rows += len(batch)
        self._bytes += batch.nbytes
        while self._rows >= GROUP_ROWS:
            table = self._joined(self._waiting)
            self._writer.write_table(table.slice(0, GROUP_ROWS).combine_chunks(), row_group_size=GROUP_ROWS)
            rest = table.slice(GROUP_ROWS)
            self._waiting, self._rows, self._bytes = rest.to_batches(), len(rest), rest.nbytes
        if self._bytes > WAITING_BYTES:
            self._write_waiting()

    def close(self) -> None:
        """Write what waits, and the end."""
        self._write_waiting()
        self._writer.close()

    def _write_waiting(self) -> None:
        if self._rows:
            self._writer.write_table(self._joined(self._waiting).combine_chunks(), row_group_size=GROUP_ROWS)
        self._waiting, self._rows, self._bytes = [], 0, 0

    def abandon(self) -> None:
        """Close the file as it is; harmless after :meth:`close`."""
        self._writer.close()

    def _joined(self, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        return pa.Table.from_batches(batches, self._schema)
