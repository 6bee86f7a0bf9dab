"""Consequences in the format of ``bcftools csq`` (BCSQ), for records whose genotypes are not phased.

An entry is ``consequence|gene|transcript|biotype|strand|amino acids|bases``, with as many of these as csq gives: of
introns and genes that are not translated the gene alone, once. What lies near genes or between them, of which csq is
silent, is named where a record touches no transcript.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.chunk import AlleleChunk
from annotator.engine.consequence.output.csq import following
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.overlaps import Pairs
from annotator.engine.consequence.so_terms import BIT, INTERGENIC, TERMS
from annotator.engine.reference.gene_models import ContigModels

_NAMES = {
    "splice_acceptor_variant": "splice_acceptor",
    "splice_donor_variant": "splice_donor",
    "splice_donor_5th_base_variant": "splice_region",
    "splice_donor_region_variant": "splice_region",
    "splice_region_variant": "splice_region",
    "frameshift_variant": "frameshift",
    "missense_variant": "missense",
    "protein_altering_variant": "inframe_altering",
    "start_retained_variant": "start_retained",
    "stop_retained_variant": "stop_retained",
    "synonymous_variant": "synonymous",
    "coding_sequence_variant": "coding_sequence",
    "non_coding_transcript_exon_variant": "non_coding",
    "intron_variant": "intron",
}
"""csq's names of terms; the others have the Sequence Ontology's."""
_SILENT = BIT["splice_polypyrimidine_tract_variant"] | BIT["non_coding_transcript_variant"]
"""Said by other terms, or unknown to csq."""
_OF_GENES = _SILENT | BIT["intron_variant"] | BIT["non_coding_transcript_exon_variant"]
"""Terms that are given once for a gene."""
_NEAR = BIT["upstream_gene_variant"] | BIT["downstream_gene_variant"] | INTERGENIC


@cache
def csq_names(mask: int) -> str:
    """Terms of a set as csq names them, joined by ``&``."""
    said = mask & ~_SILENT or mask
    found = [_NAMES.get(term, term) for at, term in enumerate(TERMS) if said >> at & 1]
    return "&".join(dict.fromkeys(found))


class BcsqWriter:
    """Writes entries for the transcripts of one contig."""

    def __init__(self, models: ContigModels) -> None:
        gene, biotype = models.strings("symbol"), models.strings("biotype")
        strand = pa.array(np.where(models.strand > 0, "+", "-"), pa.string())
        blank = pa.array(["||"], pa.string())  # of index -1: no transcript
        self._genes = pa.concat_arrays([pc.binary_join_element_wise(gene, "", biotype, "|"), blank])
        encoded = self._genes.dictionary_encode()
        self._gene_index, self._gene_count = encoded.indices.to_numpy().astype(np.int64), len(encoded.dictionary)
        transcript = pc.binary_join_element_wise(gene, models.strings("id"), biotype, "|")
        self._transcript = pa.concat_arrays([transcript, blank])
        self._stranded = pa.concat_arrays([pc.binary_join_element_wise(transcript, strand, "|"), blank])

    def entries(
        self, chunk: AlleleChunk, all_rows: list[Rows], pairs: Pairs, terms: np.ndarray
    ) -> tuple[list[np.ndarray], list[pa.StringArray]]:
        """Pairs and their entries, in parts; pairs that need none are left out.

        Entries that follow others of their record begin with a comma. ``terms`` has one value a pair.
        """
        record = chunk.record[pairs.allele].astype(np.int64)
        near = terms & _NEAR != 0
        touched = np.zeros(chunk.records, dtype=bool)
        touched[record[~near]] = True
        only_gene = ~near & (terms & ~_OF_GENES == 0)
        plain = ~near & ~only_gene
        changed = []
        for rows in all_rows:
            amino_acids = rows.text("amino_acids")
            if amino_acids is not None:
                there = pc.not_equal(amino_acids, "").to_numpy(zero_copy_only=False) & plain[rows.pair]
                changed.append((rows, np.flatnonzero(there)))
                plain[rows.pair[there]] = False
        others = (
            (np.flatnonzero(near & ~touched[record]), self._stranded),
            (self._once(np.flatnonzero(only_gene), terms, record, pairs), self._genes),
            (np.flatnonzero(plain), self._transcript),
        )
        found = [*(rows.pair[at] for rows, at in changed), *(pair for pair, _ in others)]
        every = np.sort(np.concatenate(found))
        follows = np.zeros(len(pairs), dtype=bool)
        follows[every] = following(record[every])
        texts = [self._of_codons(rows, at, chunk, pairs, follows) for rows, at in changed]
        for pair, owners in others:
            owner = pairs.transcript[pair]
            owner = pa.array(np.where(owner < 0, len(owners) - 1, owner))
            texts.append(pc.binary_join_element_wise(_named(terms[pair], follows[pair]), owners.take(owner), ""))
        return found, texts

    def _once(self, pair: np.ndarray, terms: np.ndarray, record: np.ndarray, pairs: Pairs) -> np.ndarray:
        """Those of some pairs that are the first of their record with their gene and terms."""
        gene = self._gene_index[pairs.transcript[pair]]
        masks, kind = np.unique(terms[pair], return_inverse=True)
        key = (record[pair] * self._gene_count + gene) * len(masks) + kind
        _, first = np.unique(key, return_index=True)
        return pair[first]

    def _of_codons(
        self, rows: Rows, at: np.ndarray, chunk: AlleleChunk, pairs: Pairs, follows: np.ndarray
    ) -> pa.StringArray:
        pair, index = rows.pair[at], pa.array(at)
        owner = self._stranded.take(pa.array(pairs.transcript[pair]))
        protein, amino_acids = rows.text("protein"), rows.text("amino_acids")
        assert protein is not None  # of rows with amino acids
        assert amino_acids is not None
        position = pc.replace_substring_regex(protein.take(index), r"[-?].*", "")
        sides = pc.split_pattern(amino_acids.take(index), "/")
        allele = pairs.allele[pair]
        bases = [pa.array(chunk.pos[allele]), chunk.ref.take(pa.array(allele)), chunk.alt.take(pa.array(allele))]
        where, ref, alt = (one.cast(pa.string()) for one in bases)
        parts = [_named(rows.terms[at], follows[pair]), owner, "|", position, pc.list_element(sides, 0)]
        return pc.binary_join_element_wise(*parts, self._second(sides, position), "|", where, ref, ">", alt, "")

    @staticmethod
    def _second(sides: pa.ListArray, position: pa.StringArray) -> pa.StringArray:
        """``>`` and the amino acids after a change; nothing where they are the same as before."""
        two = pc.equal(pc.list_value_length(sides), 2).to_numpy(zero_copy_only=False)
        last = sides.values.take(pa.array(sides.offsets.to_numpy()[1:] - 1))
        return pc.if_else(pa.array(two), pc.binary_join_element_wise(">", position, last, ""), "")


def _named(terms: np.ndarray, follows: np.ndarray) -> pa.StringArray:
    """The beginnings of entries."""
    encoded = pa.array(terms * 2 + follows).dictionary_encode()
    texts = ["," * (key & 1) + csq_names(key >> 1) + "|" for key in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
