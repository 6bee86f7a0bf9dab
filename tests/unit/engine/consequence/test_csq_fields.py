"""Sub-fields of CSQ that say which allele, transcript and gene an entry belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from annotator.engine import Reference
from annotator.engine.consequence import CSQ_FIELDS
from tests.unit.engine.conftest import Result

Run = Callable[..., Result]
References = Callable[[str], Reference]
Write = Callable[..., Path]


def entries(result: Result, index: int = 0) -> list[dict[str, str]]:
    """Entries of a record by the names of the sub-fields."""
    (line,) = (line for line in result.header if line.startswith("##INFO=<ID=CSQ,"))
    names = line.partition("Format: ")[2].removesuffix('">').split("|")
    return [dict(zip(names, entry.split("|"), strict=True)) for entry in result.info(index)["CSQ"].split(",")]


def test_default_fields_are_declared(run_on: Run, case_reference: References, vcf: Write) -> None:
    found = entries(run_on(vcf([(1630, "G", "A")], contig="chr1"), case_reference("toy")))
    assert all(tuple(entry) == CSQ_FIELDS for entry in found)


def test_allele_number_names_the_alternate_allele(run_on: Run, case_reference: References, vcf: Write) -> None:
    """Two deletions have the Allele ``-``; alleles that are not annotated count in the numbering."""
    records = [(1630, "G", "*,GGC,GGCAGC,A"), (1640, "ACTCC", "ACT,A"), (1700, "AGCA", "ANN,<NON_REF>,A")]
    result = run_on(vcf(records, contig="chr1"), case_reference("toy"))
    numbers = [{(one["ALLELE_NUM"], one["Allele"]) for one in entries(result, at)} for at in range(3)]
    assert numbers[0] == {("1", "*"), ("2", "GGC"), ("3", "GGCAGC"), ("4", "A")}
    assert numbers[1] == {("1", "CT"), ("2", "-")}
    assert numbers[2] == {("3", "-")}
