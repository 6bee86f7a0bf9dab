"""Many pure insertions and deletions at once that lie well inside the coding part of an exon.

They touch neither splice sites nor the first or last codon, wherever they are moved to, and no stop comes or goes in
the codons they touch. The answers are those of :meth:`annotator.engine.consequence.exact.ExactRows.row_inside`; what is
unusual is left to that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.columns import bytes_of, every, letters
from annotator.engine.consequence.alleles import DELETION, INSERTION
from annotator.engine.consequence.frames import STOP, FrameReader, Frames, acids_of
from annotator.engine.consequence.indel_proteins import deleted, inserted, shifted_frames
from annotator.engine.consequence.models import ContigModels
from annotator.engine.consequence.pairs import Alleles, Pairs
from annotator.engine.consequence.positions import locate
from annotator.engine.consequence.rows import Rows
from annotator.engine.consequence.shared import MARGIN
from annotator.engine.consequence.stitching import stitched
from annotator.engine.consequence.terms import BIT
from annotator.engine.consequence.translation import COMPLEMENT

#: Insertions of more bases, and deletions of many more, are looked at one by one.
LONGEST = 30
LONGEST_DELETION = 500
#: What can be moved by more bases is looked at one by one.
FARTHEST = 200
_KNOWN = letters(b"ACGT")


@dataclass
class CodingIndels:
    """Insertions and deletions in coding sequences, one element a pair, in the direction of the transcript.

    ``start`` and ``end`` are positions in the coding sequence from 1, ``start`` is ``end + 1`` for an insertion.
    ``alt`` has the inserted bases in a row each, ``size`` says how many. ``room`` is by how many bases it may move.
    ``offset`` is where the sequence starts among the frames, ``protein`` how many amino acids it has.
    """

    pair: np.ndarray
    transcript: np.ndarray
    exon: np.ndarray
    cdna: np.ndarray
    start: np.ndarray
    end: np.ndarray
    size: np.ndarray
    room: np.ndarray
    alt: np.ndarray
    offset: np.ndarray
    protein: np.ndarray

    def __len__(self) -> int:
        return len(self.pair)

    def take(self, chosen: np.ndarray) -> CodingIndels:
        """Some of them."""
        return CodingIndels(*(getattr(self, one.name)[chosen] for one in fields(self)))

    @property
    def first(self) -> np.ndarray:
        """Number, from 0, of the codon in which it starts."""
        found: np.ndarray = (self.start - 1) // 3
        return found

    @property
    def count(self) -> np.ndarray:
        """Codons that it touches: none for an insertion between two."""
        found: np.ndarray = (self.end + 2) // 3 - self.first
        return found

    @property
    def grown(self) -> np.ndarray:
        """Bases of those codons afterwards."""
        found: np.ndarray = 3 * self.count + self.size - (self.end - self.start + 1)
        return found

    def acids(self, frames: Frames, code: int) -> np.ndarray:
        """Amino acids of the altered sequence from the first codon on: right for codons with inserted bases."""
        width = 3 * (self.alt.shape[1] // 3 + 2)
        column = np.arange(width)
        frame = (self.start - 1) % 3
        before = self.offset + 3 * self.first
        after = self.offset + self.end - frame - self.size
        inside = column - frame[:, None]
        source = np.where(inside < 0, before[:, None], after[:, None]) + column
        bases = frames.bases[source]
        added = (inside >= 0) & (inside < self.size[:, None])
        rows, columns = np.nonzero(added)
        bases[rows, columns] = self.alt[rows, inside[rows, columns]]
        return acids_of(bases.reshape(len(self), width // 3, 3), code)

    def moved(self, frames: Frames) -> tuple[CodingIndels, np.ndarray]:
        """The same, moved as far as they go to the end of the transcript; and which of them found an end."""
        by = np.zeros(len(self), dtype=np.int64)
        room = np.minimum(self.room, FARTHEST)
        active = np.arange(len(self))
        while len(active):
            step = by[active]
            following = frames.bases[self.offset[active] + self.end[active] + step]
            pattern = frames.bases[self.offset[active] + self.start[active] - 1 + step]
            size = self.size[active]
            inserts = size > 0
            pattern[inserts] = self.alt[active[inserts], step[inserts] % size[inserts]]
            active = active[following == pattern]
            by[active] += 1
            active = active[by[active] <= room[active]]
        size = np.maximum(self.size, 1)[:, None]
        turned = (np.arange(self.alt.shape[1]) + by[:, None]) % size
        alt = np.take_along_axis(self.alt, turned, axis=1)
        found = CodingIndels(**{**self.__dict__, "start": self.start + by, "end": self.end + by, "alt": alt})
        return found, by <= room


class CodingIndelRows:
    """Makes rows of insertions and deletions for the transcripts of one contig."""

    def __init__(
        self, models: ContigModels, reader: FrameReader, code: int, names: pa.Array, proteins: pa.Array
    ) -> None:
        """Take what is known of the transcripts.

        Args:
            models: the transcripts.
            reader: reads their sequences.
            code: number of the genetic code.
            names: of transcripts, with ``:c.``.
            proteins: names of proteins, with ``:p.``.
        """
        self._models = models
        self._reader = reader
        self._code = code
        self._names = names
        self._proteins = proteins

    def rows(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> tuple[list[Rows], np.ndarray]:
        """Rows of some pairs, and those that must be looked at one by one."""
        found = self._inside(alleles, pairs, at)
        if not len(found):
            return [], at
        used, index = np.unique(found.transcript, return_inverse=True)
        frames = self._reader.read(used, 2 * LONGEST)
        found.offset, found.protein = frames.offset[index], frames.protein[index]
        found = found.take(frames.usual[index])
        moved, ended = found.moved(frames)
        acids = found.acids(frames, self._code)
        column = np.arange(acids.shape[1])
        stops = ((acids == STOP) & (column < (found.grown // 3)[:, None])).any(axis=1)
        by = found.size - (found.end - found.start + 1)
        good = ended & ~stops & (by % 3 != 0)
        inframe = ended & ~stops & (by % 3 == 0)
        # Amino acids that repeat those at the end of the protein may count as keeping its stop.
        beyond, peptides = by // 3, frames.peptides
        last = found.offset // 3 + found.protein - 1
        near = found.protein - found.first <= found.count + beyond + 1
        inframe &= (by < 0) | (beyond > 2) | ~((peptides[last] == peptides[last - np.clip(beyond, 0, 3)]) | near)
        rows = []
        left = np.ones(len(pairs), dtype=bool)
        kinds = (good, shifted_frames), (inframe & (by < 0), deleted), (inframe & (by > 0), inserted)
        for chosen, named in kinds:
            where = np.flatnonzero(chosen)
            if not len(where):
                continue
            shown = moved.take(where)
            name, told = named(shown, frames, shown.acids(frames, self._code))
            where = where[told]
            one, shown = found.take(where), shown.take(told)
            proteins = self._proteins.take(pa.array(one.transcript))
            made = self._rows(one, shown, frames, acids[where])
            made.texts["hgvsp"] = [proteins, *(part.filter(pa.array(told)) for part in name)]
            left[one.pair] = False
            rows.append(made)
        return rows, at[left[at]]

    def _inside(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> CodingIndels:
        """Those that lie well inside the coding part of an exon; their sequences are yet to be read."""
        models = self._models
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        data, offsets = bytes_of(alleles.alt)
        size = np.diff(offsets)
        pure = np.isin(alleles.kind, (INSERTION, DELETION)) & (size <= LONGEST) & every(_KNOWN[data], offsets)
        pure &= alleles.end - alleles.start < LONGEST_DELETION
        kept = np.flatnonzero(
            pure[allele] & models.is_coding[transcript] & (models.phase == 0)[transcript]
            & ~models.frameshift_introns[transcript]
        )  # fmt: skip
        at, transcript, allele = at[kept], transcript[kept], allele[kept]
        start, end = alleles.start[allele], alleles.end[allele]
        low, high = np.minimum(start, end), np.maximum(start, end)
        places = locate(models, transcript, low)
        first, last = low - places.from_left, low + places.from_right
        margin = MARGIN + size[allele]
        before = low - margin - np.maximum(first, models.coding_start[transcript])
        behind = np.minimum(last, models.coding_end[transcript]) - margin - high
        kept = np.flatnonzero(places.exonic & (before >= 0) & (behind >= 0))
        allele, transcript = allele[kept], transcript[kept]
        forward = models.strand[transcript] > 0
        exon = places.exon[kept]
        cdna = models.exon_cdna[exon] + np.where(forward, (start - first)[kept], (last - end)[kept])
        coding = cdna - models.cdna_coding[0][transcript] + 1
        length = size[allele]
        column = np.arange(max(1, length.max(initial=0)))
        source = np.where(forward[:, None], column, length[:, None] - 1 - column) + offsets[allele][:, None]
        held = column < length[:, None]
        alt = np.zeros(held.shape, dtype=np.uint8)
        alt[held] = data[source[held]]
        alt = np.where(forward[:, None], alt, COMPLEMENT[alt])
        return CodingIndels(
            pair=at[kept],
            transcript=transcript,
            exon=exon,
            cdna=cdna,
            start=coding,
            end=coding + (end - start)[kept],
            size=length.astype(np.int64),
            room=np.where(forward, behind[kept], before[kept]),
            alt=alt,
            offset=np.zeros(len(kept), dtype=np.int64),
            protein=np.zeros(len(kept), dtype=np.int64),
        )

    def _rows(self, found: CodingIndels, moved: CodingIndels, frames: Frames, acids: np.ndarray) -> Rows:
        models, transcript = self._models, found.transcript
        by = found.size - (found.end - found.start + 1)
        inframe = np.where(by > 0, _insertion_terms(found, frames, acids), BIT["inframe_deletion"])
        terms = np.where(by % 3 != 0, BIT["frameshift_variant"], inframe)
        terms |= np.where(models.decay[transcript], BIT["NMD_transcript_variant"], 0)
        first = found.first + 1
        return Rows(
            found.pair,
            terms,
            {
                "exon": models.exon_labels.take(pa.array(found.exon)),
                "hgvsc": [self._names.take(pa.array(transcript)), *_change(moved, frames)],
                "cdna": span(found.cdna, found.cdna + found.end - found.start),
                "cds": span(found.start, found.end),
                "protein": span(first, first + found.count - 1),
                "amino_acids": _amino_acids(found, frames, acids),
                "codons": _codons(found, frames),
            },
        )


def span(start: np.ndarray, end: np.ndarray) -> pa.StringArray:
    """Two positions, the lower one first; one when they are the same."""
    low, high = pa.array(np.minimum(start, end)).cast(pa.string()), pa.array(np.maximum(start, end)).cast(pa.string())
    return pc.if_else(pa.array(start == end), low, pc.binary_join_element_wise(low, high, "-"))


def _insertion_terms(found: CodingIndels, frames: Frames, acids: np.ndarray) -> np.ndarray:
    """Whether the codon that an insertion of whole codons cuts is still there."""
    rows = np.arange(len(found))
    before = frames.peptides[found.offset // 3 + found.first]
    last = np.maximum(found.grown // 3 - 1, 0)
    kept = (found.count == 0) | (acids[:, 0] == before) | (acids[rows, np.minimum(last, acids.shape[1] - 1)] == before)
    return np.where(kept, BIT["inframe_insertion"], BIT["protein_altering_variant"])


def _change(moved: CodingIndels, frames: Frames) -> list[pa.Array]:
    """HGVS names of the changes on the transcripts, in parts to be joined."""
    count, size = len(moved), moved.size
    column = np.arange(moved.alt.shape[1])
    source = (moved.offset + moved.start - 1 - size)[:, None] + np.minimum(column, np.maximum(size, 1)[:, None] - 1)
    same = (frames.bases[source] == moved.alt) | (column >= size[:, None])
    repeats = (size > 0) & same.all(axis=1)
    adds = (size > 0) & ~repeats
    start = moved.start - np.where(repeats, size, 0)
    start, end = np.where(adds, moved.end, start), np.where(adds, moved.start, moved.end)
    kinds = pa.array(["del", "dup", "ins"]).take(pa.array(repeats + 2 * adds.astype(np.int64)))
    width = moved.alt.shape[1]
    bases = stitched(moved.alt.ravel(), [(np.arange(count) * width, np.where(adds, size, 0))], count)
    first, last = pa.array(start).cast(pa.string()), pa.array(end).cast(pa.string())
    return [pc.if_else(pa.array(start == end), first, pc.binary_join_element_wise(first, last, "_")), kinds, bases]


def _codons(found: CodingIndels, frames: Frames) -> pa.StringArray:
    """Codons before and after, with the changed bases in capitals."""
    bases, width = frames.bases, found.alt.shape[1]
    pool = np.concatenate([bases, bases | 32, found.alt.ravel(), np.frombuffer(b"/-", np.uint8)])
    alt, slash = 2 * len(bases), len(pool) - 2
    lower = len(bases) + found.offset
    front = (lower + 3 * found.first, found.start - 1 - 3 * found.first)
    back = (lower + found.end, 3 * (found.first + found.count) - found.end)
    pieces = [
        *(front, (found.offset + found.start - 1, found.end - found.start + 1), back),
        *((slash + 1, found.count == 0), (slash, 1)),
        *(front, (alt + np.arange(len(found)) * width, found.size), back),
        (slash + 1, found.grown == 0),
    ]
    return stitched(pool, pieces, len(found))


def _amino_acids(found: CodingIndels, frames: Frames, acids: np.ndarray) -> pa.StringArray:
    """Amino acids before and after; X for a part of a codon."""
    pool = np.concatenate([frames.peptides, acids.ravel(), np.frombuffer(b"/-X", np.uint8)])
    after, slash = len(frames.peptides), len(pool) - 3
    pieces = [
        (found.offset // 3 + found.first, found.count),
        *((slash + 1, found.count == 0), (slash, 1)),
        (after + np.arange(len(found)) * acids.shape[1], found.grown // 3),
        *((slash + 2, found.grown % 3 > 0), (slash + 1, found.grown == 0)),
    ]
    return stitched(pool, pieces, len(found))
