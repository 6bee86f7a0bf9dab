"""The transcript table of a reference, read contig by contig into arrays that many variants are compared with at once.

All positions are 1-based and inclusive, on the forward strand.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.transcript import LONGEST_FRAMESHIFT_INTRON, Transcript
from annotator.engine.reference.transcript_choice import EVERY_TRANSCRIPT, TranscriptChoice
from annotator.engine.reference.transcript_table import FORMAT, LATER_COLUMNS, SCHEMA

FLANK = 5000
"""Bases beyond a transcript in which a variant is upstream or downstream of it, as in Ensembl VEP."""
_TOGETHER = 16
"""Transcripts that are made at once. Those of a gene stand side by side."""


class Bases(Protocol):
    """A source of bases, such as :class:`annotator.engine.reference.bundle.Sequence`."""

    def fetch(self, contig: str, start: int, length: int) -> bytes:
        """``length`` upper-case bases from ``start`` (1-based) on; fewer at the end of the contig."""


class GeneModels:
    """The transcript table of a reference, opened; the rows of a contig are read when they are asked for.

    Args:
        reader: of the file.
        contigs: names of the contigs in the order of their record batches.
        choice: the transcripts to use.
        flank: bases beyond a transcript in which a variant is upstream or downstream of it.

    Example:
        >>> GeneModels.load(Path("models.arrow")).contig("MT").transcript(0).id
        'MT-TF'
    """

    def __init__(
        self, reader: pa.RecordBatchFileReader, contigs: list[str], choice: TranscriptChoice, flank: int
    ) -> None:
        self._reader = reader
        self._choice = choice
        self._flank = flank
        self._index = {name: at for at, name in enumerate(contigs)}

    @classmethod
    def load(cls, path: Path, choice: TranscriptChoice = EVERY_TRANSCRIPT, flank: int = FLANK) -> GeneModels:
        """Open a file that :func:`annotator.engine.reference.transcript_table.write_transcripts` wrote.

        Raises:
            BundleError: it is no such file, or one of another version.
        """
        with step("reference_models", f"{path.name} cannot be read", VERIFY):
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = reader.schema.metadata or {}
        if metadata.get(b"format") != FORMAT.encode():
            raise BundleError("reference_models", f"{path.name} is of another version: build the reference again.")
        return cls(reader, json.loads(metadata[b"contigs"]), choice, flank)

    @property
    def contigs(self) -> list[str]:
        """Names of the contigs that have transcripts."""
        return list(self._index)

    def spans(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """First and last bases of the n transcripts of a contig: ``(n,) int64`` each, both ascending.

        Raises:
            BundleError: the file cannot be read.
        """
        at = self._index.get(name)
        if at is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        with step("reference_models", "The compiled gene models cannot be read", VERIFY):
            batch = self._reader.get_batch(at)
        start, end = (np.sort(batch[column].to_numpy().astype(np.int64)) for column in ("start", "end"))
        return start, end

    def contig(self, name: str, length: int = 0, circular: bool = False) -> ContigModels:
        """The transcripts of one contig, which may be none.

        Args:
            name: canonical name of the contig.
            length: its length in bases, needed when it is circular.
            circular: whether transcripts near one end flank variants at the other.

        Raises:
            BundleError: the file cannot be read.
        """
        at = self._index.get(name)
        with step("reference_models", "The compiled gene models cannot be read", VERIFY):
            batch = SCHEMA.empty_table() if at is None else pa.Table.from_batches([self._reader.get_batch(at)])
        if "slip" in batch.column_names and batch["slip"].null_count < len(batch):
            # An earlier version stored where codons could no longer be read, not how the ribosome reads on.
            raise BundleError("reference_models", "The reference has ribosomal slippage: build it again.")
        for column, value in LATER_COLUMNS.items():
            if column not in batch.column_names:
                values = pa.array([value] * len(batch), SCHEMA.field(column).type)
                batch = batch.append_column(SCHEMA.field(column), values)
        batch = batch.select(SCHEMA.names)
        if self._choice:
            batch = batch.filter(self._choice.chosen(batch))
        copies = circular and len(batch) > 0
        batch = _with_copies(batch, length, self._flank) if copies else batch
        return ContigModels(name, batch, copies, length if circular else 0, self._flank)


def _with_copies(table: pa.Table, length: int, flank: int) -> pa.Table:
    """The transcripts of a circular contig, with copies of those that reach or flank the other end, shifted by a turn.

    Args:
        table: the transcripts.
        length: of the contig in bases.
        flank: bases beyond a transcript that count as flanking it.
    """
    parts = []
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    for near, turn in ((start <= flank, length), (end > length - flank, -length)):
        moved = table.filter(pa.array(near))
        columns = {name: moved[name] for name in moved.column_names}
        for name in ("start", "end", "coding_start", "coding_end"):
            columns[name] = pa.array(moved[name].to_numpy() + np.int32(turn), pa.int32())
        for name in ("exon_starts", "exon_ends", "selenocysteines", "recoded", "slips"):
            lists = moved[name].to_pylist()
            columns[name] = pa.array([[one + turn for one in items] for items in lists], pa.list_(pa.int32()))
        none = moved["coding_start"].to_numpy() == 0
        for name in ("coding_start", "coding_end"):
            columns[name] = pa.array(np.where(none, 0, np.asarray(columns[name])), pa.int32())
        parts.append(pa.table(columns, schema=SCHEMA))
    return pa.concat_tables([table, *parts]).sort_by([("start", "ascending"), ("end", "ascending")])


class ContigModels:
    """The n transcripts and m exons of one contig as arrays, transcripts in the order of their starts.

    Attributes:
        name: canonical name of the contig.
        table: the n rows of the transcript table.
        size: n.
        copies: whether a transcript may occur more than once, shifted by a turn around a circular contig.
        circumference: length of a circular contig in bases, 0 for a linear one.
        flank: bases beyond a transcript in which a variant is upstream or downstream of it.
        strand: ``(n,) int64``, 1 or -1.
        start, end: ``(n,) int64``, first and last base.
        is_coding: ``(n,) bool``, whether the transcript is translated.
        coding_start, coding_end: ``(n,) int64``, lowest and highest base of the coding sequence; 0 without one. Those
            of a copy may be any number, 0 included, so that ``is_coding`` has to be asked.
        start_frame: ``(n,) int64``, as in :class:`Transcript`.
        exon_offset: ``(n + 1,) int64``; the exons of transcript t are ``exon_offset[t] : exon_offset[t + 1]``,
            ascending.
        exon_start, exon_end: ``(m,) int64``, first and last base.
    """

    strand: np.ndarray
    start: np.ndarray
    end: np.ndarray
    coding_start: np.ndarray
    coding_end: np.ndarray

    def __init__(
        self, name: str, table: pa.Table, copies: bool = False, circumference: int = 0, flank: int = FLANK
    ) -> None:
        self.name = name
        self.copies = copies
        self.circumference = circumference
        self.flank = flank
        table = table.combine_chunks()
        self.table = table
        self.size = len(table)
        for column in ("strand", "start", "end", "coding_start", "coding_end"):
            setattr(self, column, table[column].to_numpy().astype(np.int64))
        # The file calls it phase, although it is not GFF3's.
        self.start_frame: np.ndarray = table["phase"].to_numpy().astype(np.int64)
        starts, ends = _one(table["exon_starts"]), _one(table["exon_ends"])
        # Not by the position: that of a copy may be any number.
        self.is_coding: np.ndarray = _flags(pc.not_equal(self.strings("protein"), ""))
        self.exon_offset: np.ndarray = starts.offsets.to_numpy().astype(np.int64) - (
            starts.offsets[0].as_py() if len(starts) else 0
        )
        self.exon_start: np.ndarray = starts.flatten().to_numpy().astype(np.int64)
        self.exon_end: np.ndarray = ends.flatten().to_numpy().astype(np.int64)
        self._transcripts: dict[int, Transcript] = {}

    def strings(self, column: str) -> pa.StringArray:
        """A column of text, of length n."""
        return _one(self.table[column])

    @cached_property
    def start_unknown(self) -> np.ndarray:
        """``(n,) bool``: whether the source says that the coding sequence is cut off at its start."""
        return _flags(pc.match_substring(self.strings("flags"), "cds_start_NF"))

    @cached_property
    def decay(self) -> np.ndarray:
        """``(n,) bool``: whether the biotype is ``nonsense_mediated_decay``."""
        return _flags(pc.equal(self.strings("biotype"), "nonsense_mediated_decay"))

    @cached_property
    def protein_coding(self) -> np.ndarray:
        """``(n,) bool``: whether the biotype is ``protein_coding``."""
        return _flags(pc.equal(self.strings("biotype"), "protein_coding"))

    @cached_property
    def name_rank(self) -> np.ndarray:
        """``(n,) int64``: rank in the alphabetical order of the ids, which is the order of the entries of CSQ."""
        names = np.array([name.encode() for name in self.strings("id").to_pylist()], dtype=object)
        rank = np.empty(self.size, dtype=np.int64)
        rank[np.argsort(names, kind="stable")] = np.arange(self.size)
        return rank

    @cached_property
    def same_name(self) -> np.ndarray:
        """``(n,) int64``: a number that a transcript shares with its copies at the other end of a circular contig."""
        encoded = self.strings("id").dictionary_encode()
        found: np.ndarray = encoded.indices.to_numpy().astype(np.int64)
        return found

    @cached_property
    def exon_owner(self) -> np.ndarray:
        """``(m,) int64``: the index of the transcript of each exon."""
        return np.repeat(np.arange(self.size), np.diff(self.exon_offset))

    @cached_property
    def exon_cdna(self) -> np.ndarray:
        """``(m,) int64``: 1-based cDNA position of the first base of each exon, in the transcript's direction."""
        lengths = self.exon_end - self.exon_start + 1
        before = np.concatenate([[0], np.cumsum(lengths)])
        owner = self.exon_owner
        first, last = self.exon_offset[:-1][owner], self.exon_offset[1:][owner]
        at = np.arange(len(lengths))
        forward = before[at] - before[first]
        backward = before[last] - before[at + 1]
        found: np.ndarray = np.where(self.strand[owner] > 0, forward, backward) + 1
        return found

    @cached_property
    def _exons_as_transcribed(self) -> tuple[np.ndarray, np.ndarray]:
        """``(m,) int64`` indices of the exons, those of each transcript in its direction, and their sorted keys."""
        order = np.lexsort((self.exon_cdna, self.exon_owner))
        return order, self.key(self.exon_owner[order], self.exon_cdna[order])

    def position(self, transcript: np.ndarray, cdna: np.ndarray) -> np.ndarray:
        """Where bases of spliced transcripts lie on the genome.

        Args:
            transcript: ``(k,) int64``, indices of transcripts.
            cdna: ``(k,) int64``, positions in the spliced transcripts, from 1.

        Returns:
            ``(k,) int64``, 1-based.
        """
        order, keys = self._exons_as_transcribed
        exon = order[np.searchsorted(keys, self.key(transcript, cdna), "right") - 1]
        within = cdna - self.exon_cdna[exon]
        found: np.ndarray = np.where(
            self.strand[transcript] > 0, self.exon_start[exon] + within, self.exon_end[exon] - within
        )
        return found

    @cached_property
    def frameshift_introns(self) -> np.ndarray:
        """``(n,) bool``: whether the transcript has a frameshift intron."""
        gaps = self.exon_start[1:] - self.exon_end[:-1] - 1
        short = (gaps <= LONGEST_FRAMESHIFT_INTRON) & (self.exon_owner[1:] == self.exon_owner[:-1])
        found = np.zeros(self.size, dtype=bool)
        found[self.exon_owner[1:][short]] = True
        return found

    @cached_property
    def recoded(self) -> np.ndarray:
        """``(n,) bool``: whether codons are read in another way than the genetic code of the contig has them."""
        found: np.ndarray = pc.list_value_length(_one(self.table["recoded"])).to_numpy() > 0
        found |= _one(self.table["genetic_code"]).to_numpy() != 0
        return found

    @cached_property
    def slipping(self) -> np.ndarray:
        """``(n,) bool``: whether the ribosome slips, so that a base may be read twice or not at all."""
        found: np.ndarray = pc.list_value_length(_one(self.table["slips"])).to_numpy() > 0
        return found

    @cached_property
    def numbered_as_read(self) -> np.ndarray:
        """``(n,) bool``, as in :class:`Transcript`."""
        return _flags(_one(self.table["numbered_as_read"]))

    def read(self, transcript: np.ndarray, cdna: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How slips of the ribosome change the reading of bases of coding sequences.

        Args:
            transcript: ``(k,) int64``, indices of transcripts.
            cdna: ``(k,) int64``, positions in the spliced transcripts.

        Returns:
            ``(k,) int64``, what is to be added to the positions of the bases in the coding sequence, as if each base of
            it were read once; ``(k,) int64``, how often each is read.
        """
        shift, times = np.zeros(len(cdna), dtype=np.int64), np.ones(len(cdna), dtype=np.int64)
        for at in np.unique(transcript[self.slipping[transcript]]).tolist():
            one, rows = self.transcript(at), np.flatnonzero(transcript == at)
            times[rows] = 0
            for first, last, by in one.readings:
                inside = rows[(cdna[rows] >= first) & (cdna[rows] <= last)]
                shift[inside] = by + one.cdna_coding[0] - 1
                times[inside] += 1
        return shift, times

    @cached_property
    def exon_labels(self) -> pa.StringArray:
        """``number/total`` of each of the m exons, counted in the transcript's direction."""
        return self._labels(np.diff(self.exon_offset))

    @cached_property
    def intron_labels(self) -> pa.StringArray:
        """``number/total`` of the intron after each of the m exons on the forward strand, counted likewise."""
        return self._labels(np.diff(self.exon_offset) - 1)

    def _labels(self, count: np.ndarray) -> pa.StringArray:
        at = np.arange(len(self.exon_owner)) - self.exon_offset[:-1][self.exon_owner]
        total = count[self.exon_owner]
        number = np.where(self.strand[self.exon_owner] > 0, at + 1, total - at)
        return pc.binary_join_element_wise(*(pa.array(one).cast(pa.string()) for one in (number, total)), "/")

    @cached_property
    def odd_spots(self) -> list[tuple[int, int, int]]:
        """Index of the transcript, first and last base of the surroundings of frameshift introns and tiny exons.

        Around introns of up to :data:`LONGEST_FRAMESHIFT_INTRON` and exons of one or two bases the splice regions of
        neighbouring introns overlap, so that variants there are evaluated one at a time.
        """
        found = []
        gaps = self.exon_start[1:] - self.exon_end[:-1] - 1
        same = self.exon_owner[1:] == self.exon_owner[:-1]
        for at in np.flatnonzero(same & (gaps <= LONGEST_FRAMESHIFT_INTRON)):
            found.append((int(self.exon_owner[at]), int(self.exon_end[at]) - 19, int(self.exon_start[at + 1]) + 19))
        for at in np.flatnonzero(self.exon_end - self.exon_start < 2):
            found.append((int(self.exon_owner[at]), int(self.exon_start[at]) - 20, int(self.exon_end[at]) + 20))
        return found

    _SPAN = 1 << 34
    """Larger than any position."""

    def key(self, transcript: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Numbers that sort bases by transcript, then by position.

        Args:
            transcript: ``(k,) int64``, indices of transcripts.
            position: ``(k,) int64``, on the genome; on circular contigs it may be down to 2**20 below 1.

        Returns:
            ``(k,) int64``.
        """
        found: np.ndarray = transcript * self._SPAN + position + (1 << 20)
        return found

    @cached_property
    def exon_keys(self) -> np.ndarray:
        """``(m,) int64``: the :meth:`key` of the first base of each exon, ascending."""
        return self.key(self.exon_owner, self.exon_start)

    @cached_property
    def cdna_coding(self) -> tuple[np.ndarray, np.ndarray]:
        """Two ``(n,) int64``: 1-based cDNA position of the first and last coding base; 0 without a coding sequence."""
        ends = []
        for position in (self.coding_start, self.coding_end):
            coding = np.flatnonzero(self.is_coding)
            found = np.zeros(self.size, dtype=np.int64)
            exon = np.searchsorted(self.exon_keys, self.key(coding, position[coding]), "right") - 1
            left = position[coding] - self.exon_start[exon]
            right = self.exon_end[exon] - position[coding]
            found[coding] = self.exon_cdna[exon] + np.where(self.strand[coding] > 0, left, right)
            ends.append(found)
        return np.minimum(*ends), np.maximum(*ends)

    @cached_property
    def cds_length(self) -> np.ndarray:
        """``(n,) int64``: bases of the coding sequence as it is read, unknown ones of the first codon included."""
        first, last = self.cdna_coding
        found: np.ndarray = np.where(self.is_coding, last - first + 1 + self.start_frame, 0)
        for at in np.flatnonzero(self.slipping & self.is_coding).tolist():
            read = sum(last - first + 1 for first, last, _ in self.transcript(at).readings)
            found[at] = read + self.start_frame[at]
        return found

    def transcript(self, at: int) -> Transcript:
        """The transcript with an index from 0 to n - 1, made once, with its neighbours: several cost little more."""
        if at not in self._transcripts:
            first = at - at % _TOGETHER
            rows = self.table.slice(first, _TOGETHER).to_pylist()
            self._transcripts.update((first + place, Transcript.of(row)) for place, row in enumerate(rows))
        return self._transcripts[at]


def _flags(column: pa.BooleanArray) -> np.ndarray:
    found: np.ndarray = column.to_numpy(zero_copy_only=False)
    return found


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
