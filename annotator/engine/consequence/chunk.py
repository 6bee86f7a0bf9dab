"""What goes into the consequence caller and what comes out of it: the alleles of consecutive records of a contig."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from annotator.engine.normalise import Normalised


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
        number: (n,) integers, number of the allele in ALT of its record, from 1; None if the chunk has all alleles of
            each of its records.
        exact: (n,) bool, whether the bounds of a symbolic allele are exact to the base; None if all are.
        symbol: n strings, the symbol that names an allele in CSQ although ``alt`` has its bases, or null; None if there
            is none.
        normalised: the same alleles normalised, the symbolic ones as they are; None where that is left to the caller.
        mates: n strings, symbols of the genes at the mate of a breakend, or null; None if there is none.
    """

    record: np.ndarray
    pos: np.ndarray
    ref: pa.BinaryArray
    alt: pa.BinaryArray
    end: np.ndarray
    records: int
    number: np.ndarray | None = None
    exact: np.ndarray | None = None
    symbol: pa.StringArray | None = None
    normalised: Normalised | None = None
    mates: pa.StringArray | None = None

    def __len__(self) -> int:
        return len(self.record)

    @property
    def numbers(self) -> np.ndarray:
        """:attr:`number`, also where it is None."""
        if self.number is not None:
            return self.number
        found: np.ndarray = np.arange(1, len(self) + 1) - np.searchsorted(self.record, self.record)
        return found


@dataclass
class Called:
    """Consequences of the alleles of a chunk.

    Attributes:
        csq: one value a record, entries joined by commas; null for a record without alleles here.
        bcsq: the same; all null where it is not written.
        reported: one row an allele: its most severe term, and the transcript that is picked (:data:`REPORTED_SCHEMA`).
        terms: (records,) int64, all terms of each record, bits as in :data:`annotator.engine.consequence.so_terms.BIT`.
        compound: (records,) uint8, what alleles of other records add: bits :data:`COMPOUND`, :data:`MORE_SEVERE`,
            :data:`LESS_SEVERE`.
    """

    csq: pa.BinaryArray
    bcsq: pa.BinaryArray
    reported: pa.RecordBatch
    terms: np.ndarray
    compound: np.ndarray


COMPOUND, MORE_SEVERE, LESS_SEVERE = 1, 2, 4
"""A record has a compound, and one that is more, or less, severe than its allele alone on the same transcript."""


REPORTED_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("consequence", "impact", "consequences", "gene", "gene_id", "transcript")),
        *((name, pa.string()) for name in ("biotype", "exon", "intron", "hgvsc", "hgvsp")),
        ("protein_position", pa.int32()),
        *((name, pa.string()) for name in ("amino_acids", "codons", "mature_peptide", "haplotype")),
        *((name, pa.string()) for name in ("most_severe_gene", "most_severe_transcript")),
    ]
)
"""Columns of :attr:`Called.reported`, which are those of the table of variants. Text is null where CSQ has nothing."""
