"""Everything that can be wrong with an input file, in one place and in the user's words.

There are three kinds, which differ in what happens next:

- an *input error* refuses the whole file (:class:`InputError`, exit code 2);
- a *skip* keeps a record but leaves it without consequences, marked ``GAS_SKIPPED=<code>`` in INFO;
- a *warning* says what was noticed or changed; the record or file is annotated all the same.

The pages of the site show code, line, text and hint: this module imports nothing, so that they can use it cheaply.
"""

from __future__ import annotations

from dataclasses import dataclass

QUOTE_LENGTH = 120
"""Longest piece of a user's line that is quoted in a message, in characters."""
VALUE_LENGTH = 40
"""Longest value of the user's file within a message, in characters."""
MESSAGE_LENGTH = 1000
"""Longest message or detail of a warning, in characters: names in it come from the file, and it is kept in a
database."""


@dataclass(frozen=True)
class Kind:
    """What is always the same about one kind of fault: a short title and its usual hint."""

    title: str
    hint: str


INPUT_ERRORS: dict[str, Kind] = {
    "empty_file": Kind("The file is empty", "Check that the upload ended and that the program that wrote it did."),
    "not_vcf": Kind(
        "Not a VCF file",
        "Send a VCF file, plain or compressed (gzip, xz, zstd), or a BCF file. It begins with ##fileformat=VCFv4.2.",
    ),
    "no_line_resolved": Kind(
        "No line of the list can be resolved",
        "Choose the reference that the list was written for, and check the notation of its lines.",
    ),
    "truncated_gzip": Kind(
        "The compressed file is cut off", "Copy the file again, or write it again with bgzip; gzip -t checks it."
    ),
    "corrupt_gzip": Kind("The compressed file is damaged", "Copy or compress the file again; gzip -t checks it."),
    "corrupt_file": Kind(
        "The compressed file is damaged",
        "Copy or compress the file again; xz -t, zstd -t or bcftools view checks it.",
    ),
    "binary_data": Kind("Bytes that are not text", "Write the file again: control characters cannot be in a VCF."),
    "old_mac_line_ends": Kind(
        "Lines end the old Macintosh way", "Convert the line ends, for example: tr '\\r' '\\n' < old.vcf > new.vcf"
    ),
    "line_too_long": Kind("A line is too long", "Check the file for a missing line end, or split it by samples."),
    "too_large": Kind("Too large when uncompressed", "Split the file by chromosome or by region."),
    "too_many_records": Kind("Too many records", "Split the file by chromosome or by region."),
    "results_too_large": Kind("The results are too large", "Split the file by chromosome or by region."),
    "header_too_large": Kind(
        "The header is too large", "Remove header lines that the records do not need: bcftools annotate --remove."
    ),
    "vcf_version_misspelt": Kind(
        "The version is written wrongly", "The first line is ##fileformat=VCFv4.2, or another version in this form."
    ),
    "vcf_version_unsupported": Kind(
        "This version of VCF is not read",
        "Convert it to VCF 4.2: vcf-convert of VCFtools does it (vcf-convert -v 4.2 < old.vcf > new.vcf), "
        "or write the file again with a current caller.",
    ),
    "missing_column_header": Kind(
        "No #CHROM line",
        "The line #CHROM POS ID REF ALT QUAL FILTER INFO, tab-separated, must come before the records.",
    ),
    "wrong_header_columns": Kind(
        "The #CHROM line is wrong",
        "The columns are #CHROM POS ID REF ALT QUAL FILTER INFO, then FORMAT and the samples, separated by tabs.",
    ),
    "duplicate_sample": Kind("Two samples have one name", "Rename one of them: bcftools reheader --samples."),
    "header_in_body": Kind(
        "A second header among the records", "Files were joined with cat: join them with bcftools concat instead."
    ),
    "wrong_column_count": Kind(
        "A record has the wrong number of columns",
        "Every record needs as many tab-separated columns as the #CHROM line.",
    ),
    "bad_contig": Kind(
        "CHROM is not a contig name",
        "CHROM needs a name such as MT or chrM, without blanks, quotes, commas or brackets, or <ID> of a contig of the "
        "assembly file.",
    ),
    "contig_name_too_long": Kind(
        "The name of a contig is too long",
        "Names have 255 characters at most. Rename the contig: bcftools annotate --rename-chrs.",
    ),
    "bad_position": Kind(
        "POS is not a position", "POS is a whole number up to 2147483647, counted from 1, without leading zeros."
    ),
    "bad_end": Kind(
        "INFO/END is not a position", "END is a whole number up to 2147483647, the last base of the variant."
    ),
    "bad_ref": Kind("REF is not a sequence", "REF holds the bases A, C, G, T and N only; write at least one base."),
    "bad_alt": Kind(
        "ALT is not an allele",
        "ALT holds bases, *, a symbolic allele such as <DEL>, a breakend, or a dot; alleles are separated by commas.",
    ),
    "wrong_build": Kind(
        "Called on another reference", "Choose the reference that the variants were called on, or lift the file over."
    ),
    "no_known_contig": Kind(
        "None of the contigs is in the reference", "Choose the reference that the variants were called on."
    ),
}


@dataclass(frozen=True)
class Finding:
    """What exactly is wrong with a file, as a check of the header or of a record finds it.

    Attributes:
        code: one of :data:`INPUT_ERRORS`.
        message: with placeholders of :meth:`str.format`: ``{name}``, ``{name:,}`` and ``{name!r}`` only, because the
            script of the upload page fills in the same templates.
        hint: how to correct it, with the same placeholders; None where the hint of the code fits.
    """

    code: str
    message: str
    hint: str | None = None


_COLUMN_COUNT = "The record has {found}; the #CHROM line has {wanted}."
_NOT_A_HEADER_LINE = "The line is neither a header line, which begins with ##, nor the #CHROM line."

FINDINGS: dict[str, Finding] = {
    "no_content": Finding("empty_file", "The file has no content."),
    "blank": Finding("empty_file", "The file holds nothing but blank space."),
    "other_format": Finding("not_vcf", "This is not a VCF file: it looks like {format}."),
    "bgzip_without_end": Finding(
        "truncated_gzip", "The bgzip file is cut off: the block that marks its end is missing."
    ),
    "gzip_cut_off": Finding("truncated_gzip", "The gzip file is cut off after {bytes:,} uncompressed bytes."),
    "gzip_damaged": Finding("corrupt_gzip", "The gzip file is damaged after {bytes:,} uncompressed bytes."),
    "cut_off": Finding("corrupt_file", "The {format} file is cut off after {bytes:,} uncompressed bytes."),
    "damaged": Finding("corrupt_file", "The {format} file is damaged after {bytes:,} uncompressed bytes."),
    "control_character": Finding("binary_data", "The line has a byte that is not text (0x{byte})."),
    "stray_return": Finding("binary_data", "The line has a carriage return (CR) in its middle."),
    "returns_only": Finding("old_mac_line_ends", "Lines end with CR alone, as on old Macintosh computers."),
    "line_too_long": Finding("line_too_long", "The line is longer than {limit:,} bytes."),
    "header_bytes": Finding("header_too_large", "The header is larger than {limit:,} bytes."),
    "header_lines": Finding("header_too_large", "The header has more than {limit:,} lines."),
    "version_misspelt": Finding(
        "vcf_version_misspelt",
        "The version is written '{said}' and should be '{meant}'.",
        "Write ##fileformat={meant}.",
    ),
    "version_unsupported": Finding(
        "vcf_version_unsupported", "The file says that it is {said}; VCF 4.0 and later are read."
    ),
    "no_column_line": Finding("missing_column_header", "The file ends before the #CHROM line."),
    "record_before_columns": Finding("missing_column_header", "A record comes before the #CHROM line."),
    "first_line_not_header": Finding("missing_column_header", _NOT_A_HEADER_LINE),
    "line_not_header": Finding(
        "missing_column_header",
        _NOT_A_HEADER_LINE,
        "Line {before} may have been broken in two: join the two lines.",
    ),
    "blanks_between_columns": Finding(
        "wrong_header_columns",
        "The #CHROM line is separated by blanks, not by tabs.",
        "Replace the blanks by tabs; copying a VCF from a terminal or a page turns tabs into blanks.",
    ),
    "wrong_column": Finding(
        "wrong_header_columns", "Column {column} of the #CHROM line is {found!r} and should be {wanted!r}."
    ),
    "sample_without_name": Finding("wrong_header_columns", "A sample has no name."),
    "sample_twice": Finding("duplicate_sample", "Sample {sample!r} comes twice."),
    "header_among_records": Finding("header_in_body", "A header line comes after the records."),
    "column_count": Finding("wrong_column_count", _COLUMN_COUNT),
    "blanks_in_record": Finding(
        "wrong_column_count", _COLUMN_COUNT, "The columns are separated by blanks: replace them by tabs."
    ),
    "last_record_cut_off": Finding(
        "wrong_column_count",
        f"{_COLUMN_COUNT} It is the last line and has no line end: the file looks cut off.",
        "Copy the file again.",
    ),
    "contig_name_too_long": Finding("contig_name_too_long", "CHROM has {length:,} characters: {quoted}"),
    "no_contig": Finding("bad_contig", "CHROM is empty."),
    "bad_contig": Finding("bad_contig", "CHROM {value!r} is not a contig name."),
    "bad_position": Finding("bad_position", "POS {value!r} is not a position."),
    "bad_ref": Finding("bad_ref", "REF {value!r} is not a sequence of bases."),
    "bad_alt": Finding("bad_alt", "ALT {value!r} is not an allele."),
    "end_too_large": Finding("bad_end", "END is {end}, beyond every contig."),
}
"""What the checks that need no reference can find. The upload page makes the same checks in the browser."""

SKIPS: dict[str, str] = {
    "ref_mismatch": "REF is not what the reference has at this position",
    "contig_not_in_reference": "the contig is not in the reference",
    "contig_named_twice": "the file uses two names for one contig; only the first name is annotated",
    "position_outside_contig": "the record lies outside the contig",
    "no_alternate_allele": "there is no alternate allele (a reference site or gVCF block)",
    "spanning_deletion": "the only alternate allele is <DEL:*>, a deletion that another record describes",
    "unanswered": "the consequence caller gave no answer",
    "ambiguous_allele": "the alternate allele has letters other than A, C, G and T",
    "alleles_too_large": "there are more than 10,000 alternate alleles, or more than 1,000,000 bases in them, "
    "or REF is longer than 16,000,000 bases (in all, counted for each alternate allele)",
}
"""Records that are kept as they are and marked ``GAS_SKIPPED=<code>``."""

WARNINGS: dict[str, str] = {
    **SKIPS,
    "no_records": "the file has no records",
    "unsorted": "the records were not sorted; the results file is sorted by contig (as they came) and position",
    "crlf": "lines end with CR LF (Windows); the results file has LF",
    "byte_order_mark": "the file starts with a byte order mark; it was left out",
    "format_without_samples": "there is a FORMAT column and no sample; it was kept, but some programs refuse it "
    "(cut -f 1-8 removes the column)",
    "missing_fileformat": "there is no ##fileformat line; VCF 4.2 was assumed",
    "blank_lines": "blank lines were left out",
    "odd_header_line": "header lines that start with a single # were given a second one",
    "replaced_annotation": "the file was annotated before; values of these fields were replaced",
    "kept_annotation": "annotations of another tool that have the name of one of our fields were kept",
    "reference_ambiguous": "REF has IUPAC letters; they agree with the reference",
    "unknown_length": "a symbolic allele has neither an END behind POS nor an SVLEN: its length is unknown, and the "
    "consequences say nothing about the reading frame",
    "end_outside_contig": "END lies beyond the contig; the part within the contig was annotated",
    "bad_genotype": "a genotype (GT) is not numbers or dots between / or |, or a sample has more values than FORMAT "
    "has keys; other programs may refuse the record",
    "trailing_bytes": "bytes that are not compressed data follow the end of the gzip file; they were left out",
    "bad_quality": "QUAL is not a number",
    "bad_length": "INFO/SVLEN is longer than any contig; it was not used",
    "lengths_differ": "INFO/END and INFO/SVLEN give a symbolic allele different lengths; END was used, from VCF 4.4 on "
    "SVLEN",
    "bad_contig_length": "a ##contig line gives a length that no contig has; it was not used",
    "contig_length": "the header gives a contig another length than the reference has; REF alleles agree",
    "unknown_transcript": "the reference has no transcript of this name of the list",
    "models_accepted": "the gene models of the reference do not fit its sequence; consequences may be wrong",
    "unresolved_line": "a line of the list could not be resolved; it is left out",
    "other_reference": "the reference has other bases than most lines of the list state: the list was probably written "
    "for another reference",
    "transcript_version": "the gene models do not have the version of a transcript that the line names; "
    "another version was used",
    "insertion_before_position": "an insertion was given without a reference base; it was placed before the base at "
    "its position",
    "compounds_left_out": "more combinations of phased neighbours than are annotated; the most frequent ones are",
    "haplotypes_failed": "the haplotypes could not be annotated; every record was annotated by itself",
}


def quote(raw: bytes, length: int = QUOTE_LENGTH) -> str:
    """A piece of the user's file, safe to show: shortened, and bytes that are no text escaped.

    Args:
        raw: the piece.
        length: most characters of it that are shown.
    """
    text = raw[: length + 1].decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() or char == "\t" else f"\\x{ord(char):02x}" for char in text)
    return text if len(text) <= length else text[:length] + "…"


def in_message(raw: bytes) -> str:
    """A value of the user's file for a message that has it between quotation marks (``{value!r}``)."""
    return raw.decode("utf-8", "backslashreplace")[:VALUE_LENGTH]


def shortened(text: str, length: int = MESSAGE_LENGTH) -> str:
    """A text of ours that quotes the user's file, with its middle left out where it is too long to be stored."""
    if len(text) <= length:
        return text
    return f"{text[: length // 2]} … {text[-(length // 2 - 3) :]}"


def _revived(kind: type[Exception], words: tuple[object, ...], state: dict[str, object]) -> Exception:
    error = kind.__new__(kind, *words)
    error.__dict__.update(state)
    return error


class _PortableError(Exception):
    """An error that comes out of another process as it was, whatever its constructor wants."""

    def __reduce__(self) -> tuple[object, ...]:
        return _revived, (type(self), self.args, self.__dict__)


class EngineError(_PortableError):
    """The engine or its reference is at fault, not the user's file."""

    def __init__(self, code: str, message: str) -> None:
        message = shortened(message)
        super().__init__(message)
        self.code = code
        self.message = message


class BundleError(EngineError):
    """A reference bundle is missing, incomplete or contradicts itself."""


class InputError(_PortableError):
    """The input file cannot be annotated, and the user can fix it.

    Attributes:
        code: one of :data:`INPUT_ERRORS`.
        message: what is wrong, with the figures of this file.
        line: number of the line, counted from 1; None when no line is to blame.
        column: number of the column, counted from 1; None when no column is to blame.
        field: name of the column, such as ``POS``.
        text: the piece of the file that is wrong, shortened.
        hint: what the user can do about it, in a sentence; "" where there is nothing.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        field: str | None = None,
        text: bytes | None = None,
        hint: str | None = None,
    ) -> None:
        message = shortened(message)
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.field = field
        self.text = None if text is None else quote(text)
        self.hint = INPUT_ERRORS[code].hint if hint is None else hint

    @classmethod
    def of(
        cls,
        finding: str,
        *,
        line: int | None = None,
        column: int | None = None,
        field: str | None = None,
        text: bytes | None = None,
        hint: str | None = None,
        **values: str | int,
    ) -> InputError:
        """The error for one of :data:`FINDINGS`.

        Args:
            finding: its key.
            line: see :class:`InputError`, as are ``column``, ``field`` and ``text``.
            column: also a placeholder of the message.
            field: see above.
            text: see above.
            hint: another hint than that of the finding.
            values: of the other placeholders.
        """
        found = FINDINGS[finding]
        filled = {"column": column, **values}
        if hint is None and found.hint is not None:
            hint = found.hint.format(**filled)
        message = found.message.format(**filled)
        return cls(found.code, message, line=line, column=column, field=field, text=text, hint=hint)

    def as_dict(self) -> dict[str, str | int | None]:
        """The error as the command line reports it: every attribute, None where it does not apply."""
        return {name: getattr(self, name) for name in ("code", "message", "line", "column", "field", "text", "hint")}

    def __str__(self) -> str:
        where = "" if self.line is None else f"Line {self.line}: "
        return f"{where}{self.message}"
