"""The pass over a file: blocks go out to the processes, their outcomes come back in order and are written.

A pass supposes that the records are sorted. When they turn out not to be, it ends with :class:`DisorderError`, and
the file is sorted and passed again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from annotator.engine.consequence import GeneModels, Reporting
from annotator.engine.errors import EngineError, InputError
from annotator.engine.haplotypes.coding_alleles import CodingAllele, CodingSequence, coding_alleles, coding_lines
from annotator.engine.haplotypes.compound_file import CompoundFile
from annotator.engine.haplotypes.csq import run_csq
from annotator.engine.haplotypes.phase_sets import Genes, TooManySetsError, spread_sets
from annotator.engine.haplotypes.search import CompoundSearch
from annotator.engine.haplotypes.slim_vcf import Answers, TranscriptNames, slim_header, slim_lines
from annotator.engine.indexes import beside, ending_for
from annotator.engine.output.earlier_annotations import EarlierAnnotations
from annotator.engine.output.results_file import ResultsWriter
from annotator.engine.output.summary import Counts
from annotator.engine.output.tabix import TabixIndex
from annotator.engine.output.variants_table import TableWriter, schema_of
from annotator.engine.pipeline.block_annotator import BlockAnnotator, Outcome, Task
from annotator.engine.pipeline.worker_pool import Pool
from annotator.engine.progress import Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block, Limits

Checked = Callable[[int], None]
"""Receives the number of the last line that is done."""
Annotated = Callable[[int, int], None]
"""Receives that and the number of warnings until there."""
Blocks = Callable[[], Iterator[Block]]
OpenOutput = Callable[[str], BinaryIO]
"""Opens one of :data:`annotator.engine.output.streaming.STREAMED` for writing, in place of what was written before."""


class DisorderError(Exception):
    """The records are not sorted."""


@dataclass(frozen=True)
class PassInput:
    """What a pass works on.

    Attributes:
        header: of the user's file.
        reference: to annotate with.
        numbered: lines start with their number in the user's file.
        blocks: gives the records, from the first at each call.
        earlier: says what becomes of annotations that the file has already.
        limits: of the results.
        reporting: what is reported.
        level: of compression of the results, see :mod:`annotator.engine.bgzf`.
    """

    header: Header
    reference: Reference
    numbered: bool
    blocks: Blocks
    earlier: EarlierAnnotations
    limits: Limits
    reporting: Reporting
    level: int

    def annotator(self, work: Path) -> BlockAnnotator:
        """A new annotator of its blocks, with a folder for working files."""
        return BlockAnnotator(
            self.header, self.reference, self.numbered, self.earlier, self.limits, self.reporting, self.level, work
        )


@dataclass
class Passed:
    """What a pass leaves: counts, warnings, whether haplotypes were used, and new names of fields that were kept."""

    counts: Counts = field(default_factory=Counts)
    warnings: Warnings = field(default_factory=Warnings)
    haplotypes: bool = False
    kept: set[str] = field(default_factory=set)


HeaderOf = Callable[[Passed, bool], bytes]
"""Gives the header of the results file from what was seen, and whether that is all."""


@dataclass
class _Slim:
    """A block's part of the slim file; ``lines`` is None when a genotype gives no haplotypes."""

    outcome: Outcome
    lines: bytes | None = None


@dataclass
class _Coding:
    """The coding alleles of a block whose carriers are known, by contig."""

    outcome: Outcome
    alleles: dict[str, list[CodingAllele]] = field(default_factory=dict)


class _ProcessState:
    """What each process has of its own: opened when it starts, as open files must not be shared."""

    annotator: BlockAnnotator | None = None
    coding: CodingSequence | None = None


def _spare_memory() -> None:
    """Let arrow give memory back between blocks, and use no threads: the processes are what runs side by side."""
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _annotate(task: Task) -> Outcome:
    assert _ProcessState.annotator is not None
    return _ProcessState.annotator.annotate(task)


def _make_slim(task: Task) -> _Slim:
    assert _ProcessState.annotator is not None
    outcome, records = _ProcessState.annotator.parse(task)
    return _Slim(outcome, None if records is None else slim_lines(records))


def _find_coding(task: Task) -> _Coding:
    assert _ProcessState.annotator is not None
    assert _ProcessState.coding is not None
    lines, ordinal = coding_lines(task.block, _ProcessState.annotator.numbered, _ProcessState.coding)
    outcome, records = _ProcessState.annotator.parse(replace(task, block=lines))
    if records is None:  # the other pass finds the first fault of the file
        return _Coding(Outcome())
    records.ordinal = ordinal[records.ordinal - lines.line]
    return _Coding(outcome, coding_alleles(records, _ProcessState.coding))


class Pass:
    """One pass.

    Args:
        source: to work on.
        processes: to work with.
        work: directory for working files.
        open_output: opens the results file and the table.
    """

    def __init__(self, source: PassInput, processes: int, work: Path, open_output: OpenOutput) -> None:
        self._source = source
        self._work = work
        self._processes = processes
        self._open = open_output
        self._index = TabixIndex()
        self._header_bytes = 0

    def run(self, header: HeaderOf, checked: Checked, annotated: Annotated) -> Passed:
        """Annotate all records: write the results file and the table.

        Args:
            header: gives the header of the results file.
            checked: called while haplotypes are looked for.
            annotated: called while records are annotated.

        Raises:
            InputError: a record cannot be understood, and it is the first such of the file; or the results have more
                bytes than the limits allow.
            DisorderError: the records are not sorted.
            HeaderChangedError: the results file was begun with another header than its records need.
            EngineError: a process was killed.
        """
        source = self._source

        def prepare() -> None:
            _spare_memory()
            _ProcessState.annotator = source.annotator(self._work)
            _ProcessState.coding = CodingSequence(source.reference, source.reporting.transcripts)

        passed = Passed()
        with Pool(self._processes, prepare) as pool, closing(CompoundFile(self._work / "compounds")) as compounds:
            answers = None
            if source.header.samples:
                self._find_compounds(pool, compounds, passed, checked)
                if source.earlier.bcsq is not None:
                    answers = self._haplotypes(pool, passed, checked)
            self._annotate(pool, answers, compounds, passed, header, annotated)
        return passed

    def _find_compounds(self, pool: Pool, compounds: CompoundFile, passed: Passed, done: Checked) -> None:
        """Find the alleles that change a protein together with those of other records."""
        order = _Order()
        search = CompoundSearch(self._source.reference, self._source.reporting.transcripts, compounds)
        sent: list[Task] = []
        with closing(pool.in_order(_find_coding, self._tasks(None, None, order, sent))) as found:  # type: ignore[type-var]
            for one in found:
                task = sent.pop(0)
                order.follow(one.outcome)
                search.add(one.alleles)
                done(task.block.line + task.block.count - 1)
        search.finish()
        passed.haplotypes = search.phased
        for name in search.cut:
            passed.warnings.add("compounds_left_out", None, name)

    def _annotate(
        self,
        pool: Pool,
        answers: Answers | None,
        compounds: CompoundFile,
        passed: Passed,
        header: HeaderOf,
        done: Annotated,
    ) -> None:
        order = _Order()
        results = ResultsWriter(
            self._open("results"), lambda complete: header(passed, complete), self._source.level
        )
        table = TableWriter(self._open("variants"), schema_of(self._source.reference))
        try:
            sent: list[Task] = []
            for outcome in pool.in_order(_annotate, self._tasks(answers, compounds, order, sent)):
                task = sent.pop(0)
                if order.renames(outcome):
                    # The file calls a contig by two names, which the process could not know.
                    assert outcome.error is None
                    outcome = self._again(task, order)
                order.follow(outcome)
                self._take(outcome, results, table, passed)
                done(task.block.line + task.block.count - 1, passed.warnings.total)
            self._header_bytes = results.close()
            table.close()
        finally:
            results.abandon()
            table.abandon()

    def _tasks(
        self, answers: Answers | None, compounds: CompoundFile | None, order: _Order, sent: list[Task]
    ) -> Iterator[Task]:
        with closing(self._source.blocks()) as blocks:  # type: ignore[type-var]
            for block in blocks:
                task = Task(
                    block,
                    dict(order.named),
                    {} if answers is None else answers.of(block),
                    {} if compounds is None else compounds.read(block.line, block.line + block.count),
                )
                sent.append(task)
                yield task

    def _again(self, task: Task, order: _Order) -> Outcome:
        return self._source.annotator(self._work).annotate(replace(task, named=dict(order.named)))

    def _take(self, outcome: Outcome, results: ResultsWriter, table: TableWriter, passed: Passed) -> None:
        # Counted before the records are written: the header may be written with them.
        passed.counts.add(outcome.counts)
        passed.warnings.merge(outcome.warnings)
        passed.kept |= outcome.kept
        for contig, places in outcome.places:
            self._index.add(contig, places.moved(results.body))
        if outcome.spilled is not None:
            with outcome.spilled.open("rb") as stream:
                shutil.copyfileobj(stream, results, 1 << 20)
            outcome.spilled.unlink()
        results.write(outcome.packed)
        for rows in outcome.rows:
            table.write(rows)
        self._source.limits.check_results(results.body + table.size)

    def _haplotypes(self, pool: Pool, passed: Passed, done: Checked) -> Answers | None:
        """Ask csq about the haplotypes.

        Returns:
            None if there are none to ask about: a genotype is unphased, or no sample carries an allele that csq can
            take (no GT, only missing or reference genotypes, only symbolic alleles).
        """
        order = _Order()
        carried = False
        slim = self._work / "haplotypes.vcf"
        with slim.open("wb", buffering=1 << 18) as stream:
            stream.write(slim_header(self._source.reference, self._source.header.samples))
            sent: list[Task] = []
            with closing(pool.in_order(_make_slim, self._tasks(None, None, order, sent))) as found:  # type: ignore[type-var]
                for one in found:
                    task = sent.pop(0)
                    order.follow(one.outcome)
                    if one.lines is None:
                        return None
                    stream.write(one.lines)
                    carried |= bool(one.lines)
                    done(task.block.line + task.block.count - 1)
        if not carried:
            return None
        answers = self._work / "haplotypes.csq.vcf"
        models = GeneModels.load(self._source.reference.compiled)
        try:
            slim = self._phase_sets_apart(slim, models)
            run_csq(
                slim, answers, self._source.reference, haplotypes=True, errors=self._work / "csq.txt",
                choice=self._source.reporting.transcripts, tick=lambda: done(0),
            )  # fmt: skip
        except EngineError as error:  # every record is still annotated separately, with a warning
            passed.warnings.add("haplotypes_failed", None, error.message)
            return None
        except TooManySetsError:
            passed.warnings.add("haplotypes_failed", None, "too many phase sets in genes that overlap")
            return None
        finally:
            slim.unlink()
        return Answers(answers, TranscriptNames(models))

    def _phase_sets_apart(self, slim: Path, models: GeneModels) -> Path:
        """The slim file with a column for each phase set; itself where no record has one."""
        apart = self._work / "phase_sets.vcf"
        if not spread_sets(slim, apart, Genes(models)):
            return slim
        slim.unlink()
        return apart

    def write_index(self, results: Path, longest: int) -> Path:
        """Write the index of the results file.

        Args:
            results: path of the results file.
            longest: length in bases of the longest contig that has records, as far as it is known.

        Returns:
            The path of the index, beside the results file.
        """
        index = beside(results, ending_for(max(longest, self._index.reach)))
        self._index.write(index, self._header_bytes)
        return index


class _Order:
    """Follows the order of the records from block to block, and the names that the file has for contigs."""

    def __init__(self) -> None:
        self.named: dict[str, bytes] = {}
        self._last: tuple[bytes, int] | None = None
        self._seen: set[bytes] = set()

    def renames(self, outcome: Outcome) -> bool:
        """Tell whether a block uses another name for a contig than an earlier block."""
        return any(self.named.get(contig, chrom) != chrom for chrom, contig in outcome.names if contig is not None)

    def follow(self, outcome: Outcome) -> None:
        """Take a block's outcome.

        Raises:
            InputError: of the block.
            DisorderError: the block is not sorted, or does not follow the one before.
        """
        if outcome.error is not None:
            error: InputError = outcome.error
            raise error
        if not outcome.ordered:
            raise DisorderError
        if outcome.first is None:
            return
        chroms = [chrom for chrom, _ in outcome.names]
        if self._last is not None:
            chrom, pos = outcome.first
            if chrom == self._last[0]:
                if pos < self._last[1]:
                    raise DisorderError
                chroms = chroms[1:]
        if not self._seen.isdisjoint(chroms):
            raise DisorderError
        self._seen.update(chrom for chrom, _ in outcome.names)
        self._last = outcome.last
        for chrom, contig in outcome.names:
            if contig is not None:
                self.named.setdefault(contig, chrom)
