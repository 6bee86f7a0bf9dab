"""The header of a VCF file: read and checked, then written again with what the annotation adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from annotator.engine.bounds import LARGEST_LENGTH, LONGEST_NAME, whole_number
from annotator.engine.errors import VALUE_LENGTH, InputError, in_message, quote
from annotator.engine.progress import Warnings
from annotator.engine.vcf.file_type import RECORD

FIXED = [b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO"]
COLUMN_LINE = re.compile(rb"#CHROM\b", re.I)
"""The line of the columns; another spelling of its first name is refused as a wrong column."""
VERSION = re.compile(rb"VCFv4\.(\d+)(?!\S)")
MISSPELT = re.compile(rb"[Vv][Cc][Ff][ _-]*[Vv]?[ _.-]*4\.(\d{1,3})(?:\.\d{1,3})?")
"""Ways to write a version 4 that are not the specification's."""
LOWEST_VERSION = (4, 2)
"""Percent-encoded values and today's INFO types need 4.2; files of 4.0 and 4.1 are valid as 4.2."""
MOST_LINES = 5_000_000
"""Lines of a header; assemblies of millions of contigs have as many."""
LARGEST_MINOR_VERSION = 99
"""Versions 4.0 to 4.5 are there; what is larger is no version."""
LONGEST_VERSION = 40
"""Bytes of the version that are looked at for what was meant."""
CONTIG_ID = re.compile(rb"[<,]ID=([^,>]+)")
CONTIG_LENGTH = re.compile(rb"[<,]length=(\d+)")


@dataclass
class Header:
    """A checked header.

    Attributes:
        meta: the ``##`` lines as they came, without line ends and without ``##fileformat``.
        columns: the ``#CHROM`` line as it came.
        version: of VCF, such as (4, 2).
        samples: number of samples.
        tabs: how many tabs a record may have. Where there is a FORMAT column and no sample, some programs write
            records with FORMAT and some without it.
        contigs: lengths in bases by contig name, None where the header gives none.
        lines: number of lines that the header takes, counted from the start of the file.
    """

    meta: list[bytes] = field(default_factory=list)
    columns: bytes = b""
    version: tuple[int, int] = LOWEST_VERSION
    samples: int = 0
    tabs: tuple[int, ...] = (7,)
    contigs: dict[str, int | None] = field(default_factory=dict)
    lines: int = 0

    def reference_named(self) -> str | None:
        """The reference that the header names in ``##reference``, if any; without the path of a file."""
        for line in self.meta:
            if line.startswith(b"##reference="):
                return quote(line.partition(b"=")[2].rstrip(b"/").rpartition(b"/")[2]) or None
        return None


def read_header(lines: Iterator[bytes], limit: int, warnings: Warnings) -> Header:
    """Read and check the lines up to and including ``#CHROM``.

    Args:
        lines: lines of the file from its first; records are left unread.
        limit: largest header, in bytes.
        warnings: receives what was noticed.

    Raises:
        InputError: the header cannot be used.
    """
    header = Header()
    size = 0
    version_seen = False
    for line in lines:
        header.lines += 1
        size += len(line) + 1
        if size > limit:
            raise InputError.of("header_bytes", line=header.lines, limit=limit)
        if header.lines > MOST_LINES:
            raise InputError.of("header_lines", line=header.lines, limit=MOST_LINES)
        if line.startswith(b"##"):
            if line.startswith(b"##fileformat"):
                header.version = _version(line, header.lines)
                version_seen = True
            else:
                header.meta.append(line)
                if line.startswith(b"##contig="):
                    _note_contig(line, header, warnings)
        elif line.startswith(b"#") and COLUMN_LINE.match(line):
            _read_columns(line, header, warnings)
            if not version_seen:
                warnings.add("missing_fileformat", 1)
            return header
        elif not line.strip():
            warnings.add("blank_lines", header.lines)
        elif line.startswith(b"#"):
            warnings.add("odd_header_line", header.lines)
            header.meta.append(b"##" + line.lstrip(b"#"))
        else:
            raise _odd_line(line, header)
    raise InputError.of("no_column_line", line=header.lines or None)


def _odd_line(line: bytes, header: Header) -> InputError:
    """The error for a line before ``#CHROM`` that is no header line."""
    number = header.lines
    if RECORD.match(line):
        return InputError.of("record_before_columns", line=number, text=line)
    if number == 1:
        return InputError.of("first_line_not_header", line=number, text=line)
    return InputError.of("line_not_header", line=number, text=line, before=number - 1)


def _version(line: bytes, number: int) -> tuple[int, int]:
    text = line.partition(b"=")[2].strip()
    known = VERSION.match(text)
    minor = whole_number(known[1], LARGEST_MINOR_VERSION) if known else None
    if minor is not None:
        return 4, minor
    said = quote(text, VALUE_LENGTH)
    meant = MISSPELT.fullmatch(text) if len(text) <= LONGEST_VERSION else None
    if meant is not None and known is None:
        raise InputError.of("version_misspelt", line=number, text=line, said=said, meant=f"VCFv4.{meant[1].decode()}")
    raise InputError.of("version_unsupported", line=number, text=line, said=said or "of no version")


def _note_contig(line: bytes, header: Header, warnings: Warnings) -> None:
    name, length = CONTIG_ID.search(line), CONTIG_LENGTH.search(line)
    if name is None or len(name[1]) > LONGEST_NAME:
        return  # a record on a contig with a longer name is refused
    bases = whole_number(length[1], LARGEST_LENGTH) if length else None
    header.contigs[name[1].decode("latin-1")] = bases
    if length is not None and bases is None:
        warnings.add("bad_contig_length", header.lines, f"length={quote(length[1], 20)}")


def _read_columns(line: bytes, header: Header, warnings: Warnings) -> None:
    columns = line.split(b"\t")
    if len(columns) == 1 and len(line.split()) >= len(FIXED):
        raise InputError.of("blanks_between_columns", line=header.lines, text=line)
    for at, name in enumerate([*FIXED, b"FORMAT"]):
        if at == len(FIXED) == len(columns):
            break
        if at >= len(columns) or columns[at] != name:
            raise InputError.of(
                "wrong_column",
                line=header.lines,
                column=at + 1,
                field=name.decode().lstrip("#"),
                text=line,
                found=in_message(columns[at]) if at < len(columns) else "nothing",
                wanted=name.decode(),
            )
    samples = columns[9:]
    seen: set[bytes] = set()
    for at, sample in enumerate(samples, start=10):
        if not sample:
            raise InputError.of("sample_without_name", line=header.lines, column=at, text=sample)
        if sample in seen:
            raise InputError.of("sample_twice", line=header.lines, column=at, text=sample, sample=in_message(sample))
        seen.add(sample)
    header.columns = line
    header.samples = len(samples)
    header.tabs = (len(columns) - 1,)
    if len(columns) == len(FIXED) + 1:
        header.tabs = (len(FIXED) - 1, len(FIXED))
        warnings.add("format_without_samples", header.lines)


def render_header(
    header: Header,
    meta: list[bytes],
    info_lines: dict[str, bytes],
    provenance: list[bytes],
    new_contigs: list[tuple[str, int | None]],
) -> bytes:
    """Write the header of the results file.

    Args:
        header: of the input file.
        meta: the lines of the input that stay, in their order.
        info_lines: the ``##INFO`` lines of our fields, by ID.
        provenance: ``##gas`` lines.
        new_contigs: name and length of contigs that have records and no ``##contig`` line.

    Returns:
        The header with its line ends.
    """
    version = max(header.version, LOWEST_VERSION)
    out = [b"##fileformat=VCFv%d.%d" % version, *meta]
    for contig, length in new_contigs:
        size = b"" if length is None else b",length=%d" % length
        out.append(b"##contig=<ID=%s%s>" % (contig.encode("latin-1"), size))
    out.extend(info_lines.values())
    out.extend(provenance)
    out.append(header.columns)
    return b"\n".join(out) + b"\n"
