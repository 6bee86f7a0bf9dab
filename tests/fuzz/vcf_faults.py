"""Single faults of VCF files, and the lines that errors must name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.fuzz.choices import Choices, Fault

if TYPE_CHECKING:
    from tests.fuzz.vcf_grammar import Draft

COLUMN_FAULTS = {
    "CHROM": (0, ["", "a b", '"1"', "x,y", "[1]", "."], "bad_contig"),
    "POS": (1, ["", "x", "-1", "1.5", "007", "1e5", "99999999999", "2147483648", ".", " 5", "٣"], "bad_position"),
    "REF": (3, ["", "-", "A-C", "<DEL>", "A,C", "ACGX", "A C"], "bad_ref"),
    "ALT": (4, ["A,,C", "<DEL", "A[MT:5", "-", "A C", "AC,", "<>", "[:5[", "A;C", "<A<B>>", "5"], "bad_alt"),
}
"""A column of a record: its index, values that it cannot have, and the code of the error."""


def with_fault(choose: Choices, draft: Draft) -> Fault | None:
    """Put one fault into a draft; None where it is left to the compression."""
    kinds = [*RECORD_FAULTS, *HEADER_FAULTS, *COLUMN_FAULTS, "compression"]
    kind = choose.of(kinds)
    if kind == "compression":
        return None
    if kind in HEADER_FAULTS:
        return HEADER_FAULTS[kind](choose, draft)
    at = choose.of(draft.records)
    if kind in RECORD_FAULTS:
        return RECORD_FAULTS[kind](choose, draft, at)
    column, values, code = COLUMN_FAULTS[kind]
    value = choose.of(values)
    columns = draft.lines[at].split("\t")
    columns[column] = value
    draft.lines[at] = "\t".join(columns)
    return _of(f"{kind} is {value!r}", code, at)


def _of(name: str, code: str, *at: int) -> Fault:
    return Fault(name, frozenset(code.split()), frozenset(one + 1 for one in at))


def _too_few(choose: Choices, draft: Draft, at: int) -> Fault:
    columns = draft.lines[at].split("\t")
    kept = choose.number(1, min(len(columns), 8) - 1)  # 8 are enough where there are no samples
    draft.lines[at] = "\t".join(columns[:kept])
    if not draft.lines[at].strip():
        draft.lines[at] = "x"
    return _of(f"{kept} columns", "wrong_column_count", at)


def _too_many(choose: Choices, draft: Draft, at: int) -> Fault:
    draft.lines[at] += choose.of(["\t", "\tx", "\t0/1\t0/1"])
    return _of("columns too many", "wrong_column_count", at)


def _blanks(_: Choices, draft: Draft, at: int) -> Fault:
    draft.lines[at] = draft.lines[at].replace("\t", "  ")
    return _of("blanks for tabs", "wrong_column_count", at)


def _end(choose: Choices, draft: Draft, at: int) -> Fault:
    columns = draft.lines[at].split("\t")
    columns[7] = f"END={choose.of(['99999999999', '1' * 400, '9999999999'])}"
    draft.lines[at] = "\t".join(columns)
    return _of("END beyond every contig", "bad_end", at)


def _control(choose: Choices, draft: Draft, at: int) -> Fault:
    place = choose.number(0, len(draft.lines[at]))
    draft.lines[at] = draft.lines[at][:place] + choose.of("\0\x01\x0b\x1b") + draft.lines[at][place:]
    return _of("a control character", "binary_data", at)


def _stray_return(choose: Choices, draft: Draft, at: int) -> Fault:
    place = choose.number(1, len(draft.lines[at]) - 1)
    draft.lines[at] = draft.lines[at][:place] + "\r" + draft.lines[at][place:]
    return _of("a stray carriage return", "binary_data", at)


def _second_header(choose: Choices, draft: Draft, at: int) -> Fault:
    columns = draft.lines[draft.header - 1]
    draft.lines.insert(at + 1, choose.of([draft.lines[0], columns, "#a remark"]))
    return _of("a header line among the records", "header_in_body", at + 1)


def _version(choose: Choices, draft: Draft) -> Fault:
    said = choose.of(["VCF v4.2", "4.2", "VCFv5.0", "VCFv3.3", "", "VCFv4", "vcfv4.2", "VCFv4.2beta"])
    draft.lines[0] = f"##fileformat={said}"
    return _of(f"the version {said!r}", "vcf_version_misspelt vcf_version_unsupported", 0)


def _no_columns(_: Choices, draft: Draft) -> Fault:
    del draft.lines[draft.header - 1]
    first = draft.records[0] - 1
    return _of("no #CHROM line", "missing_column_header", first)


def _other_columns(choose: Choices, draft: Draft) -> Fault:
    at = draft.header - 1
    columns = draft.lines[at].split("\t")
    which = choose.number(1, 7)
    draft.lines[at] = "\t".join([*columns[:which], *choose.of([["X"], [], ["x", "y"]]), *columns[which + 1 :]])
    return _of("another #CHROM line", "wrong_header_columns", at)


def _same_samples(choose: Choices, draft: Draft) -> Fault:
    at = draft.header - 1
    columns = draft.lines[at].split("\t")
    names = choose.of([["A", "A"], ["A", "B", "A"], ["A", ""]])
    draft.lines[at] = "\t".join([*columns[:8], "FORMAT", *names])
    return _of(f"the samples {names}", "duplicate_sample wrong_header_columns", at)


def _odd_line(choose: Choices, draft: Draft) -> Fault:
    at = choose.number(1, draft.header - 1)
    draft.lines.insert(at, choose.of(["an odd line", 'a rest of a line">', "x\ty"]))
    return _of("a line that is none of the header", "missing_column_header", at)


RECORD_FAULTS: dict[str, Callable[[Choices, Draft, int], Fault]] = {
    "too few columns": _too_few,
    "too many columns": _too_many,
    "blanks": _blanks,
    "END": _end,
    "control character": _control,
    "stray return": _stray_return,
    "second header": _second_header,
}
HEADER_FAULTS: dict[str, Callable[[Choices, Draft], Fault]] = {
    "version": _version,
    "no #CHROM": _no_columns,
    "other columns": _other_columns,
    "same samples": _same_samples,
    "odd line": _odd_line,
}
