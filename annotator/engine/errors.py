"""Everything that can be wrong with an input file, in one place and in words for the user.

There are three kinds, which differ in what happens next:

- an *input error* refuses the whole file (:class:`InputError`, exit code 2);
- a *skip* keeps a record but leaves it without consequences, marked ``GAS_SKIPPED=<code>`` in INFO;
- a *warning* says what was noticed or changed; the record or file is annotated anyway.

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
    "empty_file": Kind(
        "The file is empty",
        "Check that the program that wrote the file finished, and that the whole file was transferred.",
    ),
    "not_vcf": Kind(
        "Not a VCF file",
        "Upload a VCF file, plain or compressed (gzip, xz, zstd), or a BCF file. The first line must be "
        "##fileformat=VCFv4.x.",
    ),
    "no_line_resolved": Kind(
        "No line of the list can be resolved",
        "Select the reference that the list was written for, and check the notation of its lines.",
    ),
    "truncated_gzip": Kind(
        "The compressed file is truncated",
        "Transfer the file again or recompress it with bgzip. You can test it with gzip -t.",
    ),
    "corrupt_gzip": Kind(
        "The compressed file is damaged", "Transfer or compress the file again. You can test it with gzip -t."
    ),
    "corrupt_file": Kind(
        "The compressed file is damaged",
        "Transfer or compress the file again. You can test it with xz -t, zstd -t or bcftools view.",
    ),
    "binary_data": Kind(
        "Bytes that are not text", "Export the file again; VCF files cannot contain control characters."
    ),
    "old_mac_line_ends": Kind(
        "Classic Mac line endings", "Convert the line endings, for example: tr '\\r' '\\n' < old.vcf > new.vcf"
    ),
    "line_too_long": Kind("A line is too long", "Check the file for a missing line ending, or split it by samples."),
    "too_large": Kind("Too large when uncompressed", "Split the file by chromosome or by region."),
    "too_many_records": Kind("Too many records", "Split the file by chromosome or by region."),
    "results_too_large": Kind("The results are too large", "Split the file by chromosome or by region."),
    "header_too_large": Kind(
        "The header is too large",
        "Remove header lines that the records do not need, for example with bcftools annotate --remove.",
    ),
    "vcf_version_misspelt": Kind(
        "The VCF version is misspelt", "The first line must be ##fileformat=VCFv4.2, or another version in this form."
    ),
    "vcf_version_unsupported": Kind(
        "This VCF version is not supported",
        "Convert it to VCF 4.2, for example with VCFtools (vcf-convert -v 4.2 < old.vcf > new.vcf), "
        "or export the file again with a current variant caller.",
    ),
    "missing_column_header": Kind(
        "No #CHROM line",
        "The line #CHROM POS ID REF ALT QUAL FILTER INFO, tab-separated, must come before the records.",
    ),
    "wrong_header_columns": Kind(
        "The #CHROM line is wrong",
        "The columns are #CHROM POS ID REF ALT QUAL FILTER INFO, then FORMAT and the samples, separated by tabs.",
    ),
    "duplicate_sample": Kind(
        "Two samples have the same name", "Rename one of them, for example with bcftools reheader --samples."
    ),
    "header_in_body": Kind(
        "A second header among the records",
        "The files were probably joined with cat. Join them with bcftools concat instead.",
    ),
    "wrong_column_count": Kind(
        "A record has the wrong number of columns",
        "Every record needs as many tab-separated columns as the #CHROM line.",
    ),
    "bad_contig": Kind(
        "CHROM is not a valid contig name",
        "CHROM must be a name such as MT or chrM, without spaces, quotes, commas or brackets, or the <ID> of a contig "
        "in the assembly file.",
    ),
    "contig_name_too_long": Kind(
        "The name of a contig is too long",
        "Names can have at most 255 characters. Rename the contig, for example with bcftools annotate --rename-chrs.",
    ),
    "bad_position": Kind(
        "POS is not a valid position", "POS must be a whole number from 1 to 2,147,483,647, without leading zeros."
    ),
    "bad_end": Kind(
        "INFO/END is not a valid position",
        "END must be a whole number up to 2,147,483,647: the last base of the variant.",
    ),
    "bad_ref": Kind(
        "REF is not a sequence", "REF must contain at least one base: A, C, G, T, N or another IUPAC letter."
    ),
    "bad_alt": Kind(
        "ALT is not a valid allele",
        "ALT must be bases, *, a symbolic allele such as <DEL>, a breakend, or a dot; separate alleles with commas.",
    ),
    "wrong_build": Kind(
        "Called on another reference",
        "Select the reference build your variants were called on, or convert the file with a liftover tool.",
    ),
    "unusable_layer": Kind(
        "The file with your own annotations cannot be used", "Correct that file, or annotate without it."
    ),
    "no_known_contig": Kind(
        "None of the contigs is in the reference", "Select the reference that the variants were called on."
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
    "blank": Finding("empty_file", "The file contains only whitespace."),
    "other_format": Finding("not_vcf", "This is not a VCF file; it appears to be {format}."),
    "bgzip_without_end": Finding(
        "truncated_gzip", "The bgzip file is truncated: the block that marks its end is missing."
    ),
    "gzip_cut_off": Finding("truncated_gzip", "The gzip file is truncated after {bytes:,} uncompressed bytes."),
    "gzip_damaged": Finding("corrupt_gzip", "The gzip file is damaged after {bytes:,} uncompressed bytes."),
    "cut_off": Finding("corrupt_file", "The {format} file is truncated after {bytes:,} uncompressed bytes."),
    "damaged": Finding("corrupt_file", "The {format} file is damaged after {bytes:,} uncompressed bytes."),
    "control_character": Finding("binary_data", "The line contains a non-text byte (0x{byte})."),
    "stray_return": Finding("binary_data", "The line has a carriage return (CR) in its middle."),
    "returns_only": Finding("old_mac_line_ends", "The file uses classic Mac line endings (CR)."),
    "line_too_long": Finding("line_too_long", "The line is longer than {limit:,} bytes."),
    "header_bytes": Finding("header_too_large", "The header is larger than {limit:,} bytes."),
    "header_lines": Finding("header_too_large", "The header has more than {limit:,} lines."),
    "version_misspelt": Finding(
        "vcf_version_misspelt",
        "The version is '{said}'; it should be '{meant}'.",
        "Write ##fileformat={meant}.",
    ),
    "version_unsupported": Finding("vcf_version_unsupported", "The file is {said}; GAS supports VCF 4.0 and later."),
    "no_column_line": Finding("missing_column_header", "The file ends before the #CHROM line."),
    "record_before_columns": Finding("missing_column_header", "A data line appears before the #CHROM line."),
    "first_line_not_header": Finding("missing_column_header", _NOT_A_HEADER_LINE),
    "line_not_header": Finding(
        "missing_column_header",
        _NOT_A_HEADER_LINE,
        "Line {before} may have been split in two: join the two lines.",
    ),
    "blanks_between_columns": Finding(
        "wrong_header_columns",
        "The columns of the #CHROM line are separated by spaces instead of tabs.",
        "Replace the spaces with tabs. Copying a VCF from a terminal or web page turns tabs into spaces.",
    ),
    "wrong_column": Finding(
        "wrong_header_columns", "Column {column} of the #CHROM line is {found!r}; it should be {wanted!r}."
    ),
    "sample_without_name": Finding("wrong_header_columns", "A sample has no name."),
    "sample_twice": Finding("duplicate_sample", "Sample {sample!r} appears twice."),
    "header_among_records": Finding("header_in_body", "A header line appears after the records."),
    "column_count": Finding("wrong_column_count", _COLUMN_COUNT),
    "blanks_in_record": Finding(
        "wrong_column_count", _COLUMN_COUNT, "Columns are separated by spaces. Replace them with tabs."
    ),
    "last_record_cut_off": Finding(
        "wrong_column_count",
        f"{_COLUMN_COUNT} This is the last line and it is incomplete; the file is probably truncated.",
        "Transfer the file again.",
    ),
    "contig_name_too_long": Finding("contig_name_too_long", "CHROM has {length:,} characters: {quoted}"),
    "no_contig": Finding("bad_contig", "CHROM is empty."),
    "bad_contig": Finding("bad_contig", "CHROM {value!r} is not a valid contig name."),
    "bad_position": Finding("bad_position", "POS {value!r} is not a valid position."),
    "bad_ref": Finding("bad_ref", "REF {value!r} is not a sequence of bases."),
    "bad_alt": Finding("bad_alt", "ALT {value!r} is not a valid allele."),
    "end_too_large": Finding("bad_end", "END is {end}, beyond every contig."),
}
"""What the checks that need no reference can find. The upload page makes the same checks in the browser."""

SKIPS: dict[str, str] = {
    "ref_mismatch": "REF does not match the reference at this position",
    "contig_not_in_reference": "the contig is not in the reference",
    "contig_named_twice": "the file uses two names for one contig; only the first name is annotated",
    "position_outside_contig": "the record lies outside the contig",
    "no_alternate_allele": "no alternate allele (reference site or gVCF block); not annotated",
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
    "unsorted": "the records were not sorted; the output has been sorted by contig (in order of appearance) and "
    "position",
    "crlf": "Windows line endings (CR LF) were changed to LF",
    "byte_order_mark": "the byte order mark at the start of the file was removed",
    "format_without_samples": "there is a FORMAT column but no samples; it was kept, but most VCF tools reject such "
    "files "
    "(cut -f 1-8 removes the column)",
    "missing_fileformat": "the ##fileformat line is missing; VCF 4.2 was assumed",
    "blank_lines": "blank lines were removed",
    "odd_header_line": "header lines starting with a single # were changed to ##",
    "replaced_annotation": "the file had already been annotated; the existing values of these fields were replaced",
    "kept_annotation": "annotations by another tool whose field names GAS also uses were kept",
    "reference_ambiguous": "REF has IUPAC letters that match the reference",
    "unknown_length": "a symbolic allele has neither an END behind POS nor an SVLEN: its length is unknown, and the "
    "consequences do not consider the reading frame",
    "end_outside_contig": "END is beyond the end of the contig; the part within the contig was annotated",
    "bad_genotype": "a genotype (GT) is not numbers or dots between / or |, or a sample has more values than FORMAT "
    "has keys; other programs may refuse the record",
    "trailing_bytes": "bytes after the end of the compressed data were ignored",
    "bad_quality": "QUAL is not a number",
    "bad_length": "INFO/SVLEN is longer than any contig and was ignored",
    "lengths_differ": "INFO/END and INFO/SVLEN give a symbolic allele different lengths; END was used, from VCF 4.4 on "
    "SVLEN",
    "bad_contig_length": "a ##contig line has an impossible length, which was ignored",
    "contig_length": "the contig length in the header differs from the reference, but REF alleles match",
    "layer_left_out": "alleles or regions of your own annotations were left out",
    "layer_renamed": "your own annotations have another name in the results",
    "unknown_transcript": "the reference has no transcript with this name from the list",
    "models_accepted": "the gene models of the reference do not match its sequence; consequences may be wrong",
    "unresolved_line": "a line of the list could not be resolved and was left out",
    "other_reference": "the reference has other bases than most lines of the list state: the list was probably written "
    "for another reference",
    "transcript_version": "the gene models do not have the version of a transcript that the line names; "
    "another version was used",
    "insertion_before_position": "an insertion was given without a reference base; it was placed before the base at "
    "its position",
    "compounds_left_out": "there are more combinations of phased neighbours than are annotated; only the most "
    "frequent ones were annotated",
    "haplotypes_failed": "haplotype-aware annotation failed; each record was annotated independently",
}


def quote(raw: bytes, length: int = QUOTE_LENGTH) -> str:
    """A piece of the user's file, safe to show: shortened, and bytes that are not text escaped.

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
