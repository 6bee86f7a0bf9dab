"""What is reported of each allele where there is room for one transcript: a row of the table of variants."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.chunk import REPORTED_SCHEMA
from annotator.engine.consequence.output.csq_fields import by_terms
from annotator.engine.consequence.output.csq_rows import Overlaps
from annotator.engine.consequence.output.mature_peptides import peptides_of
from annotator.engine.consequence.pick import Choice
from annotator.engine.consequence.so_terms import impact, names
from annotator.engine.reference.gene_models import ContigModels

_OF_ROWS = ("exon", "intron", "hgvsc", "hgvsp", "amino_acids", "codons")
"""Columns that are texts of rows."""


def reported(overlaps: Overlaps, choice: Choice, models: ContigModels) -> pa.RecordBatch:
    """One row an allele, of :data:`REPORTED_SCHEMA`.

    A compound that is the most severe takes the place of the overlap that is picked if it concerns the same transcript.

    Args:
        overlaps: of the alleles.
        choice: what is reported of each allele.
        models: transcripts of the contig.
    """
    all_rows, pairs, terms, alone = overlaps
    picked, worst = choice
    together = (worst >= alone) & (pairs.transcript[worst] == pairs.transcript[picked])
    picked = np.where(together, worst, picked)
    count = len(picked)
    if not count:
        return pa.RecordBatch.from_pylist([], schema=REPORTED_SCHEMA)
    found = [(rows, np.flatnonzero(picked[pairs.allele[rows.pair]] == rows.pair)) for rows in all_rows]
    found = [(rows, mine) for rows, mine in found if len(mine)]
    order = np.empty(count, dtype=np.int64)
    order[np.concatenate([pairs.allele[rows.pair[mine]] for rows, mine in found])] = np.arange(count)
    owners = {"": _owners(pairs.transcript[picked]), "most_severe_": _owners(pairs.transcript[worst])}

    def texts(name: str) -> pa.Array:
        chosen = [rows.chosen(name, mine) for rows, mine in found]
        if not any(one is not None for one in chosen):
            return pa.nulls(count, pa.string())
        blanks = (pa.nulls(len(mine), pa.string()) for _, mine in found)
        parts = [blank if one is None else one for one, blank in zip(chosen, blanks, strict=True)]
        return _null_if_empty(pa.concat_arrays(parts).take(pa.array(order)))

    def owned(name: str, of: str = "") -> pa.Array:
        return models.strings(name).take(owners[of]) if models.size else pa.nulls(count, pa.string())

    positions = texts("protein")
    protein = pc.extract_regex(positions, r"^(?:\?-)?(?P<first>\d+)")
    peptides = peptides_of(models).texts(pairs.transcript[picked], positions.fill_null(""))
    columns = {
        "consequence": by_terms(terms[worst] & -terms[worst], names),
        "impact": by_terms(terms[worst], impact),
        "consequences": by_terms(terms[picked], names),
        "gene": owned("symbol"),
        "gene_id": owned("gene"),
        "transcript": owned("id"),
        "biotype": owned("biotype"),
        **{name: texts(name) for name in _OF_ROWS},
        "protein_position": pc.struct_field(protein, "first").cast(pa.int32()),
        "mature_peptide": pa.nulls(count, pa.string()) if peptides is None else _null_if_empty(peptides),
        "haplotype": _partners(overlaps, count),
        "most_severe_gene": owned("symbol", "most_severe_"),
        "most_severe_transcript": owned("id", "most_severe_"),
    }
    return pa.RecordBatch.from_pydict(columns, schema=REPORTED_SCHEMA)


def _null_if_empty(values: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _owners(transcript: np.ndarray) -> pa.Array:
    return pa.array(np.where(transcript < 0, 0, transcript), mask=transcript < 0)


def _partners(overlaps: Overlaps, count: int) -> pa.StringArray:
    """The partners of each allele's most severe compound; null for alleles without one."""
    found: list[str | None] = [None] * count
    terms = overlaps.terms
    for rows in overlaps.rows:
        partners = rows.text("haplotype")
        if partners is not None:
            of_pairs = dict(zip(rows.pair.tolist(), partners.to_pylist(), strict=True))
            for pair in sorted(of_pairs, key=lambda pair: (int(-(terms[pair] & -terms[pair])), -pair)):
                found[int(overlaps.pairs.allele[pair])] = of_pairs[pair]
    return pa.array(found, pa.string())
