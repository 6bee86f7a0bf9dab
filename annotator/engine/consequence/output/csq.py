"""Entries of CSQ as text, and the most severe transcript of each allele, from columns of rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.chunk import WORST_SCHEMA
from annotator.engine.consequence.hgvs import Parts
from annotator.engine.consequence.output.csq_fields import (
    Facts,
    Field,
    OfAllele,
    OfEntry,
    OfTerms,
    OfTranscript,
    by_terms,
)
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.overlaps import Pairs
from annotator.engine.consequence.so_terms import impact, names
from annotator.engine.reference.gene_models import ContigModels

_BLANK = pa.array([""], pa.string())


class Assembler:
    """Writes entries for the transcripts of one contig.

    Args:
        models: transcripts of the contig.
        fields: the sub-fields to write, in their order.
    """

    def __init__(self, models: ContigModels, fields: Sequence[Field]) -> None:
        self._models = models
        #: Neighbouring fields whose values have the same kind of source, to be looked up together.
        self._runs = [list(run) for _, run in groupby(fields, key=lambda field: type(field.source))]
        of_transcripts = [at for at, run in enumerate(self._runs) if isinstance(run[0].source, OfTranscript)]
        self._fixed = {at: self._of_transcripts(self._runs[at]) for at in of_transcripts}
        mane = pc.binary_length(models.strings("mane")).to_numpy() > 0
        chosen = models.table["canonical"].to_numpy() | mane
        #: Between transcripts with the same term: named ones first, then those of coding genes.
        self._preference = np.concatenate([np.where(chosen, 0, 2) + np.where(models.protein_coding, 0, 1), [0]])

    def entries(self, all_rows: list[Rows], facts: Facts, follows: np.ndarray) -> list[pa.StringArray]:
        """Entries of CSQ, one a row; those of pairs that follow others of their record begin with a comma.

        Args:
            all_rows: of all pairs.
            facts: of the chunk.
            follows: ``(n,) bool``, whether a pair follows another one of its record.
        """
        of_alleles = {}
        for at, run in enumerate(self._runs):
            texts = [field.source.texts(facts) for field in run if isinstance(field.source, OfAllele)]
            if any(one is not None for one in texts):
                nothing = pa.nulls(len(facts.alleles), pa.string())
                of_alleles[at] = self._joined(run, [nothing if one is None else one for one in texts])
        return [self._entries(rows, facts, of_alleles, follows[rows.pair]) for rows in all_rows]

    def _joined(self, run: list[Field], texts: list[pa.StringArray]) -> pa.StringArray:
        """Texts of the fields of a run, joined by ``|``, which also follows them unless they are the last fields."""
        ending = [] if run is self._runs[-1] else [""]
        return pc.binary_join_element_wise(*(pc.fill_null(one, "") for one in texts), *ending, "|")

    def _of_transcripts(self, run: list[Field]) -> pa.StringArray:
        """Texts of a run for each transcript, and one more for alleles without a transcript: index -1 is the last."""
        texts = [field.source.texts(self._models) for field in run if isinstance(field.source, OfTranscript)]
        nothing = pa.array([""], pa.string())
        return self._joined(run, [pa.concat_arrays([one, nothing]) for one in texts])

    def _looked_up(
        self, at: int, rows: Rows, facts: Facts, of_alleles: dict[int, pa.StringArray]
    ) -> tuple[pa.StringArray, np.ndarray | pa.Array] | None:
        """Texts of the run with an index, and for each row which of them it has; None if they are not looked up."""
        run = self._runs[at]
        if at in self._fixed:
            transcript = facts.pairs.transcript[rows.pair]
            return self._fixed[at], np.where(transcript < 0, self._models.size, transcript)
        if at in of_alleles:
            return of_alleles[at], facts.pairs.allele[rows.pair]
        if isinstance(run[0].source, OfTerms):
            masks = pa.array(rows.terms).dictionary_encode()
            written = [field.source.text for field in run if isinstance(field.source, OfTerms)]
            texts = [pa.array(list(map(text, masks.dictionary.to_pylist())), pa.string()) for text in written]
            return self._joined(run, texts), masks.indices.to_numpy()
        return None

    def _entries(
        self, rows: Rows, facts: Facts, of_alleles: dict[int, pa.StringArray], follows: np.ndarray
    ) -> pa.StringArray:
        parts: Parts = []
        gap = ""  # separators since the last part: fields that are empty in all rows cost nothing else
        for at, run in enumerate(self._runs):
            found = self._looked_up(at, rows, facts, of_alleles)
            if found is not None or not at:
                texts, index = found or (_BLANK, np.zeros(len(rows), dtype=np.int64))
                if not at:  # with the comma between entries
                    index = index + follows * len(texts)
                    texts = pa.concat_arrays([texts, pc.binary_join_element_wise(",", texts, "")])
                parts += [gap, texts.take(pa.array(index))] if gap else [texts.take(pa.array(index))]
                gap = ""
            if found is None:
                for field in run:
                    values = field.source.parts(rows, facts) if isinstance(field.source, OfEntry) else []
                    if values:
                        parts += [gap, *values] if gap else values
                        gap = ""
                    gap += "|" if field is not self._runs[-1][-1] else ""
        return pc.binary_join_element_wise(*parts, gap, "")

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
            "term": by_terms(terms, lambda mask: names(mask & -mask)),
            "consequence": by_terms(terms, names),
            "impact": by_terms(terms, impact),
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
