"""Contigs that are longer than a tabix index reaches: variants far out on them get what they get near the start."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotator.engine import BundleError, Reference
from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.indexes import CSI, TABIX_REACH, TBI, index_of, open_table
from annotator.engine.reference.build.contigs import LONGEST_CIRCLE, contigs_of
from annotator.engine.reference.build.recipe import Recipe
from tests.corpora.made_reference import Bases, build_reference, reference_for
from tests.unit.engine.conftest import Result

Run = Callable[..., Result]
SITES = [
    (1000, "A", "C"), (1001, "C", "T"), (1002, "G", "GTT"), (1010, "GACT", "G"), (1150, "T", "<DEL>"),
    (4000, "C", "A,G"), (4029, "A", "T"), (4030, "G", "C"), (4500, "C", "CAAA"), (7000, "T", "<DUP>"),
    (20_000, "A", "T"),
]  # fmt: skip
"""Positions and alleles: within genes and between them, structural variants, neighbours within a codon."""


def file(path: Path, by: int, genotype: str) -> Path:
    lines = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"]
    for pos, ref, alt in SITES:
        info = f"END={pos + by + 40}" if alt.startswith("<") else "."
        lines.append(f"c\t{pos + by}\t.\t{ref}\t{alt}\t.\t.\t{info}\tGT\t{genotype}")
    path.write_text("\n".join(lines) + "\n")
    return path


def moved(result: Result, by: int) -> list[list[str]]:
    """The records as they would be at a lower position."""

    def back(text: str) -> str:
        return re.sub(r"\d+", lambda found: str(int(found[0]) - (by if int(found[0]) > by else 0)), text)

    return [[back(one[1]), *one[2:7], back(one[7]), *one[8:]] for one in result.records]


@pytest.mark.parametrize("genotype", ["0|1", "0/1"])
@pytest.mark.parametrize("by", [TABIX_REACH, (1 << 31) - (1 << 20)])
def test_variants_far_out_are_annotated_as_others_are(tmp_path: Path, run_on: Run, by: int, genotype: str) -> None:
    near_file, far_file = (file(tmp_path / f"{at}.vcf", at, genotype) for at in (0, by))
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    near = run_on(near_file, reference_for(near_file, tmp_path / "near"))
    near_index, near_records = index_of(near.path), moved(near, 0)
    assert near_index is not None
    assert near_index.suffix == TBI
    assert near.summary["consequences"]["missense_variant"] > 1
    far = run_on(far_file, reference_for(far_file, tmp_path / "far"))
    assert moved(far, by) == near_records
    assert far.summary["haplotypes"] is ("|" in genotype)
    assert ("@" in "".join(one[7] for one in far.records)) is ("|" in genotype)
    index = index_of(far.path)
    assert index is not None
    assert index.suffix == CSI
    with open_table(far.path) as table:
        for pos, _, _ in SITES:
            assert str(pos + by) in {line.split("\t")[1] for line in table.fetch("c", pos + by - 1, pos + by)}
    rows = pq.read_table(far.path.with_name("input.variants.parquet"))["pos"].to_pylist()
    assert sorted(set(rows)) == [pos + by for pos, _, _ in SITES]


def test_a_contig_of_any_length_that_is_called_mt_is_annotated(tmp_path: Path, run_on: Run) -> None:
    """A file may say that MT has 2,147,483,647 bases; a circle is not that long."""
    path = tmp_path / "in.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    record = "MT\t300\t.\tA\tC\t.\t.\t."
    path.write_text(f"##fileformat=VCFv4.2\n##contig=<ID=MT,length={LARGEST_POSITION}>\n{columns}\n{record}\n")
    reference = reference_for(path, tmp_path)
    assert [(one.length, one.circular) for one in reference.contigs] == [(LARGEST_POSITION, False)]
    assert "CSQ" in run_on(path, reference).info(0)


@pytest.mark.parametrize(("length", "closed"), [(LONGEST_CIRCLE, True), (LONGEST_CIRCLE + 1, False)])
def test_a_circle_has_a_longest_length(tmp_path: Path, length: int, closed: bool) -> None:
    models = tmp_path / "x.gff3"
    rows = ["c\tx\tregion\t1\t9\t.\t.\t.\tIs_circular=true", "c\tx\tncRNA\t50\t90\t.\t+\t.\tID=r"]
    models.write_text("\n".join([*rows, "c\tx\texon\t50\t90\t.\t+\t.\tParent=r"]) + "\n")
    reference: Reference = build_reference({"c": Bases(length)}, models, tmp_path / "bundle")
    assert reference.contig("c").circular is closed
    recipe = Recipe(name="x", fasta=models, models=models, circular=("c",))
    if closed:
        assert contigs_of(recipe, {"c": length})[0][0].circular
    else:
        with pytest.raises(BundleError, match=r"--circular c: .* longer than 1,073,741,823 bases"):
            contigs_of(recipe, {"c": length})
