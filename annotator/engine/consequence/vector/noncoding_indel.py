"""Terms of many pure insertions and deletions at once that touch no codon: in introns, UTRs and other exons.

The rules are those of :mod:`annotator.engine.consequence.scalar.placement` for one range inside one exon or one intron.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.scalar.placement import STRETCH
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector.positions import Places, locate
from annotator.engine.consequence.vector.snv import transcript_terms
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

    def touch(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Whether they meet other ranges; an insertion does when both its neighbours lie in them."""
        found: np.ndarray = (self.end >= first) & (self.start <= last)
        return found


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
    stretched &= (low - ranges.first < STRETCH) | (ranges.last - high < STRETCH)
    found: np.ndarray = inside & (untranslated | ~exonic) & ~stretched
    return found


def indel_terms(models: ContigModels, ranges: Ranges) -> np.ndarray:
    """All terms of pairs that :func:`outside_codons` tells."""
    transcript, exonic = ranges.transcript, ranges.places.exonic
    forward = models.strand[transcript] > 0
    insertion = ranges.start > ranges.end
    first, last, touch = ranges.first, ranges.last, ranges.touch
    intron = ~exonic
    low, high = np.minimum(ranges.start, ranges.end), np.maximum(ranges.start, ranges.end)
    left, right = intron & touch(first, first + 1), intron & touch(last - 1, last)
    donor, acceptor = np.where(forward, left, right), np.where(forward, right, left)
    fifth = intron & np.where(forward, touch(first + 4, first + 4), touch(last - 4, last - 4))
    region = intron & np.where(forward, touch(first + 2, first + 5), touch(last - 5, last - 2)) & ~fifth
    from_acceptor = (low <= last - 2) & (high >= last - 16), (low <= first + 16) & (high >= first + 2)
    tract = intron & np.where(forward, *from_acceptor)
    inner = insertion & ((ranges.start == first + 2) | (ranges.end == last - 2))
    near = intron & (touch(first + 2, first + 7) | touch(last - 7, last - 2) | inner)
    has_left = ranges.places.exon > models.exon_offset[transcript]
    has_right = ranges.places.exon < models.exon_offset[transcript + 1] - 1
    near |= exonic & ((touch(first, first + 2) & has_left) | (touch(last - 2, last) & has_right))
    near &= ~(left | right | region | fifth)
    terms = transcript_terms(models, transcript, exonic)
    untranslated = exonic & models.is_coding[transcript]
    before = (high < models.coding_start[transcript]) == forward
    for chosen, term in (
        (donor, "splice_donor_variant"),
        (acceptor, "splice_acceptor_variant"),
        (fifth, "splice_donor_5th_base_variant"),
        (region, "splice_donor_region_variant"),
        (tract, "splice_polypyrimidine_tract_variant"),
        (near, "splice_region_variant"),
        (intron & (touch(first + 2, last - 2) | inner), "intron_variant"),
        (untranslated & before, "5_prime_UTR_variant"),
        (untranslated & ~before, "3_prime_UTR_variant"),
    ):
        terms |= np.where(chosen, BIT[term], 0)
    return terms
