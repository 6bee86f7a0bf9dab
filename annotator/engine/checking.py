"""The first pass: every record is checked before anything is written, and the caller's files are made on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.errors import InputError
from annotator.engine.genotypes import carried_alleles, genotypes_of, gives_haplotypes
from annotator.engine.header import Header, read_header
from annotator.engine.progress import REPORT_EVERY, Progress, Report, Warnings
from annotator.engine.reading import Limits, Lines
from annotator.engine.records import Record, RecordParser
from annotator.engine.reference import Reference
from annotator.engine.slim import SlimWriter
from annotator.engine.sorting import read_lines, sort_records

#: A file with more REF mismatches than this part of its comparable records was called on another reference...
WRONG_BUILD_PART = 0.10
#: ... when there are at least so many: one or two slips in a small file are not another reference.
WRONG_BUILD_LEAST = 5
#: Contig names kept for messages and counts.
MOST_CONTIGS = 10_000


@dataclass
class Checked:
    """What the first pass found.

    Attributes:
        records: number of records.
        contigs: records by contig name, in order of appearance.
        compared: records whose REF was compared with the reference.
        sites: the caller's file without genotypes.
        haplotypes: the caller's file with genotypes; None when they do not give haplotypes.
        body: the sorted records, when the input was not sorted; None when it is read again as it is.
    """

    header: Header
    sites: Path
    haplotypes: Path | None
    body: Path | None = None
    records: int = 0
    compared: int = 0
    mismatched: int = 0
    contigs: dict[str, int] = field(default_factory=dict)


def records_of(path: Path, header: Header, limits: Limits) -> Iterator[bytes]:
    """Records of an input file that has been checked."""
    lines = iter(Lines(path, limits))
    for _ in range(header.lines):
        next(lines)
    return (line for line in lines if line)


class Checker:
    """Checks one input file.

    Args:
        path: of the input.
        reference: to compare with.
        directory: for the files of the caller.
        limits: of the input.
        warnings: receives what was noticed.
        report: receives progress, stage ``checking``.
    """

    def __init__(
        self, path: Path, reference: Reference, directory: Path, limits: Limits, warnings: Warnings, report: Report
    ) -> None:
        self._path = path
        self._reference = reference
        self._directory = directory
        self._limits = limits
        self._warnings = warnings
        self._report = report
        self._lines = Lines(path, limits)
        self._out_of_order = 0
        self._last: tuple[bytes, int] = (b"", 0)
        self._finished: set[bytes] = set()

    def run(self) -> Checked:
        """Check the whole file.

        Raises:
            InputError: the file cannot be annotated.
        """
        lines = iter(self._lines)
        header = read_header(lines, self._limits.header, self._warnings)
        parser = RecordParser(header, self._reference)
        checked = Checked(
            header,
            sites=self._directory / "sites.vcf",
            haplotypes=self._directory / "haplotypes.vcf" if header.samples else None,
        )
        with SlimFiles(checked, self._reference) as slim:
            for number, line in enumerate(lines, start=header.lines + 1):
                if not line.strip():
                    self._warnings.add("blank_lines", number)
                    continue
                record = parser.parse(line, number, self._lines.unfinished)
                self._look_at(record, number, checked)
                if not self._out_of_order:
                    slim.write(record, checked.records)
                checked.records += 1
                if checked.records % REPORT_EVERY == 0:
                    self._report(Progress("checking", checked.records, None, self._warnings.total))
        self._notice(checked)
        self._refuse_wrong_reference(checked)
        if self._out_of_order:
            self._sort(checked)
        return checked

    def _look_at(self, record: Record, number: int, checked: Checked) -> None:
        """Count one record, its order and its oddities."""
        chrom, warnings = record.chrom, self._warnings
        if chrom == self._last[0]:
            if record.pos < self._last[1]:
                self._note_disorder(number)
        else:
            if chrom in self._finished:
                self._note_disorder(number)
            self._finished.add(chrom)
        self._last = (chrom, record.pos)
        name = chrom.decode("latin-1")
        if name in checked.contigs or len(checked.contigs) < MOST_CONTIGS:
            checked.contigs[name] = checked.contigs.get(name, 0) + 1
        skip = record.skip
        if skip is not None:
            warnings.add(skip, number, self._detail(record))
        if record.contig is not None and skip not in ("position_outside_contig", "contig_named_twice"):
            checked.compared += 1
            checked.mismatched += skip == "ref_mismatch"
        if record.ambiguous:
            warnings.add("reference_ambiguous", number)
        quality = record.fields[5]
        if quality != b"." and not _is_number(quality):
            warnings.add("bad_quality", number)

    def _note_disorder(self, number: int) -> None:
        self._out_of_order += 1
        self._warnings.add("unsorted", number)

    def _detail(self, record: Record) -> str | None:
        place = f"{record.chrom.decode('latin-1')}:{record.pos}"
        if record.skip == "ref_mismatch":
            assert record.contig is not None
            shown = self._reference.sequence().fetch(record.contig, record.pos, min(len(record.ref), 20))
            return f"{place} REF {record.ref[:20].decode()}, reference {shown.decode()}"
        return place if record.skip != "no_alternate_allele" else None

    def _notice(self, checked: Checked) -> None:
        if self._lines.crlf is not None:
            self._warnings.add("crlf", self._lines.crlf)
        if self._lines.byte_order_mark:
            self._warnings.add("byte_order_mark", 1)
        if not checked.records:
            self._warnings.add("no_records")

    def _refuse_wrong_reference(self, checked: Checked) -> None:
        """Refuse a file that was called on another reference, with figures."""
        reference = self._reference
        ours = ", ".join(contig.name for contig in reference.contigs[:8])
        if checked.records and not any(reference.canonical(name) for name in checked.contigs):
            names = list(checked.contigs)
            seen = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            raise InputError(
                "no_known_contig",
                f"No record is on a contig of {reference.name} ({ours}); the file has {seen}{_named(checked.header)}.",
            )
        mismatched, compared = checked.mismatched, checked.compared
        if mismatched >= WRONG_BUILD_LEAST and mismatched > WRONG_BUILD_PART * compared:
            first = self._warnings.by_code["ref_mismatch"]
            raise InputError(
                "wrong_build",
                f"REF differs from {reference.name} ({reference.assembly}) in {mismatched:,} of {compared:,} records, "
                f"first at {first.details[0]}: the variants were called on another reference{_named(checked.header)}.",
                line=first.first_lines[0],
                column=4,
                field="REF",
            )
        for name in checked.contigs:
            self._compare_length(name, checked)

    def _compare_length(self, name: str, checked: Checked) -> None:
        """Take a contig length of the header that is not the reference's as a sign of another build."""
        canonical, said = self._reference.canonical(name), checked.header.contigs.get(name)
        if canonical is None or said is None:
            return
        length = self._reference.contig(canonical).length
        if said == length:
            return
        message = f"the header gives {name} {said:,} bases, {self._reference.name} has {length:,}"
        if checked.mismatched:
            raise InputError("wrong_build", f"Called on another reference: {message}, and REF alleles differ.")
        self._warnings.add("contig_length", None, message)

    def _sort(self, checked: Checked) -> None:
        """Sort the records into a file of their own and make the caller's files from it."""
        lines = records_of(self._path, checked.header, self._limits)
        checked.body = sort_records(lines, self._directory)
        parser = RecordParser(checked.header, self._reference)
        with SlimFiles(checked, self._reference) as slim:
            for ordinal, line in enumerate(read_lines(checked.body)):
                slim.write(parser.parse(line, ordinal), ordinal)


class SlimFiles:
    """The caller's two files: of sites, and of haplotypes as long as every genotype gives them."""

    def __init__(self, checked: Checked, reference: Reference) -> None:
        self._checked = checked
        self._sites = SlimWriter(checked.sites, reference, 0)
        self._haplotypes: SlimWriter | None = None
        if checked.haplotypes is not None:
            self._haplotypes = SlimWriter(checked.haplotypes, reference, checked.header.samples)

    def write(self, record: Record, ordinal: int) -> None:
        """Write a record if it has alleles that the caller can take."""
        if record.skip is not None or not record.plain:
            return
        self._sites.write(record, ordinal, record.plain)
        if self._haplotypes is None:
            return
        genotypes = genotypes_of(record.fields[8])
        if genotypes is None:
            return
        if not gives_haplotypes(genotypes):
            self._haplotypes.close()
            self._haplotypes = None
            self._checked.haplotypes = None
            return
        alleles = carried_alleles(record, genotypes)
        if alleles:
            self._haplotypes.write(record, ordinal, alleles, genotypes)

    def __enter__(self) -> SlimFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._sites.close()
        if self._haplotypes is not None:
            self._haplotypes.close()


def _named(header: Header) -> str:
    name = header.reference_named()
    return "" if name is None else f" (its header names {name})"


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
