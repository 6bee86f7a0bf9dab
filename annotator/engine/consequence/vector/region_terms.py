"""Terms of many changes that follow from where they lie: in an intron, a UTR or another exon, or beside a transcript.

Each change within a transcript lies in one exon or one intron. The distances are those of
:mod:`annotator.engine.consequence.region_rules`.
"""

from __future__ import annotations

import numpy as np

from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.region_rules import (
    EXON_REACH,
    INTRON_REACH,
    INTRON_VARIANT,
    flank_terms,
    given,
    intron_terms,
    utr_terms,
)
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector.positions import TranscriptPositions
from annotator.engine.reference.gene_models import ContigModels


def in_odd_spot(models: ContigModels, transcript: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether changes lie where introns or exons are so short that several of them count.

    Args:
        models: transcripts of the contig.
        transcript: (n,) int64, indices of transcripts.
        low: (n,) int64, lowest position of each change, 1-based.
        high: (n,) int64, highest position of each change, inclusive.

    Returns:
        (n,) bool.
    """
    found = np.zeros(len(transcript), dtype=bool)
    present = np.zeros(models.size, dtype=bool)
    present[transcript] = True
    for owner, first, last in models.odd_spots:
        if present[owner]:
            found |= (transcript == owner) & (low <= last) & (high >= first)
    return found


def outside_transcript(
    alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose allele lies upstream or downstream of the transcript.

    Args:
        alleles: of the chunk.
        pairs: of the chunk.
        at: (n,) int64, indices of those pairs.
        models: transcripts of the contig.

    Returns:
        (n,) int64 bits of terms, and (n,) int64 bases between the allele and the nearest end of the transcript, where
        an insertion is as far away as the nearer one of its neighbours.
    """
    start, end = alleles.start[pairs.allele[at]], alleles.end[pairs.allele[at]]
    transcript = pairs.transcript[at]
    first, last = models.start[transcript], models.end[transcript]
    distance = np.minimum.reduce([np.abs(start - first), np.abs(start - last), np.abs(end - first), np.abs(end - last)])
    return flank_terms(models.strand[transcript], (first, last), (start, end)), distance


def region_terms(models: ContigModels, places: TranscriptPositions, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """All terms but those of codons, for changes within one exon or one intron.

    Args:
        models: transcripts of the contig.
        places: of the lowest base of each change, n elements.
        start: (n,) int64, first base of each change, 1-based; ``end + 1`` for an insertion.
        end: (n,) int64, last base of each change, inclusive.

    Returns:
        (n,) int64 bits of terms; 0 where codons alone have a term.
    """
    transcript, exonic = places.transcript, places.exonic
    strand, coding = models.strand[transcript], models.is_coding[transcript]
    from_left, from_right = places.from_left, places.from_right - np.abs(end - start)
    # The table is evaluated for changes near an end of an intron only: it has nothing more to say of those farther off.
    reach = np.where(exonic, EXON_REACH, INTRON_REACH)
    left, right = from_left < reach, from_right < reach
    before = exonic & left & (places.exon > models.exon_offset[transcript])
    behind = np.where(exonic, right & (places.exon < models.exon_offset[transcript + 1] - 1), left | right)
    found = np.where(exonic | behind, 0, INTRON_VARIANT)
    for exon, near in ((places.exon - 1, before), (places.exon, behind)):
        at = np.flatnonzero(near)
        intron = models.exon_end[exon[at]] + 1, models.exon_start[exon[at] + 1] - 1
        found[at] |= intron_terms(strand[at], intron, (start[at], end[at]))
    at = np.flatnonzero(exonic & coding)
    owner = transcript[at]
    whole, cds = (models.start[owner], models.end[owner]), (models.coding_start[owner], models.coding_end[owner])
    found[at] |= utr_terms(strand[at], whole, cds, (start[at], end[at]))
    found = given(found, exonic)
    found |= _transcript_terms(models, transcript, exonic)
    return found


def _transcript_terms(models: ContigModels, transcript: np.ndarray, exonic: np.ndarray) -> np.ndarray:
    """Terms that follow from the kind of the transcript: (n,) int64."""
    other = np.where(exonic, BIT["non_coding_transcript_exon_variant"], BIT["non_coding_transcript_variant"])
    terms: np.ndarray = np.where(models.is_coding[transcript], 0, other)
    terms |= np.where(models.decay[transcript], BIT["NMD_transcript_variant"], 0)
    return terms
