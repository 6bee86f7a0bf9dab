"""Rows of CSQ as columns: many overlaps of an allele with a transcript, and the texts of their fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.hgvs import Parts, hgvsc_texts, hgvsp_texts
from annotator.engine.consequence.overlaps import Pairs
from annotator.engine.consequence.scalar.rows import ScalarRow

_SPANS = ("cdna", "cds", "protein")
"""Fields of :class:`ScalarRow` that are positions."""


@dataclass
class Rows:
    """Some of the overlaps of a chunk.

    Attributes:
        pair: ``(n,) int64``, their indices.
        terms: ``(n,) int64``, consequence terms as bits.
        texts: by field of CSQ; a column with one value an overlap, or columns and scalars to be joined. Fields that are
            empty for all are absent.
    """

    pair: np.ndarray
    terms: np.ndarray
    texts: dict[str, pa.Array | Parts] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pair)

    def parts(self, name: str) -> Parts:
        """What is to be joined to the texts of a field; nothing when all are empty."""
        found = self.texts.get(name, [])
        return found if isinstance(found, list) else [found]

    def text(self, name: str) -> pa.Array | None:
        """The texts of a field; None when all are empty."""
        return _joined(self.parts(name))

    def kept(self, number: np.ndarray) -> Rows:
        """The rows of some overlaps.

        Args:
            number: new index of each overlap of the chunk, ``int64``; negative for those that are left out.
        """
        at = np.flatnonzero(number[self.pair] >= 0)
        index = pa.array(at)
        texts: dict[str, pa.Array | Parts] = {
            name: [one.take(index) if isinstance(one, pa.Array) else one for one in self.parts(name)]
            for name in self.texts
        }
        return Rows(number[self.pair[at]], self.terms[at], texts)

    def chosen(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """The texts of a field of some rows; None when all are empty."""
        index = pa.array(rows)
        return _joined([one.take(index) if isinstance(one, pa.Array) else one for one in self.parts(name)])


def _joined(parts: Parts) -> pa.Array | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return pc.binary_join_element_wise(*parts, "")


def rows_of(pair: np.ndarray, found: list[ScalarRow], names: pa.StringArray, proteins: pa.StringArray) -> Rows:
    """Rows that were worked out one at a time, as columns; what they say is written here.

    Args:
        pair: ``(n,) int64``, indices of the pairs.
        found: ``n`` rows.
        names: ``(n,)``, of their transcripts, with ``:c.`` or ``:n.``.
        proteins: ``(n,)``, names of their proteins, with ``:p.``.
    """
    columns = dict(
        zip(ScalarRow._fields, zip(*found, strict=True) if found else [()] * len(ScalarRow._fields), strict=True)
    )
    texts: dict[str, pa.Array | Parts] = {
        "hgvsc": hgvsc_texts(columns["hgvsc"], names),
        "hgvsp": hgvsp_texts(columns["hgvsp"], proteins),
    }
    for name in ("exon", "intron", "amino_acids", "codons"):
        texts[name] = pa.array(columns[name], pa.string())
    spans = [span or (None, None) for name in _SPANS for span in columns[name]]
    written = span_texts(*(pa.array([span[end] for span in spans], pa.int64()) for end in (0, 1)))
    for at, name in enumerate(_SPANS):
        texts[name] = written.slice(at * len(found), len(found))
    return Rows(pair, np.array(columns["terms"], dtype=np.int64), texts)


def span_texts(start: pa.Int64Array, end: pa.Int64Array) -> pa.StringArray:
    """Ranges of positions as VEP writes them: the lower one first, one when they are the same, ``?`` for a null."""
    low, high = pc.min_element_wise(start, end), pc.max_element_wise(start, end)
    if low.null_count + start.null_count + end.null_count == 0:
        texts = [low.cast(pa.string()), high.cast(pa.string())]
        return pc.if_else(pc.equal(low, high), texts[0], pc.binary_join_element_wise(*texts, "-"))
    known = pc.and_(start.is_valid(), end.is_valid())
    ends = pc.if_else(known, low, start), pc.if_else(known, high, end)
    texts = [pc.fill_null(one.cast(pa.string()), "?") for one in ends]
    several = pc.binary_join_element_wise(*texts, "-")
    return pc.if_else(low.is_valid(), pc.if_else(pc.equal(*texts), texts[0], several), "")


class Overlaps(NamedTuple):
    """Overlaps of the alleles of a chunk.

    Attributes:
        rows: of all of them.
        pairs: the n overlaps.
        terms: ``(n,) int64``, their terms as bits.
        alone: how many of them, the first ones, are of one record; the others are compounds.
    """

    rows: list[Rows]
    pairs: Pairs
    terms: np.ndarray
    alone: int

    def kept(self, at: np.ndarray) -> Overlaps:
        """Some of them, by their indices, which ascend."""
        number = np.full(len(self.pairs), -1)
        number[at] = np.arange(len(at))
        rows = [one for one in (rows.kept(number) for rows in self.rows) if len(one)]
        pairs = Pairs(self.pairs.allele[at], self.pairs.transcript[at])
        return Overlaps(rows, pairs, self.terms[at], int((at < self.alone).sum()))

    def with_compounds(self, at: np.ndarray) -> Overlaps:
        """Some of those of one record, by their indices, which ascend, and the compounds of the same transcripts."""
        key = self.pairs.keys()
        together = self.alone + np.flatnonzero(np.isin(key[self.alone :], key[at]))
        return self.kept(np.concatenate([at, together]))
