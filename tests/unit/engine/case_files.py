"""Cases in ``cases/classes``: small files after public bug reports, with the right answers and the reasons for them.

A file describes one class of variants or inputs (TOML)::

    title, why      what it is, and the right answer
    reports         public reports that it was made after
    reference       one of CASE_REFERENCES, or rCRS
    header          further header lines of the VCF file
    samples         names of its samples
    separator       between columns, a tab unless given
    encoding        of the file, UTF-8 unless given
    refused         a word of the message with which the file is refused
    expect          expectations of the summary: KEY OPERATION VALUE
    [[record]]      id, vcf (CHROM POS REF ALT INFO FORMAT and samples, from INFO on optional), why, expect
    xfail           of the file or of a record: why it fails today

Expectations of a record are ``TRANSCRIPT[/ALLELE] FIELD OPERATION VALUE``: the transcript or symbol, with wildcards;
the number of the allele from 1; a sub-field of CSQ, or ``entries``, their number. With ``-`` as transcript, they
concern the record: ``CHROM``, a field of INFO by its name, all of ``INFO`` (contains) or ``anywhere`` in INFO (a term).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.unit.engine.conftest import CASES, COLUMNS, Result

CLASSES = CASES / "classes"
FLANKS = ("upstream_gene_variant", "downstream_gene_variant")
SYMBOLIC = {"<DEL>": "deletion", "<DUP>": "duplication", "<INS>": "insertion"}
"""CSQ's Allele of symbolic alleles."""
OPERATIONS: dict[str, Callable[[str, str], bool]] = {
    "is": lambda got, value: got == value,
    "isnot": lambda got, value: got != value,
    "has": lambda got, value: value in re.split("[&;]", got),
    "hasnot": lambda got, value: value not in re.split("[&;]", got),
    "ends": lambda got, value: got.endswith(value),
    "atleast": lambda got, value: int(got) >= int(value),
    "same_as": lambda got, value: got == value,
}


@dataclass
class Record:
    """One record of a case."""

    id: str
    vcf: str
    expect: list[str] = field(default_factory=list)
    why: str = ""
    xfail: str = ""


@dataclass
class Case:
    """One file of ``cases/classes``; the attributes are its keys."""

    title: str
    why: str
    reference: str
    record: list[Record]
    reports: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    separator: str = "\t"
    encoding: str = "utf-8"
    refused: str = ""
    expect: list[str] = field(default_factory=list)
    xfail: str = ""

    def record_order(self) -> list[Record]:
        """The records by position; a case has one contig."""
        return sorted(self.record, key=lambda one: int(one.vcf.split()[1]))

    def write_vcf(self, path: Path) -> Path:
        """Write the VCF file."""
        lines = ["##fileformat=VCFv4.2", *self.header]
        lines.append(self.separator.join([*COLUMNS, *(["FORMAT", *self.samples] if self.samples else [])]))
        for one in self.record_order():
            chrom, pos, ref, alt, *rest = one.vcf.split()
            info, *genotypes = rest or ["."]
            lines.append(self.separator.join([chrom, pos, one.id, ref, alt, ".", "PASS", info, *genotypes]))
        path.write_bytes(("\n".join(lines) + "\n").encode(self.encoding))
        return path


def read_case(path: Path) -> Case:
    """The case in a file."""
    keys: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return Case(**{**keys, "record": [Record(**one) for one in keys["record"]]})


CASE_FILES = {path.stem: path for path in sorted(CLASSES.glob("*.toml"))}


class Records:
    """The records of a result by their IDs."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._index = {record[2]: at for at, record in enumerate(result.records)}
        described = next(line for line in result.header if line.startswith("##INFO=<ID=CSQ"))
        self._names = described.partition("Format: ")[2].partition('"')[0].split("|")

    def entries(self, name: str, number: int, transcript: str) -> list[dict[str, str]]:
        """Entries of CSQ for an allele and a transcript, flanking ones last."""
        at = self._index[name]
        _, _, _, ref, alts, *_ = self._result.records[at]
        alt = alts.split(",")[number - 1]
        csq = self._result.info(at).get("CSQ", "")
        every = [dict(zip(self._names, entry.split("|"), strict=True)) for entry in csq.split(",") if entry]
        mine = [one for one in every if fnmatch(one["Feature"], transcript) or fnmatch(one["SYMBOL"], transcript)]
        if "ALLELE_NUM" in self._names:
            mine = [one for one in mine if one["ALLELE_NUM"] == str(number)]
        elif "," in alts:
            texts = {SYMBOLIC.get(alt, alt), alt[1:] or "-", alt[len(ref) :] or "-"}
            mine = [one for one in mine if one["Allele"] in texts]
        return sorted(mine, key=lambda one: one["Consequence"] in FLANKS)

    def _of_record(self, name: str, key: str) -> str:
        at = self._index[name]
        if key == "CHROM":
            return self._result.records[at][0]
        if key == "anywhere":
            return re.sub(r"[^\w.]+", "&", self._result.records[at][7])
        return self._result.records[at][7] if key == "INFO" else self._result.info(at).get(key, "")

    def fault(self, name: str, expectation: str) -> str:
        """What is wrong with a record, "" when the expectation holds."""
        where, key, operation, value = expectation.split(" ", 3)
        if name not in self._index:
            return f"{name} is lost"
        if where == "-":
            got = self._of_record(name, key)
            holds = value in got if key == "INFO" else OPERATIONS[operation](got, value)
            return "" if holds else f"{key} {operation} {value}: {got!r}"
        transcript, _, number = where.partition("/")
        found = self.entries(name, int(number or 1), transcript)
        if key == "entries":
            return "" if str(len(found)) == value else f"{where} has {len(found)} entries, not {value}"
        if not found:
            return f"{where} has no entry"
        got, wanted = found[0].get(key, ""), value
        if operation == "same_as":
            (other, *_) = self.entries(value, 1, transcript)
            wanted = other[key]
        return "" if OPERATIONS[operation](got, wanted) else f"{where} {key} {operation} {value}: {got!r}"
