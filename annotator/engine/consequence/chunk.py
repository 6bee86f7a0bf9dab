"""What goes into the consequence caller and what comes out of it: the alleles of consecutive records of a contig."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

CSQ_FIELDS: tuple[str, ...] = (
    "Allele",
    "Consequence",
    "IMPACT",
    "SYMBOL",
    "Gene",
    "Feature_type",
    "Feature",
    "BIOTYPE",
    "EXON",
    "INTRON",
    "HGVSc",
    "HGVSp",
    "cDNA_position",
    "CDS_position",
    "Protein_position",
    "Amino_acids",
    "Codons",
    "Existing_variation",
    "DISTANCE",
    "STRAND",
    "FLAGS",
    "CANONICAL",
    "MANE_SELECT",
    "MATE_SYMBOL",
)
"""Sub-fields of CSQ, in their order: as Ensembl VEP names them, but for ``MATE_SYMBOL``."""


@dataclass
class AlleleChunk:
    """Alternate alleles of consecutive records of one contig, the records ascending by position.

    Attributes:
        record: (n,) integers, index of the record in the chunk, ascending from 0; a record may have no allele here.
        pos: (n,) integers, POS, 1-based.
        ref: n alleles in upper case, with the base in front as in the file.
        alt: the same; may be symbolic.
        end: (n,) integers, last base of the reference that is replaced, 1-based and inclusive; 0 for symbolic alleles
            of unknown length.
        records: how many records the chunk has.
        exact: (n,) bool, whether the bounds of a symbolic allele are exact to the base; None if all are.
        symbol: n strings, the symbol that names an allele in CSQ although ``alt`` has its bases, or null; None if there
            is none.
        mates: n strings, symbols of the genes at the mate of a breakend, or null; None if there is none.
    """

    record: np.ndarray
    pos: np.ndarray
    ref: pa.BinaryArray
    alt: pa.BinaryArray
    end: np.ndarray
    records: int
    exact: np.ndarray | None = None
    symbol: pa.StringArray | None = None
    mates: pa.StringArray | None = None

    def __len__(self) -> int:
        return len(self.record)


@dataclass
class Called:
    """Consequences of the alleles of a chunk.

    Attributes:
        csq: one value a record, entries joined by commas; null for a record without alleles here.
        bcsq: the same.
        worst: one row an allele, its most severe transcript (see :data:`WORST_SCHEMA`).
        terms: (records,) int64, all terms of each record, bits as in :data:`annotator.engine.consequence.so_terms.BIT`.
    """

    csq: pa.BinaryArray
    bcsq: pa.BinaryArray
    worst: pa.RecordBatch
    terms: np.ndarray


WORST_SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("term", "consequence", "impact", "gene", "gene_id", "transcript", "biotype")
        ),
        *((name, pa.string()) for name in ("exon", "intron", "hgvsc", "hgvsp", "cdna_position", "cds_position")),
        ("protein_position", pa.int32()),
        ("amino_acids", pa.string()),
        ("codons", pa.string()),
        ("distance", pa.int32()),
        ("strand", pa.int8()),
    ]
)
"""Columns of :attr:`Called.worst`; ``term`` is the most severe term, ``consequence`` all terms joined by ``&``. Text is
null where CSQ has nothing."""
