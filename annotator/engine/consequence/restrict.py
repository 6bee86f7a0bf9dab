"""Which overlaps of alleles and transcripts are left if not all entries are written."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.pick import Picker, severity
from annotator.engine.consequence.reporting import Entries


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
        key = self.pairs.allele * (int(self.pairs.transcript.max(initial=0)) + 2) + self.pairs.transcript
        together = self.alone + np.flatnonzero(np.isin(key[self.alone :], key[at]))
        return self.kept(np.concatenate([at, together]))


def restricted(found: Overlaps, alleles: Alleles, picker: Picker, entries: Entries) -> Overlaps:
    """The overlaps that are left, at least one an allele.

    For ``most-severe`` each allele has one, without a transcript, which has the most severe term of the allele alone.
    """
    if entries == "pick":
        return found.with_compounds(np.sort(picker.choose(alleles, found.pairs, found.terms, found.alone).picked))
    if entries == "per-gene":
        pairs = Pairs(found.pairs.allele[: found.alone], found.pairs.transcript[: found.alone])
        return found.with_compounds(picker.first_of_genes(pairs, found.terms[: found.alone]))
    if entries == "most-severe":
        terms = found.terms[picker.choose(alleles, found.pairs, found.terms, found.alone).most_severe]
        every = np.arange(len(alleles))
        worst = terms & -terms
        return Overlaps([Rows(every, worst)], Pairs(every, np.full(len(alleles), -1)), worst, len(every))
    return found


def most_severe_of_records(record: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Indices of the elements with the most severe term of each record, of several the first.

    Args:
        record: ``(n,) int64``, ascending.
        terms: ``(n,) int64``, bits.
    """
    order = np.lexsort((severity(terms), record))
    found: np.ndarray = order[np.diff(record[order], prepend=-1) != 0]
    return found
