"""Sub-fields of CSQ that say which allele, transcript and gene an entry belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine import Reference
from annotator.engine.consequence import CSQ_FIELDS, ConsequenceCaller, Reporting
from annotator.engine.consequence.output.nearest_gene import NearestGenes
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.transcript_table import SCHEMA
from tests.unit.engine.conftest import Result
from tests.unit.engine.consequence.casebook import PLAIN, Bases, at, chunk, models

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


def test_names_on_the_genome(rcrs: Reference, run_on: Run, vcf: Write) -> None:
    """Each allele of a record has its own; the reference knows the accession of the mitochondrion."""
    fields = Reporting(fields=("ALLELE_NUM", "VARIANT_CLASS", "HGVSg", "SPDI"))
    result = run_on(vcf([(3243, "A", "G,<DEL>"), (309, "C", "CC")]), rcrs, reporting=fields)
    name = "NC_012920.1"
    assert {tuple(one.values()) for one in entries(result, 1)} == {
        ("1", "SNV", f"{name}:m.3243A>G", f"{name}:3242:A:G"),
        ("2", "deletion", "", ""),
    }
    assert {tuple(one.values()) for one in entries(result, 0)} == {
        ("1", "insertion", f"{name}:m.309dup", f"{name}:302:CCCCCCC:CCCCCCCC")
    }


def test_nearest_gene_of_a_variant_between_genes(run_on: Run, case_reference: References, vcf: Write) -> None:
    """F1 ends at 1800, R1 begins at 3001: 2400 lies 600 bases behind F1, and 601 in front of R1."""
    reference = case_reference("toy")
    bases = reference.sequence().fetch("chr1", 1, 8000).decode()
    places = [1, 1350, 2400, 2401, 8000]
    records = [(pos, bases[pos - 1], "ACGT"["CGTA".index(bases[pos - 1])]) for pos in places]
    base = next(one for one in "ACGT" if one not in bases[2399:2401])  # of no repeat: it stays where it is
    insertion = (2400, bases[2399], bases[2399] + base)
    path = vcf([*records[:3], insertion, *records[3:]], contig="chr1")
    result = run_on(path, reference, reporting=Reporting(flank=0))
    nearest = [{one["NEAREST"] for one in entries(result, at)} for at in range(6)]
    assert nearest == [{"F1"}, {""}, {"F1"}, {"F1&R1"}, {"R1"}, {"R1"}]


def test_nearest_gene_across_the_origin() -> None:
    """Of genes at 100 to 200 and at 600 to 700 of a circle of 1,000 bases."""
    rows = [{"id": name, "symbol": name, "start": at, "end": at + 100, "exon_starts": [at], "exon_ends": [at + 100]}
            for name, at in (("A", 100), ("B", 600))]  # fmt: skip
    table = pa.Table.from_pylist([PLAIN | row for row in rows], schema=SCHEMA)
    places = np.array([850, 899, 900, 901, 1, 400])
    circle, line = NearestGenes(ContigModels("1", table, circumference=1000)), NearestGenes(ContigModels("1", table))
    assert circle.symbols(places, places).to_pylist() == ["B", "B", "B&A", "A", "A", "A&B"]
    assert line.symbols(places, places).to_pylist() == ["B", "B", "B", "B", "A", "A&B"]
    nothing = NearestGenes(ContigModels("1", table.slice(0, 0)))
    assert nothing.symbols(places, places).to_pylist() == [""] * len(places)


def test_hgvs_offset_follows_the_strand(tmp_path: Path) -> None:
    """The repeat of the casebook begins at 2150: a deletion of its first two bases moves by 18, none the other way."""
    fields = Reporting(fields=("Feature", "HGVSc", "HGVS_OFFSET"))
    caller = ConsequenceCaller(models(tmp_path).contig("1"), Bases(), 1, fields)
    csq = caller.call(chunk([(2149, at(2149, 3), [at(2149)])])).csq[0].as_py().decode()
    rows = {name: (hgvsc, offset) for name, hgvsc, offset in (one.split("|") for one in csq.split(","))}
    assert rows["TFWD.1"][1] == "18"
    assert rows["TREV.1"] == ("", "")


def test_fields_of_the_protein_and_the_standing(run_on: Run, case_reference: References, vcf: Write) -> None:
    base = case_reference("toy").sequence().fetch("chr1", 1350, 1).decode()
    found = entries(run_on(vcf([(1350, base, "ACGT"["CGTA".index(base)])], contig="chr1"), case_reference("toy")))
    assert {(one["Feature"], one["ENSP"], one["TSL"], one["CCDS"]) for one in found} == {
        ("F1.t", "F1.p", "", ""), ("R1.t", "R1.p", "", "")}  # fmt: skip
