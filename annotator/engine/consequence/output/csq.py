"""Entries of CSQ as text, and the most severe transcript of each allele, from columns of rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.chunk import WORST_SCHEMA
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.output.mature_peptides import MaturePeptides
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.so_terms import impact, names
from annotator.engine.reference.gene_models import ContigModels

_FIELDS = ("exon", "intron", "hgvsc", "hgvsp", "cdna", "cds", "protein", "amino_acids", "codons")
"""Groups of fields of CSQ that are empty together most of the time, in their order."""


class Assembler:
    """Writes entries for the transcripts of one contig."""

    def __init__(self, models: ContigModels) -> None:
        self._models = models
        size = models.size
        canonical = pc.if_else(models.table["canonical"].combine_chunks(), "YES", "")
        fixed = pa.array(["Transcript"] * size, pa.string())
        front = [models.strings(name) for name in ("symbol", "gene")] + [fixed]
        front += [models.strings(name) for name in ("id", "biotype")]
        strand = pa.array(models.strand).cast(pa.string())
        back = [strand, models.strings("flags"), canonical, models.strings("mane")]
        # One more for alleles that no transcript is near to: index -1 is taken from the end.
        self._front = pa.concat_arrays([pc.binary_join_element_wise(*front, "", "|"), pa.array(["|||||"])])
        self._back = pa.concat_arrays([pc.binary_join_element_wise(*back, "", "|"), pa.array(["||||"])])
        self._peptides = MaturePeptides(models)
        mane = pc.binary_length(models.strings("mane")).to_numpy() > 0
        chosen = models.table["canonical"].to_numpy() | mane
        #: Between transcripts with the same term: named ones first, then those of coding genes.
        self._preference = np.concatenate([np.where(chosen, 0, 2) + np.where(models.protein_coding, 0, 1), [0]])

    def _at(self, transcript: np.ndarray) -> pa.Array:
        return pa.array(np.where(transcript < 0, self._models.size, transcript))

    def entries(
        self, all_rows: list[Rows], alleles: Alleles, pairs: Pairs, existing: pa.Array | None, follows: np.ndarray
    ) -> list[pa.StringArray]:
        """Entries of CSQ, one a row; those of pairs that follow others of their record begin with a comma."""
        text = [
            pc.binary_join_element_wise(alleles.text, "|", ""),
            pc.binary_join_element_wise(",", alleles.text, "|", ""),
        ]
        begins = pa.concat_arrays(text)
        return [self._entries(rows, begins, pairs, existing, follows[rows.pair]) for rows in all_rows]

    def _entries(
        self, rows: Rows, begins: pa.StringArray, pairs: Pairs, existing: pa.Array | None, follows: np.ndarray
    ) -> pa.StringArray:
        allele = pairs.allele[rows.pair]
        transcript = self._at(pairs.transcript[rows.pair])
        parts: list[pa.Array | str] = [begins.take(pa.array(allele + follows * (len(begins) // 2)))]
        parts += [_named(rows.terms), self._front.take(transcript)]
        gap = ""
        for name in _FIELDS:
            texts = rows.parts(name)
            if texts:
                parts += [gap, *texts] if gap else texts
                gap = ""
            gap += "|"
        if existing is not None:
            parts += [gap, pc.fill_null(existing.take(pa.array(allele)), "")]
            gap = ""
        gap += "|"
        distance = rows.text("distance")
        if distance is not None:
            parts += [gap, distance]
            gap = ""
        parts += [gap + "|", self._back.take(transcript)]
        peptides = self._peptides.texts(pairs.transcript[rows.pair], rows)
        if peptides is not None:
            parts.append(peptides)
        return pc.binary_join_element_wise(*parts, "")

    def most_severe(self, all_rows: list[Rows], pairs: Pairs, alleles: int) -> pa.RecordBatch:
        """For each allele the pair with the most severe consequence, and what is said of it."""
        if not len(pairs):
            return pa.RecordBatch.from_pylist([], schema=WORST_SCHEMA)
        terms = np.zeros(len(pairs), dtype=np.int64)
        for rows in all_rows:
            terms[rows.pair] = rows.terms
        rank = np.log2(terms & -terms).astype(np.int64)
        score = (rank * 4 + self._preference[pairs.transcript]) * len(pairs) + np.arange(len(pairs))
        best = np.full(alleles, np.iinfo(np.int64).max)
        np.minimum.at(best, pairs.allele, score)
        chosen = best % max(1, len(pairs))
        picked = [(rows, np.flatnonzero(chosen[pairs.allele[rows.pair]] == rows.pair)) for rows in all_rows]
        picked = [(rows, mine) for rows, mine in picked if len(mine)]
        owner = np.concatenate([pairs.allele[rows.pair[mine]] for rows, mine in picked])
        order = np.empty(alleles, dtype=np.int64)
        order[owner] = np.arange(alleles)
        return self._batch(picked, pa.array(order), terms[chosen], pairs.transcript[chosen])

    def _batch(
        self, picked: list[tuple[Rows, np.ndarray]], order: pa.Array, terms: np.ndarray, transcript: np.ndarray
    ) -> pa.RecordBatch:
        """What is said of some rows, in an order of their own; terms and transcripts are in that order."""
        models, count = self._models, len(order)
        index = pa.array(np.where(transcript < 0, 0, transcript), mask=transcript < 0)

        def of(name: str) -> pa.Array:
            texts = [rows.chosen(name, mine) for rows, mine in picked]
            if not any(text is not None for text in texts):
                return pa.nulls(count, pa.string())
            blanks = (pa.nulls(len(mine), pa.string()) for _, mine in picked)
            parts = [blank if text is None else text for text, blank in zip(texts, blanks, strict=True)]
            found = pa.concat_arrays(parts).take(order)
            return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)

        def owned(name: str) -> pa.Array:
            return models.strings(name).take(index) if models.size else pa.nulls(count, pa.string())

        protein = pc.extract_regex(of("protein"), r"^(?:\?-)?(?P<first>\d+)")
        columns = {
            "term": _by_terms(terms, lambda mask: names(mask & -mask)),
            "consequence": _by_terms(terms, names),
            "impact": _by_terms(terms, impact),
            "gene": owned("symbol"),
            "gene_id": owned("gene"),
            "transcript": owned("id"),
            "biotype": owned("biotype"),
            "exon": of("exon"),
            "intron": of("intron"),
            "hgvsc": of("hgvsc"),
            "hgvsp": of("hgvsp"),
            "cdna_position": of("cdna"),
            "cds_position": of("cds"),
            "protein_position": pc.struct_field(protein, "first").cast(pa.int32()),
            "amino_acids": of("amino_acids"),
            "codons": of("codons"),
            "distance": of("distance").cast(pa.int32()),
            "strand": pa.array(models.strand, pa.int8()).take(index) if models.size else pa.nulls(count, pa.int8()),
        }
        return pa.RecordBatch.from_pydict(columns, schema=WORST_SCHEMA)


def _by_terms(terms: np.ndarray, text) -> pa.StringArray:  # type: ignore[no-untyped-def]
    encoded = pa.array(terms).dictionary_encode()
    return pa.array([text(mask) for mask in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _named(terms: np.ndarray) -> pa.StringArray:
    return _by_terms(terms, lambda mask: f"{names(mask)}|{impact(mask)}|")


def following(record: np.ndarray) -> np.ndarray:
    """Which elements follow another of the same record; ``record`` ascends."""
    found: np.ndarray = np.diff(record, prepend=-1) == 0
    return found


def joined(entries: pa.StringArray, record: np.ndarray, records: int) -> pa.BinaryArray:
    """Entries of each record as one text, without a copy; null for records without one. ``record`` ascends."""
    counts = np.bincount(record, minlength=records)
    starts = np.frombuffer(entries.buffers()[1], np.int32)[entries.offset : entries.offset + len(entries) + 1]
    ends = starts[np.concatenate([[0], np.cumsum(counts)])]
    there = np.packbits(counts > 0, bitorder="little")
    buffers = [pa.py_buffer(there), pa.py_buffer(ends), entries.buffers()[2] or pa.py_buffer(b"")]
    return pa.Array.from_buffers(pa.binary(), records, buffers)
