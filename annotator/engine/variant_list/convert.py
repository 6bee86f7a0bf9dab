"""Recognises a list of variants and writes it as a VCF file, with a report of the lines that cannot be resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from annotator.engine.errors import InputError, quote, shortened
from annotator.engine.normalise import Allele
from annotator.engine.progress import Progress, Report, Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.variant_list.change import BasesDifferError, GenomicChange, allele_of
from annotator.engine.variant_list.identifiers import alleles_of, has_identifiers
from annotator.engine.variant_list.notation import Description, RsNumber, UnknownNotationError, UnresolvedError, parse
from annotator.engine.variant_list.resolve import Resolver
from annotator.engine.vcf.header import FIXED
from annotator.engine.vcf.reader import BYTE_ORDER_MARK, Limits, Lines

MOST_LINES, LONGEST_LINE = 100_000, 1000
"""Variants of a list, and characters of a line."""
_LONGEST_READ = 1 << 20
"""Bytes of a line that is read at all."""
MOST_BASES = 64 << 20
"""Bases of all alleles, which are in memory together."""
_IN_SUMMARY = 1000
"""Unresolved lines that the summary has; the log has all."""
_DIFFERING, _DIFFERING_SHARE = 5, 0.5
"""Lines whose bases differ, at least, and their share of the lines that state bases, for doubt about the reference."""
_LOOKED_AT = 200
"""Lines that show whether a file is a list, comments among them."""


@dataclass(frozen=True)
class Failure:
    """A line that could not be resolved: its number, counted from 1, its text, shortened, and why."""

    line: int
    text: str
    reason: str
    hint: str


@dataclass
class VariantList:
    """A list that was read.

    Attributes:
        lines: number of lines that are neither blank nor comments.
        failures: those that were not resolved, in the order of the file.
        warnings: about the file and its lines.
    """

    lines: int = 0
    failures: list[Failure] = field(default_factory=list)
    warnings: Warnings = field(default_factory=Warnings)

    def fail(self, line: int, text: str, error: UnresolvedError) -> None:
        """Record that a line cannot be resolved."""
        reason, hint = shortened(error.reason, 300), shortened(error.hint, 300)
        self.failures.append(Failure(line, quote(text.encode()), reason, hint))

    def summary(self) -> dict[str, Any]:
        """For the summary of the annotation; of very many failures only the first."""
        return {
            "lines": self.lines,
            "resolved": self.lines - len(self.failures),
            "unresolved": len(self.failures),
            "failures": [vars(one) for one in self.failures[:_IN_SUMMARY]],
        }

    def log(self) -> list[str]:
        """Every line that was not resolved, for the log."""
        return [f"line {one.line}, {one.text}: {one.reason} {one.hint}".rstrip() for one in self.failures]


def is_variant_list(path: Path) -> bool:
    """Whether the content of a file is a list of variants: most of its first lines are in one of the notations.

    Raises:
        OSError: the file cannot be read.
    """
    known = unknown = 0
    try:
        for raw in islice(Lines(path, Limits(line=_LONGEST_READ), known_text=True), _LOOKED_AT):
            text = _text(raw)
            if text.startswith(("##fileformat", "#CHROM")):
                return False
            if text and not text.startswith("#"):
                try:
                    parse(text[: LONGEST_LINE + 1])
                except UnknownNotationError:
                    unknown += 1
                except UnresolvedError:
                    known += 1
                else:
                    known += 1
    except InputError:
        return False  # reading it as VCF says what is wrong
    return known > unknown


def write_vcf(path: Path, reference: Reference, out: Path, limits: Limits, report: Report) -> VariantList:
    """Write the variants of a list as a sorted VCF file, with the line as ID.

    Args:
        path: the list, plain or compressed.
        reference: on which it is resolved.
        out: the VCF file.
        limits: of the input.
        report: receives progress.

    Raises:
        InputError: it is no text, too large, empty, or none of its lines can be resolved.
        BundleError: the reference cannot be read.
    """
    found = VariantList()
    described = _read(path, limits, found)
    changes = _placed(described, reference, found, report)
    records = _alleles(changes, reference, found, report)
    found.failures.sort(key=lambda one: one.line)
    for one in found.failures:
        found.warnings.add("unresolved_line", one.line, f"{one.text}: {one.reason}")
    if not records:
        first = found.failures[0]
        message = f"None of the {found.lines:,} lines of the list can be resolved. {first.reason}"
        raise InputError(
            "no_line_resolved", message, line=first.line, text=first.text.encode(), hint=first.hint or None
        )
    _write(records, reference, out)
    return found


def _read(path: Path, limits: Limits, found: VariantList) -> list[tuple[int, str, Description]]:
    """Number, text and meaning of each line that is in one of the notations."""
    described = []
    lines = Lines(path, Limits(uncompressed=limits.uncompressed, line=_LONGEST_READ), known_text=True)
    for number, raw in enumerate(lines, start=1):
        if number == 1 and raw.startswith(BYTE_ORDER_MARK):
            found.warnings.add("byte_order_mark", 1)
        text = _text(raw)
        if not text or text.startswith("#"):
            continue
        found.lines += 1
        if found.lines > MOST_LINES:
            raise InputError(
                "too_many_records",
                f"The list has more than {MOST_LINES:,} lines.",
                hint="Split the list, or send the variants as a VCF file.",
            )
        try:
            if len(text) > LONGEST_LINE:
                raise UnresolvedError(f"The line is longer than {LONGEST_LINE:,} characters.", "Send it in a VCF file.")
            described.append((number, text, parse(text)))
        except UnresolvedError as error:
            found.fail(number, text, error)
    if lines.crlf is not None:
        found.warnings.add("crlf", lines.crlf)
    if lines.trailing:
        found.warnings.add("trailing_bytes", None, f"{lines.trailing:,} bytes")
    if not found.lines:
        raise InputError("empty_file", "The list has no lines but blank ones and comments.")
    return described


def _text(raw: bytes) -> str:
    return raw.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "backslashreplace").strip()


def _placed(
    described: list[tuple[int, str, Description]], reference: Reference, found: VariantList, report: Report
) -> list[tuple[int, str, GenomicChange]]:
    """Number and text of each line, and its changes: an rs number may have several."""
    identifiers = alleles_of(reference, {one.name for _, _, one in described if isinstance(one, RsNumber)})
    resolver = Resolver(reference)
    placed: list[tuple[int, str, GenomicChange]] = []
    for number, text, one in described:
        report(Progress("checking", len(placed), None, found.warnings.total))
        try:
            if isinstance(one, RsNumber):
                if one.name not in identifiers:
                    raise _unknown(one, reference)
                placed += [(number, text, change) for change in identifiers[one.name]]
                continue
            change, warned = resolver.place(one)
            placed.append((number, text, change))
            if warned:
                found.warnings.add(warned.code, number, warned.detail)
        except UnresolvedError as error:
            found.fail(number, text, error)
    return placed


def _unknown(one: RsNumber, reference: Reference) -> UnresolvedError:
    if has_identifiers(reference):
        return UnresolvedError(
            f"The known variants of the reference {reference.name} do not have {one.name}.",
            "It may have been merged into another one: look it up in dbSNP.",
        )
    return UnresolvedError(
        f"The reference {reference.name} has no known variants with rs numbers.",
        "Write the variant as chr:pos:ref:alt, SPDI or HGVS.",
    )


def _alleles(
    placed: list[tuple[int, str, GenomicChange]], reference: Reference, found: VariantList, report: Report
) -> list[tuple[int, Allele, int, str]]:
    """Rank of the contig, allele, line number and text of each record, sorted."""
    ranks = {contig.name: rank for rank, contig in enumerate(reference.contigs)}
    sequence = reference.sequence()
    records: list[tuple[int, Allele, int, str]] = []
    bases = differing = 0
    # By position, as the sequence is read through a window.
    for number, text, change in sorted(placed, key=lambda one: (ranks[one[2].contig], one[2].start)):
        report(Progress("checking", len(records), None, found.warnings.total))
        rank = ranks[change.contig]
        try:
            allele = allele_of(change, reference.contigs[rank], sequence)
        except UnresolvedError as error:
            differing += isinstance(error, BasesDifferError)
            found.fail(number, text, error)
            continue
        bases += len(allele[1]) + len(allele[2])
        if bases > MOST_BASES:
            raise InputError(
                "too_large",
                f"The alleles of the list have more than {MOST_BASES:,} bases together.",
                hint="Send long variants in a VCF file, as symbolic alleles such as <DEL>.",
            )
        records.append((rank, allele, number, text))
    stating = sum(isinstance(change.stated, str) for _, _, change in placed)
    if differing >= _DIFFERING and differing > _DIFFERING_SHARE * stating:
        found.warnings.add("other_reference", None, f"{differing:,} of {stating:,} lines that state bases")
    return sorted(records, key=lambda one: (one[0], one[1][0], one[2]))


def _write(records: list[tuple[int, Allele, int, str]], reference: Reference, out: Path) -> None:
    with out.open("wb") as stream:
        stream.write(b"##fileformat=VCFv4.2\n")
        for rank in dict.fromkeys(record[0] for record in records):
            contig = reference.contigs[rank]
            stream.write(f"##contig=<ID={contig.name},length={contig.length}>\n".encode())
        stream.write(b"\t".join(FIXED) + b"\n")
        for rank, (pos, ref, alt), _, text in records:
            name = reference.contigs[rank].name
            stream.write(f"{name}\t{pos}\t{_identifier(text)}\t{ref.decode()}\t{alt.decode()}\t.\t.\t.\n".encode())


def _identifier(text: str) -> str:
    """A line as an ID of VCF, which has neither white space nor semicolons."""
    return "_".join(text.split()).replace(";", "%3B")
