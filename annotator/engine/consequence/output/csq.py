"""Entries of CSQ as text, from columns of rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.hgvs import Parts
from annotator.engine.consequence.output.csq_fields import (
    Facts,
    Field,
    OfAllele,
    OfEntry,
    OfTerms,
    OfTranscript,
)
from annotator.engine.consequence.output.csq_rows import Rows
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
