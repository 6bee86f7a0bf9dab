"""Many pure insertions and deletions at once that lie inside the coding part of an exon.

They touch neither the first nor the last codon, and can be moved to no place outside the exon. The answers
are those of :meth:`annotator.engine.consequence.scalar.rows.ExactRows.row`; what is unusual is left to that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of, every, letters
from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector.coding_indel_proteins import deleted, inserted, shifted_frames
from annotator.engine.consequence.vector.coding_indel_texts import amino_acids, change, codons, span
from annotator.engine.consequence.vector.positions import locate
from annotator.engine.consequence.vector.reading_frames import STOP, FrameReader, Frames, acids_of
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.genetic_code import THREE_LETTERS
from annotator.engine.reference.nucleotides import COMPLEMENT

#: Bases of an exon at an intron that belong to the splice region.
SPLICE_REGION = 3
#: Bases between a change, wherever it is moved to, and the ends of the coding sequence.
FROM_CODING = 6
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
    ``alt`` has the inserted bases in a row each, ``size`` says how many. ``room`` is by how many bases it may move,
    ``behind`` how many coding bases of the exon lie before it, ``splice`` whether it touches a splice region.
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
    behind: np.ndarray
    splice: np.ndarray
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
        # Whether an insertion repeats what stands before it is looked for in the coding part of the exon alone.
        return found, (by <= room) & (self.behind + by >= self.size)


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
        """Rows of some pairs in no odd spot, and those that must be looked at one by one."""
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
        # A stop behind an amino acid that is still the same may count as one that stays.
        same = (found.count == 1) & (acids[:, 0] == frames.peptides[found.offset // 3 + found.first])
        good = ended & ~(stops & same) & (by % 3 != 0)
        inframe = ended & ~stops & (by % 3 == 0) & ~_repeats_to_end(found, by // 3, frames)
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
            gained = stops[where]
            if named is shifted_frames:
                # The first other amino acid may be a stop behind the changed codons.
                gained = gained | pc.equal(name[2], THREE_LETTERS["*"]).to_numpy(zero_copy_only=False)[told]
            made = self._rows(one, shown, frames, acids[where], gained)
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
        kept = np.flatnonzero(pure[allele] & models.is_coding[transcript] & (models.start_frame == 0)[transcript])
        at, transcript, allele = at[kept], transcript[kept], allele[kept]
        start, end = alleles.start[allele], alleles.end[allele]
        low, high = np.minimum(start, end), np.maximum(start, end)
        places = locate(models, transcript, low)
        first, last = low - places.from_left, low + places.from_right
        left, right = low - first, last - high
        inserts = (start > end).astype(np.int64)
        near_left, near_right = (side < SPLICE_REGION - inserts for side in (left, right))
        near_left &= places.exon > models.exon_offset[transcript]
        near_right &= places.exon < models.exon_offset[transcript + 1] - 1
        kept = places.exonic & (right >= 0) & ~((left <= SPLICE_REGION) & (right <= SPLICE_REGION))
        coding_left, coding_right = low - models.coding_start[transcript], models.coding_end[transcript] - high
        kept = np.flatnonzero(kept & (np.minimum(coding_left, coding_right) >= FROM_CODING))
        allele, transcript = allele[kept], transcript[kept]
        forward = models.strand[transcript] > 0
        # The base that ends the move lies in the exon, too.
        ends = (right, coding_right), (left, coding_left)
        rooms = (np.minimum(exon - 1, coding - FROM_CODING)[kept] for exon, coding in ends)
        behind = (np.minimum(exon, coding)[kept] for exon, coding in ends[::-1])
        number = places.exon[kept]
        cdna = models.exon_cdna[number] + np.where(forward, (start - first)[kept], (last - end)[kept])
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
            exon=number,
            cdna=cdna,
            start=coding,
            end=coding + (end - start)[kept],
            size=length.astype(np.int64),
            room=np.where(forward, *rooms),
            behind=np.where(forward, *behind),
            splice=(near_left | near_right)[kept],
            alt=alt,
            offset=np.zeros(len(kept), dtype=np.int64),
            protein=np.zeros(len(kept), dtype=np.int64),
        )

    def _rows(
        self, found: CodingIndels, moved: CodingIndels, frames: Frames, acids: np.ndarray, stops: np.ndarray
    ) -> Rows:
        models, transcript = self._models, found.transcript
        by = found.size - (found.end - found.start + 1)
        inframe = np.where(by > 0, _insertion_terms(found, frames, acids), BIT["inframe_deletion"])
        terms = np.where(by % 3 != 0, BIT["frameshift_variant"], inframe)
        terms |= np.where(stops, BIT["stop_gained"], 0)
        terms |= np.where(found.splice, BIT["splice_region_variant"], 0)
        terms |= np.where(models.decay[transcript], BIT["NMD_transcript_variant"], 0)
        first = found.first + 1
        return Rows(
            found.pair,
            terms,
            {
                "exon": models.exon_labels.take(pa.array(found.exon)),
                "hgvsc": [self._names.take(pa.array(transcript)), *change(moved, frames)],
                "cdna": span(found.cdna, found.cdna + found.end - found.start),
                "cds": span(found.start, found.end),
                "protein": span(first, first + found.count - 1),
                "amino_acids": amino_acids(found, frames, acids),
                "codons": codons(found, frames),
            },
        )


def _repeats_to_end(found: CodingIndels, beyond: np.ndarray, frames: Frames) -> np.ndarray:
    """Which insertions of one or two amino acids may repeat what follows up to the end: these may keep its stop."""
    last = (found.offset // 3 + found.protein - 1)[:, None] - np.arange(6)
    few = (beyond > 0) & (beyond < 3)
    same = frames.peptides[last] == frames.peptides[last - np.where(few, beyond, 0)[:, None]]
    near = last - beyond[:, None] < (found.offset // 3 + found.first + found.count)[:, None]
    repeats: np.ndarray = few & (same | near).all(axis=1)
    return repeats


def _insertion_terms(found: CodingIndels, frames: Frames, acids: np.ndarray) -> np.ndarray:
    """Whether the codon that an insertion of whole codons cuts is still there."""
    rows = np.arange(len(found))
    before = frames.peptides[found.offset // 3 + found.first]
    last = np.maximum(found.grown // 3 - 1, 0)
    kept = (found.count == 0) | (acids[:, 0] == before) | (acids[rows, np.minimum(last, acids.shape[1] - 1)] == before)
    return np.where(kept, BIT["inframe_insertion"], BIT["protein_altering_variant"])
