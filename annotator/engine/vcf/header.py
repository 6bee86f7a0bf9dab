"""The header of a VCF file: read and checked, then written again with what the annotation adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from annotator.engine.bounds import LARGEST_LENGTH, LONGEST_NAME, whole_number
from annotator.engine.errors import InputError, quote
from annotator.engine.progress import Warnings
from annotator.engine.vcf.file_type import RECORD

FIXED = [b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO"]
#: Ways to write a version 4 that are not the specification's.
MISSPELT = re.compile(rb"[Vv][Cc][Ff][ _-]*[Vv]?[ _.-]*4\.(\d{1,3})(?:\.\d{1,3})?")
#: Percent-encoded values and today's INFO types need 4.2; files of 4.0 and 4.1 are valid as 4.2.
LOWEST_VERSION = (4, 2)
#: Lines of a header; assemblies of millions of contigs have as many.
MOST_LINES = 5_000_000
#: Versions 4.0 to 4.5 are there; what is larger is no version.
LARGEST_MINOR_VERSION = 99
#: Bytes of the version that are looked at for what was meant.
LONGEST_VERSION = 40
_ID = re.compile(rb"[<,]ID=([^,>]+)")
_LENGTH = re.compile(rb"[<,]length=(\d+)")


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
            raise InputError("header_too_large", f"The header is larger than {limit:,} bytes.", line=header.lines)
        if header.lines > MOST_LINES:
            raise InputError("header_too_large", f"The header has more than {MOST_LINES:,} lines.", line=header.lines)
        if line.startswith(b"##"):
            if line.startswith(b"##fileformat"):
                header.version = _version(line, header.lines)
                version_seen = True
            else:
                header.meta.append(line)
                if line.startswith(b"##contig="):
                    _note_contig(line, header, warnings)
        elif line.startswith(b"#") and re.match(rb"#CHROM\b", line, re.I):
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
    raise InputError("missing_column_header", "The file ends before the #CHROM line.", line=header.lines or None)


def _odd_line(line: bytes, header: Header) -> InputError:
    """The error for a line before ``#CHROM`` that is no header line."""
    number = header.lines
    if RECORD.match(line):
        return InputError("missing_column_header", "A record comes before the #CHROM line.", line=number, text=line)
    message = "The line is neither a header line, which begins with ##, nor the #CHROM line."
    hint = f"Line {number - 1} may have been broken in two: join the two lines." if number > 1 else None
    return InputError("missing_column_header", message, line=number, text=line, hint=hint)


def _version(line: bytes, number: int) -> tuple[int, int]:
    text = line.partition(b"=")[2].strip()
    known = re.match(rb"VCFv4\.(\d+)(?!\S)", text)
    minor = whole_number(known[1], LARGEST_MINOR_VERSION) if known else None
    if minor is not None:
        return 4, minor
    said = quote(text, 40)
    meant = MISSPELT.fullmatch(text) if len(text) <= LONGEST_VERSION else None
    if meant is not None and known is None:
        right = f"VCFv4.{meant[1].decode()}"
        raise InputError(
            "vcf_version_misspelt",
            f"The version is written '{said}' and should be '{right}'.",
            line=number,
            text=line,
            hint=f"Write ##fileformat={right}.",
        )
    raise InputError(
        "vcf_version_unsupported",
        f"The file says that it is {said or 'of no version'}; VCF 4.0 and later are read.",
        line=number,
        text=line,
    )


def _note_contig(line: bytes, header: Header, warnings: Warnings) -> None:
    name, length = _ID.search(line), _LENGTH.search(line)
    if name is None or len(name[1]) > LONGEST_NAME:
        return  # a record on a contig with a longer name is refused
    bases = whole_number(length[1], LARGEST_LENGTH) if length else None
    header.contigs[name[1].decode("latin-1")] = bases
    if length is not None and bases is None:
        warnings.add("bad_contig_length", header.lines, f"length={quote(length[1], 20)}")


def _read_columns(line: bytes, header: Header, warnings: Warnings) -> None:
    columns = line.split(b"\t")
    if len(columns) == 1 and len(line.split()) >= len(FIXED):
        raise InputError(
            "wrong_header_columns",
            "The #CHROM line is separated by blanks, not by tabs.",
            line=header.lines,
            text=line,
            hint="Replace the blanks by tabs; copying a VCF from a terminal or a page turns tabs into blanks.",
        )
    for at, name in enumerate(FIXED):
        if at >= len(columns) or columns[at] != name:
            got = columns[at].decode("utf-8", "replace") if at < len(columns) else "nothing"
            raise InputError(
                "wrong_header_columns",
                f"Column {at + 1} of the #CHROM line is {got!r} and should be {name.decode()!r}.",
                line=header.lines,
                column=at + 1,
                field=name.decode().lstrip("#"),
                text=line,
            )
    if len(columns) > len(FIXED) and columns[8] != b"FORMAT":
        raise InputError(
            "wrong_header_columns",
            f"Column 9 of the #CHROM line is {columns[8].decode('utf-8', 'replace')!r} and should be 'FORMAT'.",
            line=header.lines,
            column=9,
            field="FORMAT",
            text=line,
        )
    samples = columns[9:]
    seen: set[bytes] = set()
    for at, sample in enumerate(samples, start=10):
        if not sample or sample in seen:
            code = "duplicate_sample" if sample else "wrong_header_columns"
            said = f"Sample {sample.decode('utf-8', 'replace')!r} comes twice." if sample else "A sample has no name."
            raise InputError(code, said, line=header.lines, column=at, text=sample)
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
