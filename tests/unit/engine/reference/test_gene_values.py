"""Tables of genes in a built reference: joined by identifier or symbol, and reported for the gene of each allele."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine import Reference
from annotator.engine.reference.verify import verify
from tests.unit.engine.small_genome import annotated, refusal, site

Build = Callable[..., int]
CONSTRAINT = (
    "gene\tgene_id\ttranscript\tmane_select\tlof.pLI\tlof.oe_ci.upper\tflags\n"
    "PLUS\tPLUS.7\tT1\tfalse\t0.5\t0.125\tx\n"
    "PLUS\tPLUS.7\tT2\ttrue\t0.75\t0.25\tNA\n"
    "S1\tS1\tT3\ttrue\tNA\t1e-05\t.\n"
)


def test_constraint_of_the_gene(
    build: Build, tmp_path: Path, genome: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The row of the transcript that is MANE Select; identifiers with and without versions."""
    path = tmp_path / "constraint.tsv"
    path.write_text(CONSTRAINT)
    assert build("--genes", f"gnomAD={path}:pLI=lof.pLI,LOEUF=lof.oe_ci.upper,flags,only=mane_select") == 0
    assert "genes gnomAD: 2 genes" in capsys.readouterr().out
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    base = genome["1"][6109]
    other = "ACGT"["CGTA".index(base)]
    result = annotated(tmp_path, [site("1", 1015, "G", "C,T"), site("1", 6110, base, other), site("MT", 305, "G", "C")])
    first, second, third = (result.info(at) for at in range(3))
    assert (first["gnomAD_pLI"], first["gnomAD_LOEUF"]) == ("0.75,0.75", "0.25,0.25")
    assert (second["gnomAD_LOEUF"], "gnomAD_pLI" in second) == ("1e-05", False)
    assert not any(name.startswith("gnomAD") for name in third)
    assert '##INFO=<ID=gnomAD_pLI,Number=A,Type=Float,Description="lof.pLI (gnomAD), by gene">' in result.header
    table = pq.read_table(tmp_path / "input.variants.parquet")
    assert table.schema.field("gnomAD_LOEUF").type == pa.float32()
    assert table["gnomAD_pLI"].to_pylist() == [0.75, 0.75, None, None]


def test_several_rows_by_symbol(build: Build, tmp_path: Path) -> None:
    """ClinGen: comments before the header, symbols, whole numbers, and a row for each disease."""
    path = tmp_path / "clingen.tsv"
    path.write_text(
        "#ClinGen Gene Curation List\n#FILE CREATED: 2026-01-01\n"
        "#Gene Symbol\tHaploinsufficiency Score\tdisease\nplus\t3\tone\nPLUS\t30\ttwo\nPLUS\t0\tone\nOTHER\t1\tx\n"
    )
    choice = "haplo=Haploinsufficiency Score,least=min(Haploinsufficiency Score),disease"
    assert build("--genes", f"ClinGen={path}:{choice}") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "C")])
    info = result.info(0)
    assert [info[f"ClinGen_{name}"] for name in ("haplo", "least", "disease")] == ["30", "0", "one&two"]
    description = "Haploinsufficiency Score (ClinGen), by gene"
    assert f'##INFO=<ID=ClinGen_haplo,Number=A,Type=Integer,Description="{description}">' in result.header


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ("", "choose the columns to take"),
        (":pLI", "line 1: there is no column pLI; there are gene, gene_id"),
        (":x=max(flags)", "column flags: 'x' is no number, so there is no max; choose the column as it is"),
        (":flags,gene=transcript", "gnomAD has none of the 14 genes of the models; name the column"),
    ],
)
def test_tables_of_genes_that_are_refused(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], items: str, reason: str
) -> None:
    path = tmp_path / "constraint.tsv"
    path.write_text(CONSTRAINT)
    assert build("--genes", f"gnomAD={path}{items}") == 1
    assert reason in refusal(capsys, tmp_path)
