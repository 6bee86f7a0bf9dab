"""Terms of many changes that follow from where they lie: in an intron, a UTR or another exon, or beside a transcript.

Each change within a transcript lies in one exon or one intron. The distances are those of
:mod:`annotator.engine.consequence.region_rules`.
"""

from __future__ import annotations

import numpy as np

from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.region_rules import EXON_STRETCH, flank_terms, given, intron_terms, utr_terms
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector.positions import Places
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


def region_terms(models: ContigModels, places: Places, start: np.ndarray, end: np.ndarray) -> np.ndarray:
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
    found = np.zeros(len(transcript), dtype=np.int64)
    before = exonic & (places.exon > models.exon_offset[transcript])
    behind = places.exon < models.exon_offset[transcript + 1] - 1
    for left_exon, there in ((places.exon - 1, before), (places.exon, behind)):
        at = np.flatnonzero(there)
        left = left_exon[at]
        intron = models.exon_end[left] + 1, models.exon_start[left + 1] - 1
        found[at] |= intron_terms(strand[at], intron, (start[at], end[at]))
    at = np.flatnonzero(exonic & coding)
    owner = transcript[at]
    whole = models.start[owner], models.end[owner]
    found[at] |= utr_terms(
        strand[at], whole, (models.coding_start[owner], models.coding_end[owner]), (start[at], end[at])
    )
    length = np.abs(end - start)
    edge = np.minimum(places.from_left, places.from_right - length)
    counts_as_exon = exonic | (models.frameshift_introns[transcript] & (edge < EXON_STRETCH))
    found = given(found, counts_as_exon)
    found |= _transcript_terms(models, transcript, exonic)
    return found


def _transcript_terms(models: ContigModels, transcript: np.ndarray, exonic: np.ndarray) -> np.ndarray:
    """Terms that follow from the kind of the transcript: (n,) int64."""
    other = np.where(exonic, BIT["non_coding_transcript_exon_variant"], BIT["non_coding_transcript_variant"])
    terms: np.ndarray = np.where(models.is_coding[transcript], 0, other)
    terms |= np.where(models.decay[transcript], BIT["NMD_transcript_variant"], 0)
    return terms
