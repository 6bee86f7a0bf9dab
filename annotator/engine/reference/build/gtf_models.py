"""Reads gene models in GTF, as Ensembl, GENCODE, NCBI and UCSC write them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from annotator.engine.reference.build.curation import Curation
from annotator.engine.reference.build.gene_formats import (
    READ_ATTRIBUTES,
    SELENOCYSTEINE,
    CodingPart,
    GeneModel,
    GeneTable,
    GffRow,
    ModelError,
    add_parts,
    calls_pseudogene,
    exceptions_of,
    note_code,
    part_of,
    protein_of,
    shown,
    strand_of,
    strand_of_parts,
    versioned,
)

_TRANSCRIPT = re.compile(r'transcript_id "?([^";]+)')
_GENE = re.compile(r'gene_id "?([^";]+)')


@dataclass
class _GtfOwner:
    """The rows of one transcript on one contig.

    Attributes:
        attributes: of its first row, completed by its first row of a coding sequence.
        coding: attributes of the first row of its coding sequence.
        tags: of these rows.
        references: cross-references of these rows.
        parts: its exons and parts of its coding sequence.
        strand: of the row of the transcript itself.
    """

    attributes: dict[str, str] = field(default_factory=dict)
    coding: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    references: list[str] = field(default_factory=list)
    parts: list[CodingPart] = field(default_factory=list)
    strand: str = "."


def read_gtf(rows: Iterator[GffRow], table: GeneTable) -> Iterator[GeneModel]:
    """Read the transcripts of a GTF file.

    Args:
        rows: of the file.
        table: receives genetic codes and what is left out.

    Raises:
        ModelError: a row cannot be used.
    """
    owners: dict[tuple[str, str], _GtfOwner] = {}
    genes: dict[str, None] = {}
    for row in rows:
        kind, text = row.columns[2], row.columns[8]
        if kind == "gene" and (found := _GENE.search(text)):
            genes[found[1]] = None
        if kind not in ("transcript", "exon", "CDS", "stop_codon") and kind not in SELENOCYSTEINE:
            continue
        found = _TRANSCRIPT.search(text)
        if found is None:
            message = f"column 9 of a row of kind {shown(kind)} has no transcript_id"
            raise ModelError(row.line, f'{message}; write transcript_id "...";')
        key = (sys.intern(row.columns[0]), found[1])
        held = owners.get(key)
        if held is None:
            held = owners[key] = _GtfOwner()
        if not held.attributes or (kind == "CDS" and not held.coding):
            attributes = _attributes(text, held)
            held.attributes.update(attributes)
            if kind == "CDS":
                held.coding = attributes
        if kind == "transcript":
            held.strand = strand_of(row)
        else:
            held.parts.append(part_of(row))
    for contig, name in list(owners):
        held = owners.pop((contig, name))  # the rows of a whole genome need more memory than its models
        gene = held.attributes.get("gene_id", name)
        genes.pop(gene, None)
        one = _model(contig, name, gene, held, table)
        if one is not None:
            yield one
    for gene in genes:
        table.left_out.add("gene_without_transcript", gene)


def _model(contig: str, name: str, gene: str, held: _GtfOwner, table: GeneTable) -> GeneModel | None:
    """The transcript of some rows; None for one that is left out, which ``table`` counts."""
    if not any(part.kind in ("exon", "CDS") for part in held.parts):
        table.left_out.add("transcript_without_exon", name)
        return None
    attributes = held.attributes
    strand = strand_of_parts(name, held.parts, held.strand, [attributes], table)
    if not strand:
        return None
    one = GeneModel(
        id=name,
        gene=gene,
        symbol=attributes.get("gene_name") or attributes.get("gene", ""),
        biotype=attributes.get("transcript_biotype") or attributes.get("transcript_type", ""),
        contig=contig,
        strand=strand,
        start_known="cds_start_NF" not in held.tags,
        end_known="cds_end_NF" not in held.tags,
        version=versioned(name, attributes.get("transcript_version", "")),
        tags=tuple(sorted(held.tags)),
        curation=Curation.of(sorted(held.tags), attributes, held.references),
        protein=protein_of(held.coding, held.coding.get("protein_version", "")),
        pseudogene=calls_pseudogene(attributes),
        exceptions=exceptions_of(attributes, held.coding),
    )
    add_parts(one, held.parts)
    note_code(table, one, held.coding)
    return one


def _attributes(text: str, held: _GtfOwner) -> dict[str, str]:
    """Attributes of a row; values of ``tag`` and ``db_xref``, which may occur several times, are added to ``held``."""
    attributes = {}
    for item in text.split(";"):
        word, _, value = item.strip().partition(" ")
        if word == "tag":
            held.tags.add(value.strip('"'))
        elif word == "db_xref":
            held.references.append(value.strip('"'))
        elif word in READ_ATTRIBUTES:
            attributes[sys.intern(word)] = value.strip('"')
    return attributes
