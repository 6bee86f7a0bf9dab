"""The sequence of a contig: random bases with the human GC content, and splice sites and reading frames of its genes.

Codons that an exon boundary divides never begin with T, so that no isoform, whatever exons it joins, has a stop codon
there.
"""

from __future__ import annotations

import numpy as np

from tests.performance.genome import refseq
from tests.performance.genome.genes import Genes, offsets_of

LETTERS = np.frombuffer(b"ACGT", np.uint8)
COMPLEMENT = np.zeros(256, np.uint8)
COMPLEMENT[LETTERS] = LETTERS[::-1]
_CODONS = np.array([[a, b, c] for a in b"ACGT" for b in b"ACGT" for c in b"ACGT"], np.uint8)
_STOPS = np.array([list(b"TAA"), list(b"TAG"), list(b"TGA")], np.uint8)
_SENSE = _CODONS[~(_CODONS[:, None] == _STOPS).all(2).any(1)]
_UNLIKE_STOPS = _CODONS[_CODONS[:, 0] != ord("T")]
_PALETTE = np.repeat(LETTERS, [round(128 * share) for share in (1 - refseq.GC, refseq.GC, refseq.GC, 1 - refseq.GC)])
"""Letters from which bases are drawn, all as often."""


def make(rng: np.random.Generator, length: int, genes: Genes) -> np.ndarray:
    """The bases of a contig as letters, ``(length,) uint8``."""
    bases = _PALETTE[rng.integers(0, len(_PALETTE), length, np.uint8)]
    _write_splice_sites(bases, genes)
    _write_frames(rng, bases, genes)
    return bases


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """All numbers of ranges, one after the other, ``(sum of lengths,) int64``."""
    offsets = offsets_of(lengths)
    return np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])


def _write(bases: np.ndarray, genes: Genes, gene: np.ndarray, at: np.ndarray, letters: np.ndarray) -> None:
    """Write letters at places (0-based) in genes, each on the strand of its gene."""
    reverse = genes.reverse[gene]
    place = np.where(reverse, genes.span[gene] - 1 - at, at) + genes.start[gene] - 1
    bases[place] = np.where(reverse, COMPLEMENT[letters], letters)


def _write_splice_sites(bases: np.ndarray, genes: Genes) -> None:
    """GT after each exon but the last one, and AG before each but the first one."""
    of = genes.structure
    donors, acceptors = of.number < of.counts[of.gene] - 1, of.number > 0
    for exons, ends, by, letter in (
        (donors, of.end, 0, "G"),
        (donors, of.end, 1, "T"),
        (acceptors, of.start, -2, "A"),
        (acceptors, of.start, -1, "G"),
    ):
        where = np.flatnonzero(exons)
        _write(bases, genes, of.gene[where], ends[where] + by, np.full(len(where), ord(letter), np.uint8))


def _write_frames(rng: np.random.Generator, bases: np.ndarray, genes: Genes) -> None:
    of = genes.structure
    code = np.flatnonzero(of.coding[of.gene] & (of.code_end > of.code_start))
    lengths = of.code_end[code] - of.code_start[code]
    offsets = offsets_of(lengths)
    codons = _SENSE[rng.integers(0, len(_SENSE), offsets[-1] // 3)]
    divided = np.unique(offsets[:-1][offsets[:-1] % 3 != 0] // 3)
    codons[divided] = _UNLIKE_STOPS[rng.integers(0, len(_UNLIKE_STOPS), len(divided))]
    starts = offsets[:-1][np.diff(of.gene[code], prepend=-1) != 0] // 3
    codons[starts] = np.frombuffer(b"ATG", np.uint8)
    codons[np.append(starts, len(codons))[1:] - 1] = _STOPS[rng.integers(0, len(_STOPS), len(starts))]
    _write(bases, genes, np.repeat(of.gene[code], lengths), ranges(of.code_start[code], lengths), codons.reshape(-1))
