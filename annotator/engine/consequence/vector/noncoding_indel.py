"""Terms of many pure insertions and deletions at once that touch no codon: in introns, UTRs and other exons.

The rules are those of :mod:`annotator.engine.consequence.scalar.placement` for one range inside one exon or one intron.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.region_rules import EXON_STRETCH
from annotator.engine.consequence.vector.positions import Places, locate
from annotator.engine.reference.gene_models import ContigModels


@dataclass
class Ranges:
    """Insertions and deletions with transcripts that hold them, one element a pair.

    ``start`` is ``end + 1`` for an insertion; ``first`` and ``last`` are the ends of the exon or intron.
    """

    transcript: np.ndarray
    start: np.ndarray
    end: np.ndarray
    places: Places
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels) -> Ranges:
        """Ranges of some pairs, in the exon or intron of their lowest base."""
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        start, end = alleles.start[allele], alleles.end[allele]
        low = np.maximum(np.minimum(start, end), models.start[transcript])
        places = locate(models, transcript, low)
        return cls(transcript, start, end, places, low - places.from_left, low + places.from_right)


def outside_codons(alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels) -> np.ndarray:
    """Which pairs are pure insertions or deletions that lie whole in one intron or an untranslated part of one exon."""
    transcript, allele = pairs.transcript[at], pairs.allele[at]
    ranges = Ranges.of(alleles, pairs, at, models)
    low, high = np.minimum(ranges.start, ranges.end), np.maximum(ranges.start, ranges.end)
    inside = np.isin(alleles.kind[allele], (INSERTION, DELETION)) & (low >= models.start[transcript])
    inside &= (high <= ranges.last) & (high <= models.end[transcript])
    exonic = ranges.places.exonic
    untranslated = ~models.is_coding[transcript] | (high < models.coding_start[transcript])
    untranslated |= low > models.coding_end[transcript]
    # A base next to an exon of a transcript with a frameshift intron counts as touching it.
    stretched = models.frameshift_introns[transcript] & ~exonic
    stretched &= (low - ranges.first < EXON_STRETCH) | (ranges.last - high < EXON_STRETCH)
    found: np.ndarray = inside & (untranslated | ~exonic) & ~stretched
    return found
