"""Building references: models checked against the sequence, and annotation with what was built."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.reference.gene_models_gff import count_transcripts, model_lines
from annotator.engine.reference.verify import verify
from tests.unit.engine.conftest import take_apart
from tests.unit.engine.small_genome import (
    GENES,
    MINUS,
    MITO,
    PLUS,
    RNA,
    SHORT,
    Gene,
    annotated,
    gene_pred,
    gff3,
    gtf,
    refusal,
    site,
)

Build = Callable[..., int]


def test_a_built_reference_is_sound_and_named(build: Build, tmp_path: Path) -> None:
    facts = ["--title", "A small genome", "--source", "fasta=v1", "--licence", "fasta=public domain"]
    assert build(*facts, "--url", "gff=https://example.org/models") == 0
    reference = Reference.load(tmp_path / "bundle")
    findings = verify(reference)
    assert findings.failed == []
    assert "models of 1: 13 transcripts, 12 coding, 1 known not to fit" in findings.passed
    assert reference.exceptions == {"S9.1"}
    assert (reference.title, reference.canonical("chr1"), reference.canonical("chrM")) == ("A small genome", "1", "MT")
    assert [one["version"] for one in reference.sources] == ["v1", "not given"]
    assert reference.sources[0]["licence"] == "public domain"
    assert reference.sources[1]["url"] == "https://example.org/models"
    checks = json.loads((tmp_path / "bundle" / "manifest.json").read_text())["checks"]
    assert checks == {"coding_transcripts": 13, "start_codon": [13, 13], "stop_codon": [13, 13], "internal_stop": 1}
    assert not list(tmp_path.glob(".bundle*"))


def test_annotation_on_both_strands_and_two_genetic_codes(build: Build, tmp_path: Path, genome: dict[str, str]) -> None:
    assert build() == 0
    result = annotated(
        tmp_path,
        [
            site("chr1", 1015, "G", "C"),  # TGG > TCG, the second codon
            site("chr1", 1201, "G", "A"),  # the last base of the codon that the intron cuts
            site("chr1", 3099, "C", "T"),  # the same on the other strand
            site("chr1", 3390, genome["1"][3389], "ACGT"[genome["1"][3389] == "A"]),
            site("chr1", 5070, genome["1"][5069], "ACGT"[genome["1"][5069] == "A"]),
            site("chr1", 13500, genome["1"][13499], "ACGT"[genome["1"][13499] == "A"]),
            site("chrM", 305, "G", "C"),
            site("chrM", 306, "A", "G"),  # TGA and TGG are both tryptophan there
        ],
    )
    entries = [result.info(index)["BCSQ"] for index in range(8)]
    assert entries[0] == "missense|PLUS|PLUS.1|protein_coding|+|2W>2S|1015G>C"
    assert "stop_gained&splice_region|PLUS|PLUS.1|protein_coding|+|17W>17*|1201G>A" in entries[1].split(",")
    assert "|MINUS.1|protein_coding|-|14W>14*|3099C>T" in entries[2]
    assert [result.info(index)["GAS_CONSEQUENCE"] for index in range(8)] == [
        "missense_variant",
        "stop_gained",
        "stop_gained",
        "5_prime_UTR_variant",
        "intron_variant",
        "intergenic_variant",
        "missense_variant",
        "synonymous_variant",
    ]
    assert "|MITO.1|protein_coding|+|2W>2S|305G>C" in entries[6]
    assert [record[0] for record in result.records] == ["chr1"] * 6 + ["chrM"] * 2
    assert result.warned("unanswered") is None


@pytest.mark.parametrize("table", [gene_pred, gtf])
def test_other_tables_give_the_same_models(build: Build, tmp_path: Path, table: Callable[[list[Gene]], str]) -> None:
    assert build(out="gff3") == 0
    assert build(models=table(GENES), out="other") == 0
    texts = [gzip.decompress((tmp_path / out / "models.gff3.gz").read_bytes()) for out in ("gff3", "other")]
    assert texts[0] == texts[1]
    assert texts[0].count(b"\tCDS\t") == 15


def test_a_wrong_sequence_is_refused_with_figures(
    build: Build, tmp_path: Path, genome: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shifted = {name: bases[1:] + "A" for name, bases in genome.items()}
    assert build(fasta=shifted) == 1
    said = refusal(capsys, tmp_path)
    assert "of 13 coding transcripts 0 of 13 (0.0%) start on a start codon, 0 of 13 (0.0%) end on a stop codon" in said
    assert "have a stop codon before the end" in said


def test_one_wrong_contig_among_right_ones_is_refused(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mitochondrion read with the code of the nucleus, hidden among many genes that fit."""
    mito = [replace(MITO, name=f"MITO{at}") for at in range(10)]
    nuclear = [replace(SHORT[0], name=f"N{at}") for at in range(190)]
    assert build("--genetic-code", "1=1", models=gff3([*nuclear, *mito])) == 1
    said = refusal(capsys, tmp_path)
    assert "contig MT (genetic code 1): of 10 coding transcripts" in said
    assert "10 of 10 (100.0%) have a stop codon before the end" in said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            ("##gff-version 3", "##sequence-region 1 1 15000"),
            "the gene models give 1 15,000 bases, the sequence has 14,000",
        ),
        (("\t6060\t", "\t16060\t"), "1 of 14 gene models lie outside their contigs (S0.1 ends at 1:16,060)"),
        (("Parent=transcript:PLUS.1", "Parent=transcript:NONE"), "which is not there"),
        (("\t6060\t", "\tsixty\t"), "cannot be read"),
    ],
)
def test_models_that_contradict_the_contigs(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], reason: str
) -> None:
    assert build(models=gff3(GENES).replace(*change)) == 1
    assert reason in refusal(capsys, tmp_path)


def test_models_without_a_sequence_are_left_out_and_told(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(models=gff3([*GENES, replace(RNA, contig="NC_7")])) == 0
    assert "left out: 1 transcripts on 1 contigs without sequence: NC_7 (1); first RNA.1\n" in capsys.readouterr().out


def test_no_contig_in_common(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = gff3([PLUS, MINUS]).replace("1\tx", "NC_7\tx")
    assert build(models=models) == 1
    assert "the models have NC_7; the sequence has 1, MT" in refusal(capsys, tmp_path)
    assert build("--alias", "NC_7=1", models=models) == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--variants", "v=none.vcf:ID"], "There is no file none.vcf"),
        (["--variants", "nothing"], "NAME=FILE.vcf.gz:FIELD,... is wanted"),
        (["--genetic-code", "MT=99"], "Genetic code 99 is not known"),
        (["--genetic-code", "X=2"], "The sequence has no contig X; it has 1, MT"),
        (["--licence", "v=free"], "There is no source 'v'"),
        (["--url", "fasta"], "--url fasta: NAME=VALUE is wanted"),
    ],
)
def test_options_that_make_no_sense(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    assert build(*options) == 1
    assert reason in refusal(capsys, tmp_path)


def test_csq_is_given_the_models_of_the_contigs_of_a_file_only(build: Build, tmp_path: Path) -> None:
    assert build() == 0
    models = Reference.load(tmp_path / "bundle").models
    assert {line.partition("\t")[0] for line in model_lines(models, ["MT"])} == {"MT"}
    assert count_transcripts(models, ["MT"]) == {"MT": 1}


@pytest.mark.parametrize("order", [("1", "MT", "X"), ("X", "1"), ("X", "MT"), ("X",)])
def test_contigs_without_genes(build: Build, tmp_path: Path, genome: dict[str, str], order: tuple[str, ...]) -> None:
    assert build(fasta={**genome, "X": "ACGT" * 50}) == 0
    places = {"1": ("1", 1015, "G", "C"), "MT": ("MT", 305, "G", "C"), "X": ("X", 9, "A", "T")}
    result = annotated(tmp_path, [site(*places[contig]) for contig in order])
    terms = {record[0]: result.info(at)["GAS_CONSEQUENCE"] for at, record in enumerate(result.records)}
    assert terms == {contig: "intergenic_variant" if contig == "X" else "missense_variant" for contig in order}
    assert result.warned("unanswered") is None


def test_phased_genotypes_with_two_genetic_codes(build: Build, tmp_path: Path) -> None:
    """Two changes of one codon on one haplotype are seen together, on either side of a change of the code."""
    assert build() == 0
    path = tmp_path / "phased.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"
    places = [("MT", 305, "G", "C"), ("MT", 306, "A", "C"), ("1", 1015, "G", "A"), ("1", 1016, "G", "A")]
    records = [f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t0|1" for contig, pos, ref, alt in places]
    path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *records]) + "\n")
    outputs = Outputs.beside(tmp_path / "phased.annot.vcf.gz")
    reference, reporting = Reference.load(tmp_path / "bundle"), Reporting(bcsq=True)
    summary = annotate(path, reference, outputs, temporary=tmp_path, reporting=reporting)
    result = take_apart(outputs, summary)
    assert result.info(0)["BCSQ"] == "missense|MITO|MITO.1|protein_coding|+|2W>2S|305G>C+306A>C"
    assert result.info(2)["BCSQ"] == "stop_gained|PLUS|PLUS.1|protein_coding|+|2W>2*|1015G>A+1016G>A"
    assert [record[:2] for record in result.records] == [[contig, str(pos)] for contig, pos, _, _ in places]


def test_an_existing_directory_is_kept(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine").write_text("mine")
    assert build() == 1
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["mine"]


def test_a_sequence_that_is_none(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(fasta={"1": "ACGT?!"}) == 1
    assert "line 2: not a sequence of bases" in refusal(capsys, tmp_path)
