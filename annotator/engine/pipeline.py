"""Annotation of one file, from the input to the four files of the result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam
from pysam.version import __bcftools_version__ as bcftools_version

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.checking import Checked, Checker, records_of
from annotator.engine.csq import Answers, run_csq
from annotator.engine.errors import EngineError
from annotator.engine.header import render_header
from annotator.engine.logfile import render_log
from annotator.engine.mending import Mender
from annotator.engine.models import Models
from annotator.engine.progress import REPORT_EVERY, Progress, Report, Warnings, ignore
from annotator.engine.reading import Limits
from annotator.engine.records import RecordParser
from annotator.engine.reference import Reference
from annotator.engine.sorting import read_lines
from annotator.engine.summary import Counts
from annotator.engine.version import ENGINE_VERSION
from annotator.engine.writing import Annotator, info_lines


@dataclass(frozen=True)
class Outputs:
    """Where the result goes. The index is ``vcf`` with ``.tbi`` appended."""

    vcf: Path
    log: Path
    summary: Path

    @classmethod
    def beside(cls, vcf: Path, log: Path | None = None, summary: Path | None = None) -> Outputs:
        """Default names: ``x.annot.vcf.gz`` gets ``x.count.log`` and ``x.summary.json`` beside it."""
        stem = vcf.name.removesuffix(".gz").removesuffix(".vcf").removesuffix(".annot")
        return cls(vcf, log or vcf.with_name(f"{stem}.count.log"), summary or vcf.with_name(f"{stem}.summary.json"))

    @property
    def index(self) -> Path:
        return self.vcf.with_name(self.vcf.name + ".tbi")


def annotate(
    input_path: Path,
    reference: Reference,
    outputs: Outputs,
    *,
    name: str | None = None,
    temporary: Path | None = None,
    limits: Limits | None = None,
    report: Report = ignore,
) -> dict[str, Any]:
    """Annotate a VCF file.

    Every record comes back, in the order of the input (sorted where it was not), as it was outside INFO. Nothing
    appears under the names of ``outputs`` before all of it is complete; a failure leaves nothing there.

    Args:
        input_path: VCF, plain, gzip or bgzip.
        reference: an opened bundle.
        outputs: names of the results.
        name: of the user's file, for the log; by default that of ``input_path``.
        temporary: directory for working files; by default the system's. About twice the size of the uncompressed
            input may be needed, four times when it is not sorted.
        limits: of the input.
        report: receives progress.

    Returns:
        The summary, as it is in the summary file.

    Raises:
        InputError: the input file is at fault.
        EngineError: anything else that is known to go wrong.
        OSError: a file cannot be read or written.
    """
    limits = limits or Limits()
    warnings = Warnings()
    with tempfile.TemporaryDirectory(prefix="gas-", dir=temporary) as directory:
        work = Path(directory)
        report(Progress("checking", 0, None, 0))
        checked = Checker(input_path, reference, work, limits, warnings, report).run()
        total = checked.records
        report(Progress("annotating", 0, total, warnings.total))

        def tick() -> None:
            report(Progress("annotating", 0, total, warnings.total))

        answers = _call(checked, reference, work, warnings, tick)
        report(Progress("annotating", total, total, warnings.total))
        counts = Counts()
        partial = outputs.vcf.with_name(f".{outputs.vcf.name}.partial.vcf.gz")
        partial_index = partial.with_name(partial.name + ".tbi")
        try:
            records = (
                records_of(input_path, checked.header, limits) if checked.body is None else read_lines(checked.body)
            )
            _write(partial, records, checked, reference, answers, counts, warnings, report)
            report(Progress("indexing", total, total, warnings.total))
            pysam.tabix_index(str(partial), preset="vcf", force=True)
            summary = counts.summary(
                reference, warnings, checked.header.samples, checked.haplotypes is not None, ENGINE_VERSION
            )
            _write_text(outputs.log, render_log(summary, name or input_path.name))
            _write_text(outputs.summary, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
            partial_index.replace(outputs.index)
            partial.replace(outputs.vcf)
        finally:
            for left in (partial, partial_index):
                left.unlink(missing_ok=True)
    return summary


def _call(
    checked: Checked, reference: Reference, work: Path, warnings: Warnings, tick: Callable[[], None]
) -> tuple[Answers, Answers | None]:
    """Run the consequence caller on the sites and, where genotypes give haplotypes, on those."""
    errors = work / "csq.txt"
    sites = work / "sites.csq.vcf"
    run_csq(checked.sites, sites, reference, haplotypes=False, errors=errors, tick=tick)
    if checked.haplotypes is None:
        return Answers(sites), None
    together = work / "haplotypes.csq.vcf"
    try:
        run_csq(checked.haplotypes, together, reference, haplotypes=True, errors=errors, tick=tick)
    except EngineError as error:  # the user still gets the calls record by record, and is told
        warnings.add("haplotypes_failed", None, error.message)
        checked.haplotypes = None
        return Answers(sites), None
    return Answers(sites), Answers(together)


def _write(
    path: Path,
    records: Iterator[bytes],
    checked: Checked,
    reference: Reference,
    answers: tuple[Answers, Answers | None],
    counts: Counts,
    warnings: Warnings,
    report: Report,
) -> None:
    """Write the results file."""
    named = [reference.contig(found) for name in checked.contigs if (found := reference.canonical(name))]
    models = Models.load(reference.models, named)
    mender = Mender(models, named, reference.sequence())
    annotator = Annotator(reference, models, mender, *answers, counts, warnings)
    fields = info_lines(reference)
    new_contigs = [
        (name, None if (found := reference.canonical(name)) is None else reference.contig(found).length)
        for name in checked.contigs
        if name not in checked.header.contigs
    ]
    header, replaced = render_header(checked.header, fields, _provenance(reference), new_contigs)
    for field in replaced:
        warnings.add("replaced_annotation", None, field)
    parser = RecordParser(checked.header, reference)
    stream = BgzfWriter(path)
    try:
        stream.write(header)
        for ordinal, line in enumerate(records):
            stream.write(annotator.line(parser.parse(line, ordinal), ordinal) + b"\n")
            if ordinal % REPORT_EVERY == REPORT_EVERY - 1:
                report(Progress("writing", ordinal + 1, checked.records, warnings.total))
        stream.close()
    finally:
        stream.abandon()


def _provenance(reference: Reference) -> list[bytes]:
    lines = [
        f"##gasEngine={ENGINE_VERSION}",
        f"##gasConsequences=bcftools csq {bcftools_version}",
        f"##gasReference={reference.name} {reference.assembly}",
    ]
    lines += [f"##gasSource={one['name']} {one['version']} ({one['licence']})" for one in reference.sources]
    return [line.encode() for line in lines]


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
