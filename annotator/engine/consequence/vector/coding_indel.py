"""Many pure insertions and deletions at once that lie inside the coding part of an exon: where, and what they alter.

They touch neither the first nor the last codon, and cannot be shifted out of the exon; the others are left to the
scalar path. What is written of them is in :mod:`.coding_indel_hgvs` and :mod:`.coding_indel_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from annotator.engine.byte_columns import bytes_of, every, letters
from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.region_rules import EXON_REACH, SPLICE_REGION
from annotator.engine.consequence.three_prime_shift import rotate_rows, shift_lengths
from annotator.engine.consequence.vector.positions import locate
from annotator.engine.consequence.vector.reading_frames import FrameReader, Frames, acids_of
from annotator.engine.consequence.vector.region_terms import region_terms
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.nucleotides import COMPLEMENT

FROM_CODING = 6
"""Bases between a change, wherever it is shifted to, and the ends of the coding sequence."""
LONGEST = 30
"""Insertions of more bases, and deletions of many more, are left to the scalar path."""
LONGEST_DELETION = 500
FARTHEST = 200
"""So is what can be shifted by more bases."""
_KNOWN = letters(b"ACGT")


@dataclass(frozen=True)
class CodingIndels:
    """Insertions and deletions in coding sequences, in the direction of the transcript, one element an overlap.

    Attributes:
        pair: ``(n,) int64``, index of the overlap of allele and transcript.
        transcript: ``(n,) int64``, index of the transcript in its contig.
        exon: ``(n,) int64``, index of the exon among those of all transcripts of the contig.
        cdna: ``(n,) int64``, position of ``start`` in the spliced transcript, 1-based.
        start: ``(n,) int64``, first deleted base in the coding sequence, 1-based; ``end + 1`` for an insertion.
        end: ``(n,) int64``, last deleted base, inclusive; of an insertion the base in front.
        size: ``(n,) int64``, inserted bases; 0 for a deletion.
        room: ``(n,) int64``, bases by which it may be shifted and still lie well inside the exon.
        upstream: ``(n,) int64``, coding bases of the exon in front of it.
        splice: ``(n,) bool``, whether it touches a splice region.
        alt: ``(n, w) uint8``, the inserted bases, a row each, padded with 0.
        offset: ``(n,) int64``, index of the first coding base in :attr:`Frames.bases`, a multiple of 3.
        protein: ``(n,) int64``, amino acids of the protein.
    """

    pair: np.ndarray
    transcript: np.ndarray
    exon: np.ndarray
    cdna: np.ndarray
    start: np.ndarray
    end: np.ndarray
    size: np.ndarray
    room: np.ndarray
    upstream: np.ndarray
    splice: np.ndarray
    alt: np.ndarray
    offset: np.ndarray
    protein: np.ndarray

    def __len__(self) -> int:
        return len(self.pair)

    def take(self, chosen: np.ndarray) -> CodingIndels:
        """Some of them, by a mask or by indices."""
        return CodingIndels(*(getattr(self, one.name)[chosen] for one in fields(self)))

    @property
    def growth(self) -> np.ndarray:
        """Bases that are added: ``(n,) int64``, negative for deletions."""
        found: np.ndarray = self.size - (self.end - self.start + 1)
        return found

    @property
    def first(self) -> np.ndarray:
        """Number, from 0, of the codon in which it starts: ``(n,) int64``."""
        found: np.ndarray = (self.start - 1) // 3
        return found

    @property
    def count(self) -> np.ndarray:
        """Codons that it touches, none for an insertion between two: ``(n,) int64``."""
        found: np.ndarray = (self.end + 2) // 3 - self.first
        return found

    @property
    def grown(self) -> np.ndarray:
        """Bases of those codons afterwards: ``(n,) int64``."""
        found: np.ndarray = 3 * self.count + self.growth
        return found


def find(
    alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels, reader: FrameReader
) -> tuple[CodingIndels, Frames]:
    """Those overlaps that are pure insertions and deletions well inside the coding part of an exon.

    Args:
        alleles: of the chunk.
        pairs: overlaps of alleles and transcripts.
        at: ``(m,) int64``, indices of the overlaps in question.
        models: transcripts of the contig.
        reader: reads their sequences.

    Returns:
        The insertions and deletions, and the reading frames of their transcripts.
    """
    transcript, allele = pairs.transcript[at], pairs.allele[at]
    data, offsets = bytes_of(alleles.alt)
    size = np.diff(offsets)
    pure = np.isin(alleles.kind, (INSERTION, DELETION)) & (size <= LONGEST) & every(_KNOWN[data], offsets)
    pure &= alleles.end - alleles.start < LONGEST_DELETION
    kept = np.flatnonzero(pure[allele] & models.is_coding[transcript] & (models.start_frame == 0)[transcript])
    at, transcript, allele = at[kept], transcript[kept], allele[kept]
    start, end = alleles.start[allele], alleles.end[allele]
    low, high = np.minimum(start, end), np.maximum(start, end)
    places = locate(models, transcript, low)
    first, last = low - places.from_left, low + places.from_right
    left, right = low - first, last - high
    splice = region_terms(models, places, start, end) & SPLICE_REGION != 0
    kept = places.exonic & (right >= 0) & ~((left <= EXON_REACH) & (right <= EXON_REACH))
    coding_left, coding_right = low - models.coding_start[transcript], models.coding_end[transcript] - high
    kept = np.flatnonzero(kept & (np.minimum(coding_left, coding_right) >= FROM_CODING))
    allele, transcript = allele[kept], transcript[kept]
    forward = models.strand[transcript] > 0
    # The base that ends the shift lies in the exon, too.
    ends = (right, coding_right), (left, coding_left)
    rooms = (np.minimum(exon - 1, coding - FROM_CODING)[kept] for exon, coding in ends)
    upstream = (np.minimum(exon, coding)[kept] for exon, coding in ends[::-1])
    number = places.exon[kept]
    cdna = models.exon_cdna[number] + np.where(forward, (start - first)[kept], (last - end)[kept])
    coding = cdna - models.cdna_coding[0][transcript] + 1
    used, index = np.unique(transcript, return_inverse=True)
    frames = reader.read(used, 2 * LONGEST)
    found = CodingIndels(
        pair=at[kept],
        transcript=transcript,
        exon=number,
        cdna=cdna,
        start=coding,
        end=coding + (end - start)[kept],
        size=size[allele].astype(np.int64),
        room=np.where(forward, *rooms),
        upstream=np.where(forward, *upstream),
        splice=splice[kept],
        alt=_along(data, offsets[allele], size[allele], forward),
        offset=frames.offset[index],
        protein=frames.protein[index],
    )
    return found.take(frames.usual[index]), frames


def _along(data: np.ndarray, first: np.ndarray, size: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Inserted bases in the direction of their transcripts, a row each.

    Args:
        data: ``(m,) uint8``, bases of all alleles on the forward strand.
        first: ``(n,)``, where those of each begin.
        size: ``(n,)``, how many there are.
        forward: ``(n,) bool``, whether the transcript lies on the forward strand.

    Returns:
        ``(n, w) uint8``, padded with 0.
    """
    column = np.arange(max(1, size.max(initial=0)))
    source = np.where(forward[:, None], column, size[:, None] - 1 - column) + first[:, None]
    held = column < size[:, None]
    alt = np.zeros(held.shape, dtype=np.uint8)
    alt[held] = data[source[held]]
    return np.where(forward[:, None], alt, COMPLEMENT[alt])


def altered_residues(indels: CodingIndels, frames: Frames, code: int) -> np.ndarray:
    """Amino acids of the altered sequences from the first codon that is touched on.

    Args:
        indels: ``n`` of them.
        frames: of their transcripts.
        code: number of the genetic code.

    Returns:
        ``(n, c) uint8``, one-letter codes; as many are right as codons have inserted bases.
    """
    width = 3 * (indels.alt.shape[1] // 3 + 2)
    column = np.arange(width)
    frame = (indels.start - 1) % 3
    before = indels.offset + 3 * indels.first
    after = indels.offset + indels.end - frame - indels.size
    inside = column - frame[:, None]
    bases = frames.bases[np.where(inside < 0, before[:, None], after[:, None]) + column]
    rows, columns = np.nonzero((inside >= 0) & (inside < indels.size[:, None]))
    bases[rows, columns] = indels.alt[rows, inside[rows, columns]]
    return acids_of(bases.reshape(len(indels), width // 3, 3), code)


def shifted(indels: CodingIndels, frames: Frames) -> tuple[CodingIndels, np.ndarray]:
    """The same changes, each as far 3' as it goes, and which of them the scalar path need not see.

    Returns:
        The changes, and ``(n,) bool``: false for one that may be shifted beyond its room or :data:`FARTHEST`, or that
        may duplicate what lies upstream of the exon's coding part.
    """
    room = np.minimum(indels.room, FARTHEST)
    inserts, width = indels.size > 0, indels.alt.shape[1]
    by = shift_lengths(
        np.concatenate([frames.bases, indels.alt.ravel()]),
        np.where(inserts, len(frames.bases) + np.arange(len(indels)) * width, indels.offset + indels.start - 1),
        np.where(inserts, indels.size, indels.end - indels.start + 1),
        indels.offset + indels.end,
        room + 1,
    )
    alt = rotate_rows(indels.alt, indels.size, by)
    most_3prime = replace(indels, start=indels.start + by, end=indels.end + by, alt=alt)
    return most_3prime, (by <= room) & (indels.upstream + by >= indels.size)
