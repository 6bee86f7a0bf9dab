"""Annotation of one file, from the input to the files of the result."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow.compute as pc
from pysam.version import __bcftools_version__ as bcftools_version

from annotator.engine.bgzf import LEVEL
from annotator.engine.consequence import GeneModels, Reporting
from annotator.engine.consequence.reporting import EVERYTHING
from annotator.engine.errors import BundleError, InputError
from annotator.engine.indexes import ENDINGS, beside
from annotator.engine.output.earlier_annotations import EarlierAnnotations, points_into_bcsq
from annotator.engine.output.files import OUTPUT_FILES, Annotated
from annotator.engine.output.info_fields import info_lines
from annotator.engine.output.results_file import HeaderChangedError
from annotator.engine.output.streaming import STREAMED
from annotator.engine.pipeline.build_check import refuse_wrong_reference
from annotator.engine.pipeline.scheduler import DisorderError, HeaderOf, OpenOutput, Pass, Passed, PassInput
from annotator.engine.pipeline.user_layers import ReadLayer, UserLayer, with_user_layers
from annotator.engine.processors import processors
from annotator.engine.progress import Progress, Report, Warnings, ignore
from annotator.engine.reference.bundle import Reference
from annotator.engine.variant_list.convert import is_variant_list, write_vcf
from annotator.engine.vcf.header import read_header, render_header
from annotator.engine.vcf.reader import Block, Limits, Lines, contigs_of
from annotator.engine.vcf.sort import sort_records
from annotator.engine.version import ENGINE_VERSION

InputFormat = Literal["auto", "vcf", "list"]
"""What an input file is; ``auto``: what its content says."""


@dataclass(frozen=True)
class Outputs:
    """Where the results go.

    Args:
        vcf: the annotated VCF. Its index is beside it, see :func:`annotator.engine.indexes.index_of`.
        others: the other files, by the keys of :data:`annotator.engine.output.files.OUTPUT_FILES`.
    """

    vcf: Path
    others: Mapping[str, Path]

    @property
    def log(self) -> Path:
        """The log."""
        return self.others["log"]

    @property
    def summary(self) -> Path:
        """The counts as JSON."""
        return self.others["summary"]

    @property
    def variants(self) -> Path:
        """The table of variants."""
        return self.others["variants"]

    @classmethod
    def beside(
        cls, vcf: Path, log: Path | None = None, summary: Path | None = None, variants: Path | None = None
    ) -> Outputs:
        """Default names: ``x.annot.vcf.gz`` gets ``x.count.log``, ``x.summary.json`` and so on beside it."""
        stem = vcf.name.removesuffix(".gz").removesuffix(".vcf").removesuffix(".annot")
        given = {"log": log, "summary": summary, "variants": variants}
        return cls(vcf, {kind: given.get(kind) or vcf.with_name(stem + file.suffix)
                         for kind, file in OUTPUT_FILES.items()})  # fmt: skip


def annotate(
    input_path: Path,
    reference: Reference,
    outputs: Outputs,
    *,
    input_format: InputFormat = "auto",
    name: str | None = None,
    temporary: Path | None = None,
    limits: Limits | None = None,
    processes: int | None = None,
    replace: bool = False,
    reporting: Reporting = EVERYTHING,
    layers: Sequence[UserLayer] = (),
    open_stream: OpenOutput | None = None,
    level: int = LEVEL,
    report: Report = ignore,
) -> dict[str, Any]:
    """Annotate a VCF file, or a list of variants as a VCF file.

    Every record comes back, in the order of the input (sorted where it was not), as it was outside INFO and ID.
    Nothing appears under the names of ``outputs`` before all of it is complete; a failure leaves nothing there.

    Args:
        input_path: VCF, or one variant per line (HGVS, SPDI, rs number, chr:pos:ref:alt); plain, gzip or bgzip.
        reference: an opened bundle.
        outputs: names of the results.
        input_format: ``vcf`` or ``list``; by default the content decides.
        name: of the user's file, for the log; by default that of ``input_path``.
        temporary: directory for working files; by default the system's. As much as the table takes may be needed, and
            about three times the compressed input when it is not sorted.
        limits: of the input.
        processes: that share the work; by default one a processor. The results are the same whatever their number.
        replace: drop what other tools wrote to INFO fields of our names (``CSQ``, ``BCSQ``), instead of keeping it
            under other names.
        reporting: which entries and sub-fields of CSQ are written, on which transcripts.
        layers: files with the user's own annotations, in the order in which their fields are written.
        open_stream: opens the files of :data:`annotator.engine.output.streaming.STREAMED` for writing while they are
            produced; they do not appear under the names of ``outputs`` then. Opened again, a file starts again. They
            are of use only if the annotation succeeds.
        level: of compression of the annotated VCF, see :mod:`annotator.engine.bgzf`.
        report: receives progress.

    Returns:
        The summary, as it is in the summary file.

    Raises:
        InputError: the input file is at fault, or one with the user's own annotations.
        EngineError: anything else that is known to go wrong.
        OSError: a file cannot be read or written.
    """
    partial = outputs.vcf.with_name(f".{outputs.vcf.name}.partial.vcf.gz")
    others = [(OUTPUT_FILES[kind], path.with_name(f".{path.name}.partial"), path)
              for kind, path in outputs.others.items() if open_stream is None or kind not in STREAMED]  # fmt: skip
    if not outputs.vcf.parent.is_dir():  # sooner than after all the work
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(outputs.vcf.parent))
    with tempfile.TemporaryDirectory(prefix="gas-", dir=temporary) as directory:
        limits, work = limits or Limits(), Path(directory)
        name = name or input_path.name
        listed = None
        if input_format == "list" or (input_format == "auto" and is_variant_list(input_path)):
            listed_path, input_path = input_path, work / "list.vcf"
            listed = write_vcf(listed_path, reference, input_path, limits, report)
        table, results = work / "variants.parquet", work / "results.vcf.gz"

        def open_file(kind: str) -> BinaryIO:
            return (results if kind == "results" else table).open("wb", buffering=1 << 18)

        noticed = Warnings()
        reference, read = with_user_layers(reference, layers, work, limits, noticed)
        run = _Run(
            input_path, reference, limits, work, open_stream or open_file, report, replace, reporting, level, read
        )
        run.warnings.merge(noticed)
        if listed:
            run.warnings.merge(listed.warnings)
        try:
            passing, passed = run.passed(processes or processors())
            records = passed.counts.total["records"]
            report(Progress("indexing", records, records, run.warnings.total))
            if open_stream is None:
                shutil.move(results, partial)
            index = passing.write_index(partial, run.longest_contig(passed))
            summary = passed.counts.summary(reference, run.header, run.warnings, passed.haplotypes, ENGINE_VERSION)
            summary["shift_3prime"] = reporting.shift_3prime
            if read:
                summary["layers"] = [one.summary(passed.counts) for one in read]
            if listed:
                summary["variant_list"] = listed.summary()
            annotated = Annotated(name, summary, table, listed.log() if listed else [])
            for file, unfinished, _ in others:
                file.write(annotated, unfinished)
            for _, unfinished, path in others:
                unfinished.replace(path)
            for ending in ENDINGS:
                beside(outputs.vcf, ending).unlink(missing_ok=True)  # of an earlier result
            index.replace(beside(outputs.vcf, index.suffix))
            if open_stream is None:
                partial.replace(outputs.vcf)
        finally:
            for left in (partial, *(unfinished for _, unfinished, _ in others),
                         *(beside(partial, ending) for ending in ENDINGS)):  # fmt: skip
                left.unlink(missing_ok=True)
    return summary


class _Run:
    """The annotation of one file; ``warnings`` has those of the header and, at the end, of all records.

    Raises:
        InputError: the header cannot be used, or the file cannot be read to its end.
    """

    def __init__(
        self,
        path: Path,
        reference: Reference,
        limits: Limits,
        work: Path,
        open_output: OpenOutput,
        report: Report,
        replace: bool,
        reporting: Reporting,
        level: int,
        layers: Sequence[ReadLayer],
    ) -> None:
        self._path = path
        self._reference = reference
        self._limits = limits
        self._work = work
        self._open_output = open_output
        self._report = report
        self._reporting = reporting
        self._layers = layers
        self._level = level
        report(Progress("checking", 0, None, 0))
        self.warnings = Warnings()
        for note in reference.notes:
            self.warnings.add("models_accepted", None, note)
        self._check_transcripts()
        lines = Lines(path, limits)
        self.header = read_header(iter(lines), limits.header, self.warnings)
        self._blocks = self._lines = 0
        self._contigs: dict[str, None] = {}  # as far as the order of the file shows them
        pointing = False
        for block in lines.blocks():
            self._blocks += 1
            self._contigs |= dict.fromkeys(contigs_of(block))
            pointing = pointing or points_into_bcsq(block.text)
            self._lines += block.count
            self._checking(self._lines)
        self._earlier = EarlierAnnotations.of(
            self.header, info_lines(reference, reporting.fields), replace, pointing, reporting.bcsq
        )
        if limits.records is not None and self._lines > limits.records:
            raise InputError(
                "too_many_records", f"The file has {self._lines:,} records; {limits.records:,} is the limit."
            )
        if lines.crlf is not None:
            self.warnings.add("crlf", lines.crlf)
        if lines.trailing:
            self.warnings.add("trailing_bytes", None, f"{lines.trailing:,} bytes")
        if lines.byte_order_mark:
            self.warnings.add("byte_order_mark", 1)

    def passed(self, most_processes: int) -> tuple[Pass, Passed]:
        """Annotate the records, sorted first where they are not.

        Raises:
            InputError: a record cannot be understood, or the file was called on another reference.
            EngineError: a process was killed.
        """
        # A small file is done before processes have started.
        processes = max(1, min(most_processes, self._blocks))
        source = PassInput(
            self.header, self._reference, False, self._input, self._earlier, self._limits, self._reporting, self._level
        )
        try:
            passing, passed = self._pass(source, processes)
        except DisorderError:
            body = sort_records(self._input(), self._work, self.header, self._reference, self.warnings)

            def sorted_blocks() -> Iterator[Block]:
                return Lines(body, self._limits, known_text=True).blocks()

            source = dataclasses.replace(source, numbered=True, blocks=sorted_blocks)
            passing, passed = self._pass(source, processes)
        self.warnings.merge(passed.warnings)
        if not passed.counts.total["records"]:
            self.warnings.add("no_records")
        refuse_wrong_reference(passed.counts, self.header, self._reference, self.warnings)
        self._earlier.warn(self.warnings, self.header.meta, frozenset(passed.kept))
        return passing, passed

    def _check_transcripts(self) -> None:
        """Check that the reference has the transcripts that the user has chosen.

        Raises:
            BundleError: it has none of them.
        """
        choice = self._reporting.transcripts
        if not choice:
            return
        models = GeneModels.load(self._reference.compiled)
        tables = [models.contig(name).table for name in models.contigs]
        if not any(pc.any(choice.chosen(table)).as_py() for table in tables):
            what = "tagged as GENCODE basic" if choice.basic else "with a name of the list"
            message = f"Reference {self._reference.name} has no transcript {what}"
            raise BundleError("reference_transcripts", f"{message}; leave out the option, or choose another reference.")
        for name in choice.unknown(tables):
            self.warnings.add("unknown_transcript", None, name)

    def _pass(self, source: PassInput, processes: int) -> tuple[Pass, Passed]:
        try:
            return self._run_pass(source, processes, self._results_header)
        except HeaderChangedError as changed:
            header = changed.header  # "changed" is gone after this clause
        return self._run_pass(source, processes, lambda _, __: header)

    def _run_pass(self, source: PassInput, processes: int, header: HeaderOf) -> tuple[Pass, Passed]:
        passing = Pass(source, processes, self._work, self._open_output)
        first = self.header.lines if not source.numbered else 0
        return passing, passing.run(
            header,
            lambda line: self._checking(max(0, line - first)),
            lambda line, warned: self._report(
                Progress("annotating", line - first, self._lines, self.warnings.total + warned)
            ),
        )

    def _checking(self, lines: int) -> None:
        self._report(Progress("checking", lines, None, self.warnings.total))

    def _input(self) -> Iterator[Block]:
        """Records of the input, whose header is left out."""
        lines = Lines(self._path, self._limits)
        wanted = self.header.lines
        for number, _ in enumerate(lines, start=1):
            if number == wanted:
                break
        return lines.blocks()

    def longest_contig(self, passed: Passed) -> int:
        """Length in bases of the longest contig that has records; 0 where nothing says one."""
        known = [(self.header.contigs.get(name), self._reference.canonical(name)) for name in passed.counts.contigs]
        return max((max(said or 0, self._reference.contig(found).length if found else 0) for said, found in known),
                   default=0)  # fmt: skip

    def _results_header(self, passed: Passed, complete: bool) -> bytes:
        """The header of the results file; where not all records were seen, what it will probably be."""
        contigs = [*passed.counts.contigs] if complete else [*self._contigs]
        new = [
            (name, None if (found := self._reference.canonical(name)) is None else self._reference.contig(found).length)
            for name in contigs
            # A name in angle brackets belongs to the assembly file, and cannot be declared.
            if name not in self.header.contigs and not name.startswith("<")
        ]
        meta = self._earlier.header_lines(self.header.meta, frozenset(passed.kept))
        provenance = _provenance(self._reference, self._reporting, self._earlier.bcsq is not None, self._layers)
        return render_header(self.header, meta, self._earlier.fields, provenance, new)


def _provenance(reference: Reference, reporting: Reporting, bcsq: bool, layers: Sequence[ReadLayer]) -> list[bytes]:
    lines = [
        f"##gasEngine={ENGINE_VERSION}",
        *([f"##gasHaplotypes=bcftools csq {bcftools_version}"] if bcsq else []),
        f"##gasReference={reference.name} {reference.assembly}",
        f"##gasPlacement={'shifted 3-prime' if reporting.shift_3prime else 'left-aligned'}",
    ]
    if restrictions := " ".join(reporting.restrictions()):
        lines.append(f"##gasOptions={restrictions}")
    lines += [f"##gasSource={one['name']} {one['version']} ({one['licence']})" for one in reference.sources]
    lines += [f"##gasLayer={one.layer.name} {one.layer.file}" for one in layers]
    return [line.encode() for line in lines]
