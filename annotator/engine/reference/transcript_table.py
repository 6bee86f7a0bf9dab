"""The transcript table of a reference (``models.arrow``): one record batch per contig, one row per transcript.

Rows are in the order of their positions. All positions are 1-based and inclusive, on the forward strand whatever the
strand of the transcript; a transcript across the origin of a circular contig ends beyond the length of the contig.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

FORMAT = "1"
"""Version of the format, in the metadata of the file; a file of another version is refused."""
SCHEMA = pa.schema(
    [
        ("id", pa.string()),  # with its version
        ("gene", pa.string()),  # unique id
        ("symbol", pa.string()),
        ("biotype", pa.string()),  # as the source has it
        ("protein", pa.string()),  # id of the protein; empty when the transcript is not translated
        ("flags", pa.string()),  # FLAG_TAGS that it has, and exceptions of the source, joined by &
        ("mane", pa.string()),  # MANE Select: id of the same transcript in the other set of models
        ("canonical", pa.bool_()),
        ("strand", pa.int8()),  # 1 or -1
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("coding_start", pa.int32()),  # lowest and highest base of the coding sequence; 0 without one
        ("coding_end", pa.int32()),
        ("phase", pa.int8()),  # not GFF3's phase: Transcript.start_frame
        ("exon_starts", pa.list_(pa.int32())),  # ascending
        ("exon_ends", pa.list_(pa.int32())),
        ("selenocysteines", pa.list_(pa.int32())),  # ascending: lowest base of each codon
        ("recoded", pa.list_(pa.int32())),  # Transcript.recoded
        ("recoded_as", pa.string()),
        ("genetic_code", pa.int8()),  # Transcript.genetic_code
        ("slips", pa.list_(pa.int32())),  # Transcript.slips: last base before, first base after, and so on
        ("numbered_as_read", pa.bool_()),
        ("peptide_names", pa.list_(pa.string())),  # mature peptides
        ("peptide_starts", pa.list_(pa.int32())),  # first and last amino acid of each in the whole protein, from 1
        ("peptide_ends", pa.list_(pa.int32())),
        ("mane_plus_clinical", pa.string()),  # as mane, of a MANE Plus Clinical transcript
        ("tsl", pa.string()),  # these and the last: Curation
        ("appris", pa.string()),
        ("ccds", pa.string()),
        ("tags", pa.string()),  # PICK_TAGS that it has, joined by &
    ]
)
CURATION_COLUMNS = ("mane_plus_clinical", "tsl", "appris", "ccds", "tags")
"""Columns that are left out of the file if they are empty for all transcripts of the reference."""
LATER_COLUMNS: dict[str, object] = {
    "recoded": [],
    "recoded_as": "",
    "genetic_code": 0,
    "slips": [], "numbered_as_read": False,
    "peptide_names": [], "peptide_starts": [], "peptide_ends": [],
    **dict.fromkeys(CURATION_COLUMNS, ""),
}
"""Columns that were added within the format, and the values that a file without them is read with."""
FLAG_TAGS = ("cds_start_NF", "cds_end_NF")
"""Tags of the source that are reported in FLAGS of CSQ, beside its exceptions."""
PICK_TAGS = ("basic", "MANE_Select", "MANE_Plus_Clinical")
"""Tags of the source by which transcripts are chosen."""


def write_transcripts(tables: Mapping[str, pa.Table], path: Path) -> None:
    """Write a transcript table in the form that :class:`annotator.engine.reference.gene_models.GeneModels` opens.

    Args:
        tables: of :data:`SCHEMA`, by contig, in the order of the contigs.
        path: the file; replaced when it exists.

    Raises:
        OSError: it cannot be written.
    """
    unused = [name for name in CURATION_COLUMNS if all(_is_empty(table[name]) for table in tables.values())]
    schema = pa.schema([one for one in SCHEMA if one.name not in unused])
    schema = schema.with_metadata({"format": FORMAT, "contigs": json.dumps(list(tables))})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for table in tables.values():
            writer.write_table(table.drop_columns(unused).combine_chunks())


def _is_empty(column: pa.ChunkedArray) -> bool:
    return not pc.sum(pc.binary_length(column)).as_py()
