"""Consequences of many simple changes at once: single bases anywhere in transcripts, and what lies beside them.

The terms, texts and names are those of :mod:`annotator.engine.consequence.scalar.effect` and its neighbours, which
look at one pair at a time; what does not fit here (codons at the ends of the coding sequence, frameshift introns, ...)
is left to them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.consequence.allele import SUBSTITUTION
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.scalar.placement import STRETCH
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector.positions import Places
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.nucleotides import BASE_INDEX


def flank_terms(alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels) -> tuple[np.ndarray, np.ndarray]:
    """Terms and distances of pairs whose allele lies outside the transcript."""
    start, end = alleles.start[pairs.allele[at]], alleles.end[pairs.allele[at]]
    transcript = pairs.transcript[at]
    first, last, forward = models.start[transcript], models.end[transcript], models.strand[transcript] > 0
    upstream = (end < first) == forward
    distance = np.minimum.reduce([np.abs(start - first), np.abs(start - last), np.abs(end - first), np.abs(end - last)])
    return np.where(upstream, BIT["upstream_gene_variant"], BIT["downstream_gene_variant"]), distance


def in_odd_spot(models: ContigModels, transcript: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether changes lie where introns or exons are too short for the rules of single ones."""
    found = np.zeros(len(transcript), dtype=bool)
    present = np.zeros(models.size, dtype=bool)
    present[transcript] = True
    for owner, first, last in models.odd_spots:
        if present[owner]:
            found |= (transcript == owner) & (low <= last) & (high >= first)
    return found


def transcript_terms(models: ContigModels, transcript: np.ndarray, exonic: np.ndarray) -> np.ndarray:
    """Terms that come from the kind of the transcript alone."""
    coding = models.is_coding[transcript]
    decay = models.decay[transcript]
    other = ~coding
    terms = np.where(decay, BIT["NMD_transcript_variant"], 0)
    terms |= np.where(other & exonic, BIT["non_coding_transcript_exon_variant"], 0)
    return terms | np.where(other & ~exonic, BIT["non_coding_transcript_variant"], 0)


def single_base_terms(models: ContigModels, places: Places, position: np.ndarray) -> np.ndarray:
    """All terms of single bases within transcripts but for those of their codons."""
    transcript = places.transcript
    forward = models.strand[transcript] > 0
    exonic = places.exonic
    terms = transcript_terms(models, transcript, exonic)
    # Introns: distances from the ends of the intron, in the direction of the transcript.
    from_donor = np.where(forward, places.from_left, places.from_right)
    from_acceptor = np.where(forward, places.from_right, places.from_left)
    intron = ~exonic
    donor, acceptor = intron & (from_donor <= 1), intron & (from_acceptor <= 1)
    fifth = intron & (from_donor == 4)
    region = intron & (from_donor >= 2) & (from_donor <= 5) & ~fifth
    # A base next to an exon of a transcript with a frameshift intron counts as touching it.
    stretched = models.frameshift_introns[transcript] & (np.minimum(from_donor, from_acceptor) < STRETCH)
    tract = intron & (from_acceptor >= 2) & (from_acceptor <= 16) & ~stretched
    near = intron & (_between(from_donor, 2, 7) | _between(from_acceptor, 2, 7))
    first_exon = places.exon == models.exon_offset[transcript]
    last_exon = places.exon == models.exon_offset[transcript + 1] - 1
    near |= exonic & (((places.from_left <= 2) & ~first_exon) | ((places.from_right <= 2) & ~last_exon))
    near &= ~(donor | acceptor | region | fifth)
    terms |= np.where(donor, BIT["splice_donor_variant"], 0) | np.where(acceptor, BIT["splice_acceptor_variant"], 0)
    terms |= np.where(fifth, BIT["splice_donor_5th_base_variant"], 0)
    terms |= np.where(region, BIT["splice_donor_region_variant"], 0)
    terms |= np.where(tract, BIT["splice_polypyrimidine_tract_variant"], 0)
    terms |= np.where(near, BIT["splice_region_variant"], 0)
    terms |= np.where(intron & (from_donor >= 2) & (from_acceptor >= 2), BIT["intron_variant"], 0)
    untranslated = exonic & models.is_coding[transcript]
    before = untranslated & (position < models.coding_start[transcript])
    after = untranslated & (position > models.coding_end[transcript])
    terms |= np.where(np.where(forward, before, after), BIT["5_prime_UTR_variant"], 0)
    return terms | np.where(np.where(forward, after, before), BIT["3_prime_UTR_variant"], 0)


def _between(values: np.ndarray, low: int, high: int) -> np.ndarray:
    found: np.ndarray = (values >= low) & (values <= high)
    return found


def plain_single_bases(alleles: Alleles) -> np.ndarray:
    """Which alleles replace one known base by another known one."""
    plain: np.ndarray = alleles.kind == SUBSTITUTION
    for texts in (alleles.ref, alleles.alt):
        plain &= base_index(texts, plain) < 4
    return plain


def base_index(texts: pa.StringArray, single: np.ndarray) -> np.ndarray:
    """Index of the base (A, C, G, T, other) of texts that are single bases; 4 for others."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    found = np.full(len(texts), 4, dtype=np.int64)
    found[single] = BASE_INDEX[data[offsets[:-1][single]]]
    return found
