"""Positions of many bases of the genome in many transcripts at once, and their HGVS names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.hgvs import Parts, position_parts
from annotator.engine.reference.gene_models import ContigModels


@dataclass
class TranscriptPositions:
    """The exons or introns in which bases of the genome lie; all arrays have one element a pair of base and transcript.

    Attributes:
        transcript: (n,) int64, index of the transcript.
        exon: (n,) int64, index among all exons of the contig: the exon that holds the base, or that before the intron
            which does. "Before" is in the order of the genome, whatever the strand.
        exonic: (n,) bool, whether it is an exon that holds the base.
        from_left: (n,) int64, bases between this one and the lowest one of the exon or intron; 0 for the lowest.
        from_right: (n,) int64, the same to the highest one.
    """

    transcript: np.ndarray
    exon: np.ndarray
    exonic: np.ndarray
    from_left: np.ndarray
    from_right: np.ndarray


def locate(models: ContigModels, transcript: np.ndarray, position: np.ndarray) -> TranscriptPositions:
    """Find bases in transcripts.

    Args:
        models: transcripts of the contig.
        transcript: (n,) int64, indices of transcripts.
        position: (n,) int64, 1-based positions, each between start and end of its transcript.
    """
    exon = np.searchsorted(models.exon_keys, models.key(transcript, position), "right") - 1
    last = models.exon_end[exon]
    exonic = position <= last
    following = models.exon_start[np.minimum(exon + 1, len(models.exon_start) - 1)]
    left = np.where(exonic, position - models.exon_start[exon], position - last - 1)
    right = np.where(exonic, last - position, following - 1 - position)
    return TranscriptPositions(transcript, exon, exonic, left, right)


def cdna(models: ContigModels, places: TranscriptPositions) -> np.ndarray:
    """Positions in the spliced transcripts, from 1: (n,) int64, right for bases of exons only."""
    forward = models.strand[places.transcript] > 0
    found: np.ndarray = models.exon_cdna[places.exon] + np.where(forward, places.from_left, places.from_right)
    return found


def named(models: ContigModels, places: TranscriptPositions) -> Parts:
    """HGVS names of bases (``12``, ``-40+977``, ``*5``).

    A base of an intron is named after the nearer exon, in the middle after the one that is transcribed first; see
    "Numbering" in the HGVS nomenclature.

    Returns:
        four arrays of n strings, to be joined element by element: ``*`` behind the coding sequence, position in the
        coding sequence (or in a transcript without one), ``+`` and distance into the intron.
    """
    forward = models.strand[places.transcript] > 0
    up, down = places.from_left + 1, places.from_right + 1
    nearer_left = (up < down) | ((up == down) & forward)
    anchor_exon = np.where(places.exonic | nearer_left, places.exon, places.exon + 1)
    size = models.exon_end[anchor_exon] - models.exon_start[anchor_exon]
    from_left = np.where(places.exonic, places.from_left, np.where(nearer_left, size, 0))
    inside = np.where(forward, from_left, size - from_left)
    number = models.exon_cdna[anchor_exon] + inside
    offset = np.where(nearer_left == forward, 1, -1) * np.where(nearer_left, up, down)
    offset = np.where(places.exonic, 0, offset)
    first, last = models.cdna_coding[0][places.transcript], models.cdna_coding[1][places.transcript]
    coding = first > 0
    behind = coding & (number > last)
    recount = np.where(models.numbered_as_read[places.transcript], models.read(places.transcript, number)[0], 0)
    within = number - first + (number >= first) + recount
    number = np.where(behind, number - last, np.where(coding, within, number))
    return position_parts(number, offset, behind)
