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
    """

    rows: list[Rows]
    pairs: Pairs
    terms: np.ndarray

    def kept(self, at: np.ndarray) -> Overlaps:
        """Some of them, by their indices, which ascend."""
        number = np.full(len(self.pairs), -1)
        number[at] = np.arange(len(at))
        rows = [one for one in (rows.kept(number) for rows in self.rows) if len(one)]
        return Overlaps(rows, Pairs(self.pairs.allele[at], self.pairs.transcript[at]), self.terms[at])


def restricted(found: Overlaps, alleles: Alleles, picker: Picker, entries: Entries) -> Overlaps:
    """The overlaps that are left, at least one an allele.

    For ``most-severe`` each allele has one, without a transcript, which has the most severe term of the allele alone.
    """
    if entries == "pick":
        return found.kept(np.sort(picker.choose(alleles, found.pairs, found.terms).picked))
    if entries == "per-gene":
        return found.kept(picker.first_of_genes(found.pairs, found.terms))
    if entries == "most-severe":
        terms = found.terms[picker.choose(alleles, found.pairs, found.terms).most_severe]
        every = np.arange(len(alleles))
        worst = terms & -terms
        return Overlaps([Rows(every, worst)], Pairs(every, np.full(len(alleles), -1)), worst)
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
