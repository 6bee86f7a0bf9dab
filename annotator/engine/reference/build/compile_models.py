"""The transcript table of a reference, made of the gene models as they were read and placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from annotator.engine.reference.build.gene_formats import GeneModel
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.build.mature_peptides import in_protein
from annotator.engine.reference.build.place_models import place
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.transcript_table import FLAG_TAGS, PICK_TAGS, SCHEMA, write_transcripts

_PEPTIDES = ("peptide_names", "peptide_starts", "peptide_ends")
CANONICAL_TAGS = frozenset({"Ensembl_canonical", "RefSeq_Select", "MANE_Select"})
_TAG_NAMES = {"gencode_basic": "basic"}
"""Tags by other names that sources have for them."""


def compile_models(models: Path, contigs: Sequence[Contig], out: Path) -> None:
    """Write the transcript table of a file of gene models.

    Args:
        models: GFF3, GTF or genePred, plain or gzip, with the contigs' own names.
        contigs: of the reference; transcripts on others are left out.
        out: the Arrow file; replaced when it exists.

    Raises:
        BundleError: the models cannot be read, or do not lie on the contigs.
        OSError: a file cannot be read or written.
    """
    placed, _ = place(read_gene_table(models), list(contigs), {contig.name: contig.name for contig in contigs})
    write_transcripts(transcript_tables(by_contig(placed)), out)


def by_contig(placed: Sequence[GeneModel]) -> dict[str, list[GeneModel]]:
    """The transcripts of each contig, in the order of the transcript table.

    Args:
        placed: as :func:`place` returns them.
    """
    return {
        contig: sorted(members, key=lambda one: (one.start, one.end, one.versioned_id))
        for contig, members in groupby(placed, key=lambda one: one.contig)
    }


def transcript_tables(models: Mapping[str, Sequence[GeneModel]]) -> dict[str, pa.Table]:
    """The transcript table, of :data:`SCHEMA`, by contig.

    Args:
        models: as :func:`by_contig` returns them.
    """
    return {contig: transcript_table(members) for contig, members in models.items()}


def transcript_table(members: Sequence[GeneModel]) -> pa.Table:
    """The transcript table, of :data:`SCHEMA`, of the transcripts of one contig in their order."""
    return pa.Table.from_pylist([_row(one) for one in members], schema=SCHEMA)


def _row(one: GeneModel) -> dict[str, object]:
    tags = {_TAG_NAMES.get(tag, tag) for tag in one.complete_tags}
    row: dict[str, object] = {
        "id": one.versioned_id,
        "gene": one.gene,
        "symbol": one.symbol,
        "biotype": one.source_biotype or one.biotype,
        "protein": (one.protein or one.versioned_id) if one.cds else "",
        "flags": "&".join([*(tag for tag in FLAG_TAGS if tag in tags), *one.exceptions]),
        "mane": one.curation.mane_select,
        "canonical": not CANONICAL_TAGS.isdisjoint(tags),
        "strand": 1 if one.strand == "+" else -1,
        "start": one.start,
        "end": one.end,
        "coding_start": one.cds[0][0] if one.cds else 0,
        "coding_end": one.cds[-1][1] if one.cds else 0,
        "phase": (3 - one.phase) % 3,
        "exon_starts": [start for start, _ in one.exons],
        "exon_ends": [end for _, end in one.exons],
        "selenocysteines": sorted(one.selenocysteines),
        "recoded": [at for at, _ in one.recoded],
        "recoded_as": "".join(residue for _, residue in one.recoded),
        "genetic_code": one.genetic_code,
        "slips": [base for slip in one.slips for base in slip],
        "numbered_as_read": one.numbered_as_read,
        "mane_plus_clinical": one.curation.mane_plus_clinical,
        "tsl": one.curation.tsl,
        "appris": one.curation.appris,
        "ccds": one.curation.ccds,
        "tags": "&".join(tag for tag in PICK_TAGS if tag in tags),
    }
    peptides = in_protein(row, one.peptides)
    row |= {name: [peptide[at] for peptide in peptides] for at, name in enumerate(_PEPTIDES)}
    return row
