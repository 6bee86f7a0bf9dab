"""What holds for every file that the engine is given, whoever wrote it: shared by the corpora and the fuzzer.

A file is annotated or refused. One that is refused gets a message of ours and leaves no results. One that is annotated
keeps all of its records, byte for byte outside ID and INFO; what INFO had is there still; annotating the result again
changes nothing; and htslib reads the result.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pysam

from annotator.engine import InputError, Limits, Outputs, Reference, annotate
from annotator.engine.indexes import index_of
from annotator.engine.output.info_fields import info_lines

LIMITS = Limits(uncompressed=1 << 28)
RAW = re.compile(
    r"Traceback|\bErrno\b|\[[EW]::|\b[a-z]+_[a-z_]+\(|\bArrow\w+|<class|0x[0-9a-f]{8,}|\b\w+(?:Error|Exception)\b|NoneType"
)
"""Words of Python and its libraries, which no message may have."""
KEPT = "ORIGINAL_"
"""Put before names of fields of other tools that are kept."""
ID, INFO, FORMAT = 2, 7, 8


class BrokenPromiseError(AssertionError):
    """A file for which something does not hold."""


@dataclass(frozen=True)
class Refusal:
    """Why a file was not annotated.

    Attributes:
        line: number of the line at fault, from 1; None where no line is to blame.
    """

    code: str
    message: str
    hint: str
    line: int | None


@dataclass(frozen=True)
class Outcome:
    """What became of a file: ``refusal``, or ``summary``."""

    refusal: Refusal | None = None
    summary: dict[str, Any] = field(default_factory=dict)


Annotate = Callable[[Path, Reference, Outputs, Path], Outcome]
"""Annotates a file: its path, the reference, names of the results, a folder for temporary files."""


def in_process(path: Path, reference: Reference, outputs: Outputs, folder: Path) -> Outcome:
    """Annotate a file through the engine's Python interface."""
    try:
        return Outcome(summary=annotate(path, reference, outputs, temporary=folder, limits=LIMITS, processes=1))
    except InputError as error:
        return Outcome(Refusal(error.code, error.message, error.hint, error.line))


def check_file(path: Path, reference: Reference, folder: Path, run: Annotate = in_process) -> Outcome:
    """Annotate a file, and see that everything holds that must.

    Args:
        path: of the file.
        reference: to annotate with.
        folder: an empty one, for results and temporary files.
        run: annotates.

    Raises:
        BrokenPromiseError: something does not hold.
    """
    outputs = Outputs.beside(folder / "first.annot.vcf.gz")
    outcome = run(path, reference, outputs, folder)
    if outcome.refusal is not None:
        _check_refusal(outcome.refusal)
        _must(not outputs.vcf.exists(), "a refused file has results")
        return outcome
    before, after = _File.of(path), _File.of(outputs.vcf)
    _check_header(before, after, reference)
    _check_records(before, after, outcome.summary, reference)
    again = Outputs.beside(folder / "second.annot.vcf.gz")
    second = run(outputs.vcf, reference, again, folder)
    _must(second.refusal is None, f"the result is refused: {second.refusal and second.refusal.message}")
    _check_same(after, _File.of(again.vcf))
    _check_htslib(path, outputs.vcf, after.records)
    return outcome


def text_of(path: Path) -> bytes:
    """The bytes of a file: plain, or of all gzip members of it, whatever follows them."""
    data = path.read_bytes()
    if not data.startswith(b"\x1f\x8b"):
        return data
    parts = []
    while data.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(31)
        parts.append(member.decompress(data) + member.flush())
        data = member.unused_data
    return b"".join(parts)


@dataclass(frozen=True)
class _File:
    """The lines of a VCF file, without their ends."""

    meta: list[bytes]
    columns: bytes
    records: list[bytes]

    @classmethod
    def of(cls, path: Path) -> _File:
        text = text_of(path).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").removesuffix(b"\r")
        meta: list[bytes] = []
        lines = iter(text.split(b"\n"))
        for line in lines:
            if line[:6].upper() == b"#CHROM":
                return cls(meta, line, [one for one in lines if one.strip()])
            if line.strip():
                meta.append(line if line.startswith(b"##") else b"##" + line.lstrip(b"#"))
        raise BrokenPromiseError("a file without a #CHROM line was annotated")


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise BrokenPromiseError(message)


def _check_refusal(refusal: Refusal) -> None:
    _must(bool(refusal.message and refusal.hint), f"{refusal.code}: a refusal without a reason or a remedy")
    # What the file itself says is quoted, and may be anything.
    own = re.sub(r"'[^']*'|\"[^\"]*\"", "", f"{refusal.message} {refusal.hint}")
    _must(RAW.search(own) is None, f"a message with words of a library: {own}")
    _must(refusal.line is None or refusal.line >= 1, f"{refusal.code}: line {refusal.line}")


def _names(reference: Reference) -> set[str]:
    """Names of the INFO fields that an annotation may write."""
    return {*info_lines(reference), "GAS_BCSQ"}


def _check_header(before: _File, after: _File, reference: Reference) -> None:
    ours = tuple(f"##INFO=<ID={name},".encode() for name in _names(reference))
    left_out = (b"##fileformat", b"##gas", *ours)
    wanted = [line for line in before.meta if not line.startswith(left_out)]
    there = iter(after.meta)
    for line in wanted:
        _must(any(line == one for one in there), f"a header line is gone, or elsewhere: {line[:200]!r}")
    _must(before.columns == after.columns, "the #CHROM line is another one")


def _check_records(before: _File, after: _File, summary: dict[str, Any], reference: Reference) -> None:
    count = len(before.records)
    _must(len(after.records) == count, f"{count} records in, {len(after.records)} out")
    _must(summary["records"] == count, f"{count} records, {summary['records']} counted")
    _must("unanswered" not in summary["skipped"], "a record has no answer")
    records = before.records
    if any(one["code"] == "unsorted" for one in summary["warnings"]):
        records = _sorted(records)
    names = _names(reference)
    rename = _foreign(before)
    for line, result in zip(records, after.records, strict=True):
        _check_record(line.split(b"\t", FORMAT), result.split(b"\t", FORMAT), names, rename)


def _sorted(records: list[bytes]) -> list[bytes]:
    order: dict[bytes, int] = {}
    keys = []
    for line in records:
        chrom, pos = line.split(b"\t", 2)[:2]
        keys.append((order.setdefault(chrom, len(order)), int(pos)))
    return [line for _, line in sorted(zip(keys, records, strict=True), key=lambda pair: pair[0])]


def _foreign(before: _File) -> set[str]:
    """Those of ``CSQ`` and ``BCSQ`` that another tool wrote."""
    if any(line.startswith(b"##gasEngine=") for line in before.meta):
        return set()
    return {"CSQ", "BCSQ"}


def _check_record(old: list[bytes], new: list[bytes], names: set[str], foreign: set[str]) -> None:
    where = b":".join(old[:2]).decode("latin-1")
    same = [at for at in range(max(len(old), len(new))) if at not in (ID, INFO)]
    _must(len(old) == len(new) and all(old[at] == new[at] for at in same), f"{where} has other columns")
    _must(old[ID] in (new[ID], b".", b"") or new[ID].startswith(old[ID] + b";"), f"{where} has another ID")
    theirs, result = (_items(one[INFO]) for one in (old, new))
    kept = [item for item in theirs if _name(item) not in names]
    left = [item for item in result if _name(item) not in names]
    left = [item for item in left if item in theirs or not _kept_name(_name(item), names)]
    _must(kept == left, f"{where}: INFO was {kept}, and is {left}")
    values = {item.partition(b"=")[2] for item in result}
    for item in theirs:
        gone = _name(item) in foreign and item.partition(b"=")[2] not in values
        _must(not gone, f"{where}: {_name(item)} of another tool is gone")
    said = {_name(item): item.partition(b"=")[2] for item in result}
    both = ("GAS_CONSEQUENCE" in said) + ("GAS_SKIPPED" in said)
    _must(both == 1, f"{where} has {both} of GAS_CONSEQUENCE and GAS_SKIPPED")
    if "GAS_CONSEQUENCE" in said:
        for entry in said.get("CSQ", b"").split(b","):
            fields = entry.split(b"|")
            alone = b"intergenic_variant" in fields[1:2] and any(fields[6:7])
            _must(len(fields) > 6 and bool(fields[1]) and not alone, f"{where}: CSQ has the odd entry {entry!r}")


def _items(info: bytes) -> list[bytes]:
    return [] if info == b"." else [item for item in info.split(b";") if item]


def _name(item: bytes) -> str:
    return item.partition(b"=")[0].decode("latin-1")


def _kept_name(name: str, names: set[str]) -> bool:
    return name.startswith(KEPT) and re.sub(r"_\d+$", "", name.removeprefix(KEPT)) in names


def _check_same(first: _File, second: _File) -> None:
    for part in ("meta", "records"):
        for one, two in zip_longest(getattr(first, part), getattr(second, part)):
            _must(one == two, f"a second pass made {two and two[:300]!r} of {one and one[:300]!r}")


def _check_htslib(path: Path, result: Path, after: list[bytes]) -> None:
    """See that htslib reads a result as far as it reads the file that it was made from."""
    records = len(after)
    if _read_by_htslib(path) != records:
        return
    found = _read_by_htslib(result)
    _must(found == records, f"htslib reads {found} of {records} records of the result")
    verbosity = pysam.set_verbosity(0)
    with pysam.TabixFile(str(result), index=str(index_of(result)), encoding="latin-1") as table:
        lines = [line for contig in table.contigs for line in table.fetch(contig)]
    pysam.set_verbosity(verbosity)
    # Records before the first base of a contig are outside every region.
    outside = sum(line.split(b"\t", 2)[1] == b"0" for line in after)
    _must(records - outside <= len(lines) <= records, f"the index gives {len(lines)} of {records} records")


def _read_by_htslib(path: Path) -> int | None:
    """Number of the records that htslib reads; None where it gives up."""
    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(path)) as file:
            return sum(1 for record in file if record.info is not None and record.samples is not None)
    except (OSError, ValueError, NotImplementedError):
        return None
    finally:
        pysam.set_verbosity(verbosity)
