"""The transcript that is reported of an allele, and annotations that are restricted to some entries or transcripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine import BundleError, Outputs, Reference, annotate
from annotator.engine.cli.app import main
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.pick import PICK_ORDER, Picker
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.transcript_choice import TranscriptChoice
from annotator.engine.reference.transcript_table import SCHEMA
from tests.unit.engine.conftest import CASES, Result
from tests.unit.engine.consequence.casebook import PLAIN, chunk
from tests.unit.engine.consequence.test_csq_fields import entries

BETTER: list[dict[str, object]] = [
    {"tags": "MANE_Select"}, {"tags": "MANE_Plus_Clinical"}, {"canonical": True}, {"appris": "P1"}, {"appris": "P2"},
    {"appris": "A1"}, {"tsl": "1"}, {"tsl": "5"}, {"biotype": "protein_coding"}, {"ccds": "CCDS1.1"},
]  # fmt: skip
"""What sets transcripts apart, the best first; behind them come severity, length, and the id."""
MISSENSE, INTRON = BIT["missense_variant"], BIT["intron_variant"]


def contig(rows: list[dict[str, object]]) -> ContigModels:
    return ContigModels("1", pa.Table.from_pylist([PLAIN | row for row in rows], schema=SCHEMA))


def first(rows: list[dict[str, object]], terms: list[int], pos: int, order: tuple[str, ...] = PICK_ORDER) -> str:
    """The id of the transcript that is picked of a substitution."""
    models = contig(rows)
    pairs = Pairs(np.zeros(len(rows), dtype=np.int64), np.arange(len(rows)))
    alleles = Alleles.of(chunk([(pos, "A", ["C"])]), lambda _, length: b"A" * length)
    (picked,) = Picker(models, order).choose([alleles], pairs, np.array(terms)).picked
    return str(rows[picked]["id"])


def test_criteria_in_their_order() -> None:
    """Of transcripts of which each is best by one criterion the best of the first one is picked, then the next."""
    rows: list[dict[str, object]] = [{"id": f"T{99 - at}", **better} for at, better in enumerate(BETTER)]
    rows += [{"id": "T80"}, {"id": "T79", "exon_starts": [90], "start": 90}, {"id": "T78"}, {"id": "T79.1"}]
    terms = [INTRON] * len(BETTER) + [MISSENSE, INTRON, INTRON, INTRON]
    order = []
    while rows:
        order.append(first(rows, terms, 150))
        at = [row["id"] for row in rows].index(order[-1])
        del rows[at], terms[at]
    assert order == [*(f"T{99 - at}" for at in range(len(BETTER))), "T80", "T79", "T78", "T79.1"]


def test_order_of_the_user() -> None:
    rows: list[dict[str, object]] = [{"id": "A", "tags": "MANE_Select"}, {"id": "B", "canonical": True}, {"id": "C"}]
    terms = [INTRON, INTRON, MISSENSE]
    assert first(rows, terms, 150) == "A"
    assert first(rows, terms, 150, ("canonical", "mane_select")) == "B"
    assert first(rows, terms, 150, ("rank", "mane_select")) == "C"
    assert first(rows, terms, 150, ("ccds",)) == "A"


def test_genes_that_are_touched_come_first_then_the_nearest() -> None:
    """A transcript of the same gene may be picked although the allele does not touch it."""
    place: dict[str, object] = {"start": 900, "end": 950, "exon_starts": [900], "exon_ends": [950]}
    far = {"id": "M", "gene": "FAR", "tags": "MANE_Select", **place}
    near: dict[str, object] = {"id": "N"}
    other: dict[str, object] = {"id": "O", "tags": "MANE_Select", "start": 180, "exon_starts": [180]}
    down, up = BIT["downstream_gene_variant"], BIT["upstream_gene_variant"]
    assert first([far, near], [up, INTRON], 150) == "N"
    assert first([far, near], [up, down], 300) == "N"
    assert first([far, near], [up, down], 700) == "M"
    assert first([far, near, other], [up, INTRON, up], 150) == "O"
    assert first([far, near, other], [up, down, down], 300) == "O"


MODELS = """\
chr1\tx\tlnc_RNA\t1001\t1800\t.\t+\t.\tID=transcript:F1.m.2;Parent=gene:F1;biotype=lncRNA;tag=MANE_Select,gencode_basic
chr1\tx\texon\t1001\t1100\t.\t+\t.\tParent=transcript:F1.m.2
chr1\tx\texon\t1601\t1800\t.\t+\t.\tParent=transcript:F1.m.2
chr1\tx\tlnc_RNA\t1001\t1100\t.\t+\t.\tID=transcript:F1.x;Parent=gene:F1;biotype=lncRNA
chr1\tx\texon\t1001\t1100\t.\t+\t.\tParent=transcript:F1.x
"""
"""Transcripts that gene F1 of the reference toy has beside its coding one, F1.t."""
Write = Callable[..., Path]
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    directory = tmp_path_factory.mktemp("toy")
    models = directory / "models.gff3"
    models.write_text((CASES / "ref" / "toy.gff3").read_text() + MODELS)
    words = ["--fasta", str(CASES / "ref" / "toy.fa"), "--gff", str(models), "--out", str(directory / "toy")]
    assert main(["reference", "build", "--name", "toy", *words]) == 0
    return Reference.load(directory / "toy")


@pytest.fixture
def stop_gained(toy: Reference) -> tuple[int, str, str]:
    """A substitution that makes a stop codon of F1.t in its second exon, an intron of F1.m.2."""
    bases = toy.sequence().fetch("chr1", 1302, 117).decode()
    at = next(at for at in range(0, 110, 3) if bases[at : at + 3] in ("TGG", "CAA", "CAG", "CGA"))
    codon = bases[at : at + 3]
    return (1302 + at + 1, "G", "A") if codon == "TGG" else (1302 + at, "C", "T")


def rows_of(result: Result) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(result.path.with_name("input.variants.parquet")).to_pylist()
    return found


def test_reported_transcript_hides_no_impact(
    toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run
) -> None:
    result = run_on(vcf([stop_gained], contig="chr1"), toy)
    picks = {one["Feature"]: one["PICK"] for one in entries(result)}
    assert picks == {"F1.m.2": "1", "F1.t": "", "F1.x": "", "R1.t": ""}
    assert result.info(0)["GAS_IMPACT"] == "HIGH"
    (row,) = rows_of(result)
    assert (row["transcript"], row["consequences"]) == ("F1.m.2", "intron_variant&non_coding_transcript_variant")
    assert (row["consequence"], row["impact"], row["most_severe_transcript"]) == ("stop_gained", "HIGH", "F1.t")
    assert result.summary["high_impact"] == 1
    assert result.summary["genes"] == {"F1": 1}


def test_the_nearest_gene_of_a_variant_between_genes(toy: Reference, vcf: Write, run_on: Run) -> None:
    """Both genes lie within 5,000 bases; the variants are downstream of both."""
    bases = toy.sequence().fetch("chr1", 1, 8000).decode()
    records = [(pos, bases[pos - 1], "ACGT"["CGTA".index(bases[pos - 1])]) for pos in (1900, 2900)]
    result = run_on(vcf(records, contig="chr1"), toy)
    assert [(row["gene"], row["consequence"]) for row in rows_of(result)] == [
        ("F1", "downstream_gene_variant"), ("R1", "downstream_gene_variant")]  # fmt: skip
    assert result.summary["genes"] == {}


def restricted(toy: Reference, vcf: Write, run_on: Run, record: tuple[int, str, str], **options: object) -> Result:
    return run_on(vcf([record], contig="chr1"), toy, reporting=Reporting(**options))  # type: ignore[arg-type]


def options_line(result: Result) -> list[str]:
    return [line for line in result.header if line.startswith("##gasOptions=")]


def test_pick_alone(toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run) -> None:
    result = restricted(toy, vcf, run_on, stop_gained, entries="pick")
    assert [(one["Feature"], one["PICK"]) for one in entries(result)] == [("F1.m.2", "1")]
    assert (result.info(0)["GAS_IMPACT"], result.info(0)["BCSQ"]) == ("MODIFIER", "intron|F1||lncRNA")
    assert result.summary["consequences"] == {"intron_variant": 1, "non_coding_transcript_variant": 1}
    assert [(row["consequence"], row["most_severe_transcript"]) for row in rows_of(result)] == [
        ("intron_variant", "F1.m.2")]  # fmt: skip
    assert options_line(result) == ["##gasOptions=--pick"]


def test_one_entry_per_gene(toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run) -> None:
    result = restricted(toy, vcf, run_on, stop_gained, entries="per-gene", pick_order=("rank",))
    assert [(one["Feature"], one["PICK"]) for one in entries(result)] == [("F1.t", "1"), ("R1.t", "")]
    assert result.info(0)["GAS_IMPACT"] == "HIGH"
    assert options_line(result) == ["##gasOptions=--per-gene --pick-order rank"]


def test_most_severe_term_alone(toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run) -> None:
    pos, ref, alt = stop_gained
    other = next(base for base in "ACGT" if base not in (ref, alt))
    result = restricted(toy, vcf, run_on, (pos, ref, f"{other},{alt}"), entries="most-severe")
    (entry,) = entries(result)
    filled = {"Allele": alt, "Consequence": "stop_gained", "IMPACT": "HIGH", "ALLELE_NUM": "2", "VARIANT_CLASS": "SNV"}
    assert {name: value for name, value in entry.items() if value} == filled
    assert result.info(0)["BCSQ"] == "stop_gained|||"
    assert result.summary["consequences"] == {"stop_gained": 1}
    assert [(row["impact"] == "HIGH", row["gene"], row["transcript"]) for row in rows_of(result)] == [
        (False, None, None), (True, None, None)]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "expected", "unknown"),
    [
        ({"F1.m"}, ["F1.m.2"], []),
        ({"F1.m.2", "NOT"}, ["F1.m.2"], ["NOT"]),
        ({"F1.m.1", "R1.t"}, ["R1.t"], ["F1.m.1"]),
        ({"F1.x.7"}, ["F1.x"], []),
    ],
)
def test_some_transcripts(
    names: set[str], expected: list[str], unknown: list[str],
    toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run,
) -> None:  # fmt: skip
    result = restricted(toy, vcf, run_on, stop_gained, transcripts=TranscriptChoice(frozenset(names)))
    assert [one["Feature"] for one in entries(result)] == expected
    assert (result.warned("unknown_transcript") or {"details": []})["details"] == unknown
    assert options_line(result) == [f"##gasOptions=--transcripts ({len(names)} names)"]
    assert result.summary["high_impact"] == 0


def test_transcripts_that_the_reference_lacks(toy: Reference, vcf: Write, tmp_path: Path) -> None:
    choice = Reporting(transcripts=TranscriptChoice(frozenset({"NOT"})))
    path, outputs = vcf([(1900, "A", "C")], contig="chr1"), Outputs.beside(tmp_path / "x.annot.vcf.gz")
    with pytest.raises(BundleError, match="no transcript"):
        annotate(path, toy, outputs, reporting=choice)


def test_gencode_basic(toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run) -> None:
    result = restricted(toy, vcf, run_on, stop_gained, transcripts=TranscriptChoice(basic=True))
    assert [one["Feature"] for one in entries(result)] == ["F1.m.2"]


def test_haplotypes_on_some_transcripts(
    toy: Reference, stop_gained: tuple[int, str, str], vcf: Write, run_on: Run
) -> None:
    path = vcf([(*stop_gained, ".", "GT", "1|0")], contig="chr1", samples=("one",))
    every, some = (
        run_on(path, toy, reporting=Reporting(transcripts=TranscriptChoice(names)))
        for names in (None, frozenset({"F1.m", "F1.x"}))
    )
    assert every.summary["haplotypes"]
    assert not some.summary["haplotypes"], "they have no coding sequence that records could change together"
    assert "stop_gained|F1|F1.t" in every.info(0)["BCSQ"]
    assert some.info(0)["BCSQ"] == "non_coding|F1||lncRNA"


@pytest.mark.parametrize(("flank", "terms"), [(0, {"intergenic_variant"}), (99, {"intergenic_variant"}),
                                              (100, {"downstream_gene_variant"})])  # fmt: skip
def test_flank(flank: int, terms: set[str], toy: Reference, vcf: Write, run_on: Run) -> None:
    base = toy.sequence().fetch("chr1", 1900, 1).decode()
    result = restricted(toy, vcf, run_on, (1900, base, "ACGT"["CGTA".index(base)]), flank=flank)
    assert set(result.summary["consequences"]) == terms
    assert options_line(result) == [f"##gasOptions=--flank {flank}"]


def test_flank_beyond_5000_bases(toy: Reference, vcf: Write, run_on: Run) -> None:
    base = toy.sequence().fetch("chr1", 7990, 1).decode()
    result = restricted(toy, vcf, run_on, (7990, base, "ACGT"["CGTA".index(base)]), flank=6_190)
    distances = {one["Feature"]: one["DISTANCE"] for one in entries(result)}
    assert distances == {"F1.m.2": "6190", "F1.t": "6190", "R1.t": "4490"}
