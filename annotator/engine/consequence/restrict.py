"""Which overlaps of alleles and transcripts are left if not all entries are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotator.engine.consequence.output.csq_rows import Overlaps, Rows
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.pick import Picker, severity
from annotator.engine.consequence.reporting import Entries


def restricted(found: Overlaps, placements: Sequence[Alleles], picker: Picker, entries: Entries) -> Overlaps:
    """The overlaps that are left, at least one an allele, whose ``placements`` :meth:`Picker.choose` describes.

    For ``most-severe`` each allele has one, without a transcript, which has the most severe term of the allele alone.
    """
    if entries == "pick":
        return found.with_compounds(np.sort(picker.choose(placements, found.pairs, found.terms, found.alone).picked))
    if entries == "per-gene":
        pairs = Pairs(found.pairs.allele[: found.alone], found.pairs.transcript[: found.alone])
        return found.with_compounds(picker.first_of_genes(pairs, found.terms[: found.alone]))
    if entries == "most-severe":
        terms = found.terms[picker.choose(placements, found.pairs, found.terms, found.alone).most_severe]
        every = np.arange(len(placements[0]))
        worst = terms & -terms
        return Overlaps([Rows(every, worst)], Pairs(every, np.full(len(every), -1)), worst, len(every))
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
