"""One block of records annotated: from its text to the packed text of the results, its rows of the table, its counts.

Everything that one process does with a block is here; nothing in it depends on other blocks but the names of contigs
and what the haplotypes say, which come with it. So any number of processes give the same results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.bgzf import BLOCK, pack_lines
from annotator.engine.byte_columns import bytes_of
from annotator.engine.consequence import Called, ConsequenceCaller, GeneModels, Reporting
from annotator.engine.consequence.compound import Compound
from annotator.engine.errors import InputError
from annotator.engine.haplotypes.slim_vcf import Answer, joined_entries
from annotator.engine.normalise import Normalised, normalise_all
from annotator.engine.output.earlier_annotations import EarlierAnnotations
from annotator.engine.output.info_fields import InfoWriter, identifiers, where_there, with_identifiers
from annotator.engine.output.summary import ISLANDS, Counts, count_block
from annotator.engine.output.tabix import WITHIN, IndexedRecords
from annotator.engine.output.variant_rows import rows_of
from annotator.engine.output.variants_table import schema_of
from annotator.engine.pipeline.allele_chunks import allele_chunk
from annotator.engine.pipeline.mate_genes import MateGenes
from annotator.engine.progress import Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.known_variants import KnownVariants, Matched
from annotator.engine.reference.regions import RegionTracks
from annotator.engine.vcf.block_parser import SKIP_CODES, BlockParser, Records
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block, Limits
from annotator.engine.vcf.record_warnings import warnings_of

MOST_KEPT = 4 << 20
"""Bytes of the text of a block that are kept in memory."""
MOST_CALLERS = 4
"""Contigs whose models stay in memory."""
_TAB = pa.scalar(b"\t")


@dataclass(frozen=True)
class Task:
    """A block to annotate.

    Attributes:
        named: names that earlier blocks use for contigs, by the reference's names.
        answers: what the haplotypes say in BCSQ, by ordinal of the record.
        compounds: what records do together with others, by ordinal.
    """

    block: Block
    named: dict[str, bytes]
    answers: dict[int, Answer] = field(default_factory=dict)
    compounds: dict[int, list[Compound]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of a block.

    Attributes:
        packed: its part of the results file, in whole BGZF blocks, as far as it is not in ``spilled``.
        spilled: a file with the beginning of that part, where it is large.
        size: bytes of both.
        places: where its records are in ``packed``, contig by contig.
        rows: of the table of variants.
        names: contigs in order of appearance: the file's name, the reference's name.
        first: contig and position of the first record, ``last`` of the last; None without records.
        ordered: the records of the block are sorted.
        kept: new names of other tools' fields that its records have.
        error: the file cannot be annotated because of a record of the block; nothing else is set then.
    """

    packed: bytes = b""
    spilled: Path | None = None
    size: int = 0
    places: list[tuple[bytes, IndexedRecords]] = field(default_factory=list)
    rows: list[pa.RecordBatch] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    warnings: Warnings = field(default_factory=Warnings)
    names: list[tuple[bytes, str | None]] = field(default_factory=list)
    first: tuple[bytes, int] | None = None
    last: tuple[bytes, int] | None = None
    ordered: bool = True
    kept: frozenset[str] = frozenset()
    error: InputError | None = None


@dataclass
class _Called:
    """What was found for the records of a block, in their order."""

    csq: list[pa.BinaryArray] = field(default_factory=list)
    bcsq: list[pa.BinaryArray] = field(default_factory=list)
    terms: list[np.ndarray] = field(default_factory=list)
    compound: list[np.ndarray] = field(default_factory=list)
    reported: list[pa.RecordBatch] = field(default_factory=list)
    matched: list[list[Matched]] = field(default_factory=list)
    regions: list[dict[str, pa.StringArray]] = field(default_factory=list)


class BlockAnnotator:
    """Annotates blocks of one file.

    Args:
        header: of the file.
        reference: to annotate with.
        numbered: lines start with their number in the user's file (they were sorted).
        earlier: says what becomes of annotations that the file has already.
        limits: of the results.
        reporting: what is reported.
        work: folder for texts of large blocks.
    """

    def __init__(
        self,
        header: Header,
        reference: Reference,
        numbered: bool,
        earlier: EarlierAnnotations,
        limits: Limits,
        reporting: Reporting,
        work: Path,
    ) -> None:
        self._work = work
        self._limits = limits
        self._header = header
        self._reference = reference
        self.numbered = numbered
        self._parser = BlockParser(header, reference, numbered)
        sequence = reference.sequence()
        self._sequence = sequence
        self._layers = [KnownVariants(spec) for spec in reference.layers]
        self._tracks = [track.info for track in reference.tracks]
        self._reporting = reporting
        self._models = GeneModels.load(reference.compiled, reporting.transcripts, reporting.flank)
        self._callers: dict[str, ConsequenceCaller] = {}
        self._mate_genes = MateGenes(reference, self._models)
        self._spans: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._info = InfoWriter(reference, earlier)
        self._bcsq = earlier.bcsq is not None
        self._schema = schema_of(reference)

    def annotate(self, task: Task) -> Outcome:
        """Annotate a block."""
        outcome, records = self.parse(task)
        if records is not None:
            try:
                for part in records.parts(self._transcripts_near(records)):
                    self._annotate(part, task, outcome)
                    self._limits.check_results(outcome.size)
                    if len(outcome.packed) > MOST_KEPT:
                        self._spill(outcome, task.block.line)
            except InputError as error:
                return Outcome(error=error)
        return outcome

    def _spill(self, outcome: Outcome, line: int) -> None:
        """Move the text of a block that begins with a line to a file: blocks wait in memory for those before them."""
        mode = "wb" if outcome.spilled is None else "ab"
        outcome.spilled = self._work / f"block-{line}.bgzf"
        with outcome.spilled.open(mode) as stream:
            stream.write(outcome.packed)
        outcome.packed = b""

    def _transcripts_near(self, records: Records) -> np.ndarray:
        """About how many transcripts each allele has consequences on: ``(n,) int64``."""
        owner = records.alleles.record
        found = np.zeros(len(owner), np.int64)
        for code, contig in enumerate(records.contigs):
            if contig is None:
                continue
            if contig not in self._spans:
                self._spans[contig] = self._models.spans(contig)
            starts, ends = self._spans[contig]
            here = np.flatnonzero((records.chrom[owner] == code) & records.alleles.asked)
            flank = self._reporting.flank
            first, last = records.pos[owner[here]] - flank, records.end[owner[here]] + flank
            found[here] = np.searchsorted(starts, last, "right") - np.searchsorted(ends, first, "left")
        return np.maximum(found, 0)

    def parse(self, task: Task) -> tuple[Outcome, Records | None]:
        """Parse a block: its records, None where one is at fault, and what there is of the outcome then."""
        try:
            records = self._parser.parse(task.block, task.named)
        except InputError as error:
            return Outcome(error=error), None
        outcome = Outcome(warnings=warnings_of(records))
        _note_order(records, outcome)
        return outcome, records

    def _annotate(self, records: Records, task: Task, outcome: Outcome) -> None:
        called = _Called()
        cuts = np.flatnonzero(np.diff(records.chrom)) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(records)], strict=True):
            self._call(records, first, last, task.compounds, called)
        # Most of the file: not to be copied for nothing where the block has one contig.
        csq, bcsq = (parts[0] if len(parts) == 1 else pa.concat_arrays(parts) for parts in (called.csq, called.bcsq))
        terms = np.concatenate(called.terms)
        lost = (records.skip < 0) & (terms == 0)
        if lost.any():
            records.skip[lost] = SKIP_CODES.index("unanswered")
            outcome.warnings.add_many("unanswered", records.line[lost].tolist())
        bcsq = joined_entries(bcsq, records.ordinal, task.answers, self._reference.unread_by_csq)
        matched = [
            Matched(
                [pa.concat_arrays(column) for column in zip(*(one.columns for one in parts), strict=True)],
                np.concatenate([one.known for one in parts]),
            )
            for parts in zip(*called.matched, strict=True)
        ]
        regions = {name: pa.concat_arrays([part[name] for part in called.regions]) for name in self._tracks}
        existing = self._identifiers(matched)
        info = self._info.info(records, csq, bcsq, terms, matched, regions)
        compound = np.concatenate(called.compound)
        outcome.kept = frozenset(self._info.seen)
        ids = with_identifiers(records, existing)
        _write(records, ids, info, outcome)
        rows = called.reported
        reported = pa.Table.from_batches(rows).combine_chunks().to_batches()[0] if rows else None
        known = np.zeros(len(records.alleles.record), bool)
        for one in matched:
            known |= one.known
        outcome.rows.append(
            rows_of(self._schema, records, ids, reported, known, existing, self._reference, matched, regions)
        )
        for layer, one in zip(self._layers, matched, strict=False):  # layers come first in what is matched
            for leading, column in zip(layer.spec.fields[:1], one.columns[:1], strict=True):
                outcome.counts.matched[leading.info] += len(column) - column.null_count
        for name, column in regions.items():
            outcome.counts.matched[name] += len(column) - column.null_count
        known_records = np.bincount(records.alleles.record, known, len(records)) > 0
        islands = regions[ISLANDS].is_valid().to_numpy(zero_copy_only=False) if ISLANDS in regions else None
        asked = records.alleles.record[records.alleles.asked]
        nothing = pa.array([], pa.string())
        genes = (asked, nothing, nothing) if reported is None else (asked, reported["gene"], reported["consequence"])
        outcome.counts.add(
            count_block(records, terms, compound, known_records, genes, islands, self._reference, self._header)
        )

    def _call(
        self, records: Records, first: int, last: int, compounds: dict[int, list[Compound]], called: _Called
    ) -> None:
        """Find consequences, known variants and regions for the records of one contig that follow each other."""
        alleles, contig = records.alleles, records.contigs[records.chrom[first]]
        here = slice(*np.searchsorted(alleles.record, [first, last]).tolist())
        record, plain, asked = alleles.record[here], alleles.plain[here], alleles.asked[here]
        alt = alleles.alt.slice(here.start, here.stop - here.start)
        ref = records.ref.take(pa.array(record))
        normalised = self._normalised(contig, Normalised(records.pos[record], ref, alt), plain & asked)
        looked_up = [_look_up(layer, contig, normalised, plain & asked) for layer in self._layers]
        called.matched.append(looked_up)
        called.regions.append(self._regions(records, first, last, contig))
        if contig is None or not asked.any():
            nothing = pa.nulls(last - first, pa.binary())
            called.csq.append(nothing)
            called.bcsq.append(nothing)
            called.terms.append(np.zeros(last - first, np.int64))
            called.compound.append(np.zeros(last - first, np.uint8))
            return
        length, fetch = self._reference.contig(contig).length, partial(self._sequence.fetch, contig)
        chunk = allele_chunk(
            records, first, last, self._header.version, length, fetch, normalised.filter(asked), self._mate_genes
        )
        existing = self._identifiers(looked_up)
        if existing is not None:
            existing = existing.filter(pa.array(asked)).cast(pa.binary())
        numbers = alleles.number[here][asked]
        together = _of_alleles(compounds, records.ordinal[first:last], chunk.record, numbers) if compounds else ()
        found = _whole(self._caller(contig).call(chunk, existing, together), last - first)
        called.csq.append(found.csq)
        called.bcsq.append(found.bcsq)
        called.terms.append(found.terms.astype(np.int64))
        called.compound.append(found.compound)
        called.reported.append(found.reported)

    def _caller(self, contig: str) -> ConsequenceCaller:
        if contig not in self._callers:
            if len(self._callers) == MOST_CALLERS:
                self._callers.pop(next(iter(self._callers)))
            one = self._reference.contig(contig)
            models = self._models.contig(contig, one.length, one.circular)
            self._callers[contig] = ConsequenceCaller(
                models, self._sequence, one.genetic_code, self._reporting, one.hgvs_prefix
            )
        return self._callers[contig]

    def _normalised(self, contig: str | None, alleles: Normalised, plain: np.ndarray) -> Normalised:
        """Alleles of one contig in normalised form; only those that are ``plain``, ``(n,) bool``, have one."""
        if contig is None:
            return alleles
        return normalise_all(*alleles, plain, partial(self._sequence.fetch, contig))

    def _regions(self, records: Records, first: int, last: int, contig: str | None) -> dict[str, pa.StringArray]:
        if not self._tracks or contig is None or (records.skip[first:last] >= 0).all():
            return {name: pa.nulls(last - first, pa.string()) for name in self._tracks}
        length = self._reference.contig(contig).length
        pos, end = records.pos[first:last], np.minimum(records.end[first:last], length)
        found: dict[str, pa.StringArray] = {}
        for spec in self._reference.regions:
            tracks = RegionTracks.load(spec, contig, int(pos.min()), int(max(end.max(), pos.max())))
            found |= tracks.overlapping(pos, end)
        skipped = pa.array(records.skip[first:last] >= 0)
        return {name: pc.if_else(skipped, pa.scalar(None, pa.string()), column) for name, column in found.items()}

    def _identifiers(self, matched: list[Matched]) -> pa.StringArray | None:
        columns = [
            (one.info, column)
            for layer, found in zip(self._layers, matched, strict=True)
            if layer.spec.known is not None
            for one, column in zip(layer.spec.fields, found.columns, strict=True)
        ]
        return identifiers(columns)


def _look_up(layer: KnownVariants, contig: str | None, alleles: Normalised, wanted: np.ndarray) -> Matched:
    """What a layer has of some alleles; nothing of those that are not ``wanted``, ``(n,) bool``."""
    if contig is None or not wanted.any():
        nothing = pa.nulls(len(wanted), pa.string())
        return Matched([nothing for _ in layer.spec.fields], np.zeros(len(wanted), bool))
    found = layer.of(contig, alleles.filter(wanted))
    if wanted.all():
        return found
    at = pa.array(np.cumsum(wanted) - 1, mask=~wanted)
    known = np.zeros(len(wanted), bool)
    known[wanted] = found.known
    return Matched([column.take(at) for column in found.columns], known)


def _whole(called: Called, records: int) -> Called:
    assert len(called.csq) == len(called.bcsq) == len(called.terms) == records
    return called


def _of_alleles(
    compounds: dict[int, list[Compound]], ordinal: np.ndarray, record: np.ndarray, number: np.ndarray
) -> list[tuple[int, Compound]]:
    """The compounds of some records, each with the index of its allele.

    Args:
        compounds: by ordinal of the record.
        ordinal: of each record.
        record: of each allele, the index among these records.
        number: of each allele, its index in ALT.
    """
    at = {key: allele for allele, key in enumerate(zip(ordinal[record].tolist(), number.tolist(), strict=True))}
    return [
        (at[number, one.allele], one)
        for number in ordinal.tolist()
        for one in compounds.get(number, ())
        if (number, one.allele) in at
    ]


def _note_order(records: Records, outcome: Outcome) -> None:
    """Note contigs, ends of the block, and whether it is sorted."""
    outcome.names = list(zip(records.chroms, records.contigs, strict=True))
    if not len(records):
        return
    step = np.diff(records.chrom)
    # Contigs are numbered as they appear: a step back comes to one that had ended.
    outcome.ordered = not ((step < 0) | ((step == 0) & (np.diff(records.pos) < 0))).any()
    outcome.first, outcome.last = (
        (records.chroms[records.chrom[at]], int(records.pos[at])) for at in (0, len(records) - 1)
    )


def _write(records: Records, ids: pa.BinaryArray, info: list[pa.Array | pa.Scalar], outcome: Outcome) -> None:
    """Join the columns to lines, pack them behind those of the parts before, and note where each is."""
    fields = records.fields
    # The line end comes before each line, so that one join makes the text.
    chroms = pa.array([b"\n" + chrom for chrom in records.chroms], pa.binary()).take(pa.array(records.chrom))
    pieces = [chroms]
    for column in (fields[1], ids, *fields[3:7]):
        pieces += [_TAB, column]
    pieces += [_TAB, *info]
    if fields[8].null_count < len(fields[8]):
        pieces += [where_there("\t", fields[8]), fields[8]]
    data, starts = bytes_of(pc.binary_join_element_wise(*pieces, b"", null_handling="skip"))
    packed, blocks = pack_lines(data[1:].data)
    at = starts[:-1].astype(np.int64)
    offset = (np.array(blocks, np.int64)[at // BLOCK] << WITHIN) | at % BLOCK
    offset = np.append(offset, len(packed) << WITHIN)
    cuts = np.flatnonzero(np.diff(records.chrom)) + 1
    for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(records)], strict=True):
        begin = np.maximum(records.pos[first:last] - 1, 0)
        end = np.maximum(records.reach[first:last], begin + 1)
        places = IndexedRecords(begin, end, offset[first : last + 1])
        outcome.places.append((records.chroms[records.chrom[first]], places.moved(outcome.size)))
    outcome.packed += packed
    outcome.size += len(packed)
