"""Mature peptides in gene models, and the positions within them that CSQ gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine.consequence import GeneModels, compile_models
from annotator.engine.consequence.output.mature_peptides import MaturePeptides
from annotator.engine.reference.bundle import Contig

PEPTIDES = ("peptide_names", "peptide_starts", "peptide_ends")


def compiled(
    directory: Path, rows: list[tuple[str, int, int, str]], strand: str = "+", circular: bool = False
) -> GeneModels:
    """Rows (kind, start, end, attributes) of one contig of 600 bases, compiled."""
    lines = ["\t".join(["v", "x", kind, str(a), str(b), ".", strand, ".", text]) for kind, a, b, text in rows]
    (directory / "models.gff3").write_text("##gff-version 3\n" + "".join(line + "\n" for line in lines), "utf-8")
    contig = Contig("v", 600, 1, frozenset({"ATG"}), circular, ())
    compile_models(directory / "models.gff3", [contig], directory / "models.arrow")
    return GeneModels.load(directory / "models.arrow")


def peptides(models: GeneModels) -> dict[str, list[tuple[str, int, int]]]:
    """Name, first and last amino acid of the mature peptides by transcript."""
    table = models.contig("v").table.to_pylist()
    return {row["id"]: list(zip(*(row[name] for name in PEPTIDES), strict=True)) for row in table}


ORF1AB = [
    ("gene", 101, 402, "ID=gene-g;Name=ORF1ab"),
    ("CDS", 101, 250, "ID=cds-ab;Parent=gene-g;protein_id=ab"),
    ("CDS", 250, 402, "ID=cds-ab;Parent=gene-g;protein_id=ab"),
    ("mature_protein_region_of_CDS", 101, 190, "ID=p1;Parent=cds-ab;product=nsp1;Note=nsp1_x%3B first"),
    ("mature_protein_region_of_CDS", 191, 250, "ID=p2;Parent=cds-ab;product=RNA polymerase;Note=nsp12%3B RdRp"),
    ("mature_protein_region_of_CDS", 250, 309, "ID=p2;Parent=cds-ab;product=RNA polymerase;Note=nsp12%3B RdRp"),
    ("mature_protein_region_of_CDS", 310, 399, "ID=p3;Parent=cds-ab;product=2'-O-MTase;Note=two words%3B x"),
    ("CDS", 101, 259, "ID=cds-a;Parent=gene-g;protein_id=a"),
    ("mature_protein_region_of_CDS", 191, 256, "ID=p4;Parent=cds-a;product=nsp11"),
]


def test_peptides_of_two_proteins_of_one_gene(tmp_path: Path) -> None:
    assert peptides(compiled(tmp_path, ORF1AB)) == {
        "ab": [("nsp1", 1, 30), ("RNA_polymerase_(nsp12)", 31, 70), ("2'-O-MTase", 71, 100)],
        "a": [("nsp11", 31, 52)],
    }


def test_peptides_on_the_reverse_strand_and_without_a_parent(tmp_path: Path) -> None:
    rows = [
        ("CDS", 101, 400, "ID=cds-x;locus_tag=X"),
        ("mat_peptide", 341, 400, "product=first"),
        ("mat_peptide", 104, 340, "product=second"),
        ("mat_peptide", 105, 340, "product=of another frame"),
    ]
    assert peptides(compiled(tmp_path, rows, "-")) == {"X": [("first", 1, 20), ("second", 21, 99)]}


def test_peptides_of_a_gene_across_the_origin(tmp_path: Path) -> None:
    rows = [
        ("CDS", 541, 660, "ID=cds-x;locus_tag=X"),
        ("mat_peptide", 541, 570, "Parent=cds-x;product=first"),
        ("mat_peptide", 571, 657, "Parent=cds-x;product=second"),
    ]
    models = compiled(tmp_path, rows, circular=True)
    assert peptides(models) == {"X": [("first", 1, 10), ("second", 11, 39)]}
    copies = models.contig("v", 600, circular=True).table.to_pylist()
    assert {tuple(row["peptide_names"]) for row in copies} == {("first", "second")}


def test_positions_within_peptides(tmp_path: Path) -> None:
    models = compiled(tmp_path, ORF1AB).contig("v")
    ab = models.strings("id").to_pylist().index("ab")
    protein = pa.array(["31", "30-31", "?-71", "70-?", "101", "", "5", "29-71"])
    found = MaturePeptides(models).texts(np.array([ab] * 6 + [-1, ab]), protein)
    assert found is not None
    assert found.to_pylist() == [
        "RNA_polymerase_(nsp12):1",
        "nsp1:30&RNA_polymerase_(nsp12):1",
        "2'-O-MTase:1",
        "RNA_polymerase_(nsp12):40",
        *("", "", ""),
        "nsp1:29-30&RNA_polymerase_(nsp12):1-40&2'-O-MTase:1",
    ]
    assert MaturePeptides(models).texts(np.array([ab]), None) is None
