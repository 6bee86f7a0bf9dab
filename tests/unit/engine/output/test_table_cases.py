"""Cases in ``cases/table``: ``<n>.vcf``, what must hold of its result (``<n>.expect.tsv``), and why (``<n>.md``).

The first line of the expectations names the reference. The columns of a row are the record's ID, the number of the
allele from 1, the transcript or gene (with wildcards), the field, an operation, and a value.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

from annotator.engine import InputError, Reference
from annotator.engine.consequence import CSQ_FIELDS
from tests.unit.engine.conftest import CASES, Result

TABLE = CASES / "table"
FLANKS = ("upstream_gene_variant", "downstream_gene_variant")
CLASSES = {"<DEL>": "deletion", "<DUP>": "duplication", "<INS>": "insertion"}
"""CSQ's Allele of symbolic alleles."""


class Row(NamedTuple):
    """One expectation."""

    record: str
    allele: str
    transcript: str
    field: str
    operation: str
    value: str


def expectations(number: str) -> tuple[str, list[Row]]:
    """The name of the reference, and the rows."""
    first, _, *rest = (TABLE / f"{number}.expect.tsv").read_text().splitlines()
    return first.partition("=")[2], [Row(*row) for row in csv.reader(filter(None, rest), delimiter="\t")]


class Records:
    """The records of a result by their IDs."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._index = {record[2]: at for at, record in enumerate(result.records)}

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def info(self, name: str) -> str:
        return self._result.records[self._index[name]][7]

    def entries(self, name: str, number: int, transcript: str) -> list[dict[str, str]]:
        """Entries of CSQ for an allele and a transcript, flanking ones last."""
        at = self._index[name]
        _, _, _, ref, alts, *_ = self._result.records[at]
        alt = alts.split(",")[number - 1]
        texts = {CLASSES.get(alt, alt), alt[1:] or "-", alt[len(ref) :] or "-"}
        csq = self._result.info(at).get("CSQ", "")
        every = [dict(zip(CSQ_FIELDS, entry.split("|"), strict=True)) for entry in csq.split(",") if entry]
        mine = [one for one in every if fnmatch(one["Feature"], transcript) or fnmatch(one["SYMBOL"], transcript)]
        if "," in alts:
            mine = [one for one in mine if one["Allele"] in texts]
        return sorted(mine, key=lambda one: one["Consequence"] in FLANKS)


def fault(row: Row, records: Records) -> str:
    """What is wrong with a record, "" when the row holds."""
    if row.record not in records:
        return f"{row.record}: the record is lost"
    if row.field == "record":
        return ""
    if row.field == "INFO":
        return "" if row.value in records.info(row.record) else f"{row.record}: INFO lacks {row.value}"
    found = records.entries(row.record, int(row.allele), row.transcript)
    if row.field == "entries":
        return "" if str(len(found)) == row.value else f"{row.record}: {len(found)} entries, not {row.value}"
    if not found:
        return f"{row.record}: no entry"
    got = found[0][row.field]
    holds: dict[str, Callable[[str], bool]] = {
        "is": lambda value: got == value,
        "isnot": lambda value: got != value,
        "has": lambda value: value in got.split("&"),
        "hasnot": lambda value: value not in got.split("&"),
        "ends": lambda value: got.endswith(tuple(value.split("|"))),
        "same_as": lambda value: got == records.entries(value, 1, row.transcript)[0][row.field],
    }
    return "" if holds[row.operation](row.value) else f"{row.record}: {row.field} {got!r} {row.operation} {row.value!r}"


NUMBERS = sorted((path.name.partition(".")[0] for path in TABLE.glob("*.expect.tsv")), key=int)


@pytest.mark.parametrize("number", NUMBERS)
def test_case(number: str, run_on: Callable[..., Result], case_reference: Callable[[str], Reference]) -> None:
    name, rows = expectations(number)
    assert rows
    path: Path = TABLE / f"{number}.vcf"
    if rows[0].record == "run":  # it may be refused, with a message that has a word
        (word,) = (row.value for row in rows if row.field == "message")
        with pytest.raises(InputError) as caught:
            run_on(path, case_reference(name))
        assert word in caught.value.message.lower()
        return
    records = Records(run_on(path, case_reference(name)))
    assert [found for row in rows if (found := fault(row, records))] == []
