"""Positions of many bases of the genome in many transcripts at once, and their HGVS names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.hgvs import Parts, position_parts
from annotator.engine.reference.gene_models import ContigModels


@dataclass
class Places:
    """Where bases lie in transcripts, one element a pair.

    ``exon`` is the exon that holds the base, or the one before the intron that does, in ascending order;
    ``from_left`` and ``from_right`` count from the ends of the exon, or of the intron, from 0.
    """

    transcript: np.ndarray
    exon: np.ndarray
    exonic: np.ndarray
    from_left: np.ndarray
    from_right: np.ndarray


def locate(models: ContigModels, transcript: np.ndarray, position: np.ndarray) -> Places:
    """Find bases within transcripts that hold them."""
    exon = np.searchsorted(models.exon_keys, models.key(transcript, position), "right") - 1
    last = models.exon_end[exon]
    exonic = position <= last
    following = models.exon_start[np.minimum(exon + 1, len(models.exon_start) - 1)]
    left = np.where(exonic, position - models.exon_start[exon], position - last - 1)
    right = np.where(exonic, last - position, following - 1 - position)
    return Places(transcript, exon, exonic, left, right)


def cdna(models: ContigModels, places: Places) -> np.ndarray:
    """Positions in spliced transcripts, for bases of exons."""
    forward = models.strand[places.transcript] > 0
    found: np.ndarray = models.exon_cdna[places.exon] + np.where(forward, places.from_left, places.from_right)
    return found


def named(models: ContigModels, places: Places) -> Parts:
    """HGVS names of bases (``12``, ``-40+977``, ``*5``), in parts to be joined."""
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
    number = np.where(behind, number - last, np.where(coding, number - first + (number >= first), number))
    return position_parts(number, offset, behind)
