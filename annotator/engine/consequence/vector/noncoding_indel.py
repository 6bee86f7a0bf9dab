"""Pure insertions and deletions that touch no codon, many at once: those in introns, UTRs and other untranslated exons.

Their terms are those of :mod:`annotator.engine.consequence.vector.region_terms`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.region_rules import EXON_STRETCH
from annotator.engine.consequence.vector.positions import TranscriptPositions, locate
from annotator.engine.reference.gene_models import ContigModels


@dataclass
class Ranges:
    """Insertions and deletions in transcripts, and the exon or intron of their lowest base; one element a pair.

    Attributes:
        transcript: (n,) int64, index of the transcript.
        start: (n,) int64, first base that is deleted, 1-based; ``end + 1`` for an insertion.
        end: (n,) int64, last base that is deleted, inclusive.
        places: exon or intron of the lowest base; the first of the transcript where the allele begins before it.
        first: (n,) int64, lowest base of that exon or intron.
        last: (n,) int64, highest base of it, inclusive.
    """

    transcript: np.ndarray
    start: np.ndarray
    end: np.ndarray
    places: TranscriptPositions
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels) -> Ranges:
        """Locate the alleles of some pairs; ``at`` is (n,) int64, their indices."""
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        start, end = alleles.start[allele], alleles.end[allele]
        low = np.maximum(np.minimum(start, end), models.start[transcript])
        places = locate(models, transcript, low)
        return cls(transcript, start, end, places, low - places.from_left, low + places.from_right)


def outside_codons(alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels) -> np.ndarray:
    """Whether pairs are pure insertions or deletions that lie within one intron or an untranslated part of one exon.

    Args:
        alleles: of the chunk.
        pairs: of the chunk.
        at: (n,) int64, indices of pairs.
        models: transcripts of the contig.

    Returns:
        (n,) bool.
    """
    transcript, allele = pairs.transcript[at], pairs.allele[at]
    ranges = Ranges.of(alleles, pairs, at, models)
    low, high = np.minimum(ranges.start, ranges.end), np.maximum(ranges.start, ranges.end)
    inside = np.isin(alleles.kind[allele], (INSERTION, DELETION)) & (low >= models.start[transcript])
    inside &= (high <= ranges.last) & (high <= models.end[transcript])
    exonic = ranges.places.exonic
    untranslated = ~models.is_coding[transcript] | (high < models.coding_start[transcript])
    untranslated |= low > models.coding_end[transcript]
    # Bases of introns that count as exon because the transcript has a frameshift intron.
    stretched = models.frameshift_introns[transcript] & ~exonic
    stretched &= (low - ranges.first < EXON_STRETCH) | (ranges.last - high < EXON_STRETCH)
    found: np.ndarray = inside & (untranslated | ~exonic) & ~stretched
    return found
