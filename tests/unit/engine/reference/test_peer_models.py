"""Gene models as other programs and archives write them: each case is a file that was once refused or misread."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.cli.app import main
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.reference.verify import verify
from tests.unit.engine.conftest import Result, take_apart

CASES = Path(__file__).parents[1] / "cases" / "peer"
Case = Callable[..., int]


@pytest.fixture
def build_case(tmp_path: Path) -> Case:
    """Builds the reference of a case as ``tmp_path / "bundle"``; returns the exit code."""

    def run(slug: str, *options: str) -> int:
        files = [str(CASES / slug / name) for name in ("ref.fa", "models.gff3")]
        words = ["reference", "build", "--name", "case", "--fasta", files[0], "--gff", files[1]]
        return main([*words, *options, "--out", str(tmp_path / "bundle")])

    return run


def annotated(slug: str, tmp_path: Path) -> Result:
    outputs = Outputs.beside(tmp_path / "input.annot.vcf.gz")
    reference = Reference.load(tmp_path / "bundle")
    path, reporting = CASES / slug / "input.vcf", Reporting(bcsq=True)
    summary = annotate(path, reference, outputs, temporary=tmp_path, reporting=reporting)
    return take_apart(outputs, summary)


def entries(result: Result, index: int) -> dict[str, dict[str, str]]:
    """Entries of CSQ of a record, by transcript."""
    line = next(line for line in result.header if line.startswith("##INFO=<ID=CSQ"))
    names = line.partition("Format: ")[2].partition('"')[0].split("|")
    found = [dict(zip(names, entry.split("|"), strict=True)) for entry in result.info(index)["CSQ"].split(",")]
    return {entry["Feature"]: entry for entry in found}


def manifest(tmp_path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((tmp_path / "bundle" / "manifest.json").read_text("utf-8"))
    return found


def test_codons_behind_a_ribosomal_slip(build_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slug = "02-minus-one-ribosomal-slippage"
    assert build_case(slug) == 0
    assert "note: 1 coding sequences are read with ribosomal slippage: gene-o" in capsys.readouterr().out
    assert manifest(tmp_path)["slippage"] == {"gene-o": [[280, 280]]}
    assert verify(Reference.load(tmp_path / "bundle")).failed == []
    result = annotated(slug, tmp_path)
    twice, behind = (entries(result, index)["gene-o"] for index in (0, 1))
    fields = ("HGVSc", "HGVSp", "CDS_position", "Protein_position", "Amino_acids", "Codons", "FLAGS")
    # Base 280 is the last of codon 60 (TCG) and the first of codon 61 (GTA).
    assert [twice[name] for name in fields] == [
        *("gene-o:c.180G>T", "P1:p.Val61Leu", "180-181", "60-61", "SV/SL", "tcGGta/tcTTta", "ribosomal_slippage")
    ]
    assert [behind[name] for name in fields[:6]] == [
        *("gene-o:c.212G>T", "P1:p.Arg71Leu", "212", "71", "R/L", "cGt/cTt")
    ]
    assert (twice["Consequence"], behind["Consequence"]) == ("missense_variant", "missense_variant")


def test_refseq_transcripts_without_a_coding_sequence_are_not_translated(build_case: Case, tmp_path: Path) -> None:
    slug = "03-refseq-noncoding-transcript-of-coding-gene"
    assert build_case(slug) == 0
    result = annotated(slug, tmp_path)
    found = [entries(result, index)["NR_1.1"] for index in range(3)]
    assert [entry["Consequence"] for entry in found] == [
        "non_coding_transcript_exon_variant",
        "intron_variant&non_coding_transcript_variant",
        "non_coding_transcript_exon_variant",
    ]
    assert {entry["BIOTYPE"] for entry in found} == {"misc_RNA"}
    assert entries(result, 0)["NM_1.1"]["HGVSp"] == "PA:p.Gly14Trp"


def test_a_gene_across_the_origin_of_a_circular_contig(build_case: Case, tmp_path: Path) -> None:
    slug = "04-circular-gene-over-the-origin"
    assert build_case(slug, "--genetic-code", "c=11") == 0
    assert manifest(tmp_path)["across_origin"] == ["gene-A"]
    assert verify(Reference.load(tmp_path / "bundle")).failed == []
    entry = entries(annotated(slug, tmp_path), 0)["gene-A"]
    assert (entry["CDS_position"], entry["HGVSp"]) == ("65", "gene-A:p.Val22Asp")  # 541 to 600, then 1 to 5


def test_coding_sequences_without_a_parent(build_case: Case, tmp_path: Path) -> None:
    slug = "06-cds-without-parent-prokka"
    assert build_case(slug, "--genetic-code", "1=11") == 0
    entry = entries(annotated(slug, tmp_path), 0)["X_00001"]
    assert (entry["Gene"], entry["CDS_position"], entry["Consequence"]) == ("X_00001", "10", "missense_variant")


def test_transcripts_with_parts_on_both_strands_are_left_out(
    build_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slug = "07-trans-spliced-parts-on-both-strands"
    assert build_case(slug) == 0
    assert "left out: 1 transcripts with parts on both strands (trans-splicing): TS\n" in capsys.readouterr().out
    assert manifest(tmp_path)["left_out"] == [
        {
            "part": "gff",
            "reason": "parts_on_both_strands",
            "what": "transcripts with parts on both strands (trans-splicing)",
            "count": 1,
            "first": ["TS"],
        }
    ]
    result = annotated(slug, tmp_path)
    assert "TS" not in {**entries(result, 0), **entries(result, 1)}


@pytest.mark.parametrize(
    ("slug", "reason"),
    [
        ("23-gff-start-behind-end", "models.gff3 cannot be read: line 5: column 4 (start) is 1,650, behind column 5"),
        (
            "25-models-as-bed12",
            "line 1: this is BED12, which is not supported for gene models. Supported formats: GFF3, GTF and",
        ),
    ],
)
def test_refused_with_line_and_remedy(
    build_case: Case, capsys: pytest.CaptureFixture[str], slug: str, reason: str
) -> None:
    assert build_case(slug) == 1
    assert reason in capsys.readouterr().err


def test_contig_names_with_colons(build_case: Case, tmp_path: Path) -> None:
    assert build_case("26-contigs-1-and-1-1") == 0
    reference = Reference.load(tmp_path / "bundle")
    assert [contig.name for contig in reference.contigs][1] == "1:1"
    assert verify(reference).failed == []


def test_the_genetic_code_of_the_models(build_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_case("27-transl-table-in-the-models") == 0
    assert "genetic code 11 on 1 contigs, from the gene models (transl_table)" in capsys.readouterr().out
    (contig,) = Reference.load(tmp_path / "bundle").contigs
    assert contig.genetic_code == 11
    assert "GTG" in contig.start_codons


def test_an_option_overrides_the_genetic_code_of_the_models(
    build_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slug = "27-transl-table-in-the-models"
    assert build_case(slug, "--genetic-code", "1") == 1
    said = capsys.readouterr().err
    assert "0 of 5 (0.0%) start on a start codon" in said
    assert "(genetic code 1)" in said
    assert "--genetic-code NUMBER" in said
    assert build_case(slug, "--genetic-code", "1", "--genetic-code", "p=11") == 0
    assert Reference.load(tmp_path / "bundle").contigs[0].genetic_code == 11


def test_genes_without_children_are_told(build_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_case("28-gene-without-children-dropped-silently") == 0
    told = "left out: 1 genes without transcripts, exons or coding sequence: gene:GC\n"
    assert told in capsys.readouterr().out
    (entry,) = manifest(tmp_path)["left_out"]  # type: ignore[misc]
    assert (entry["reason"], entry["count"], entry["first"]) == ("gene_without_transcript", 1, ["gene:GC"])


def test_a_gene_and_its_transcript_may_share_an_id(build_case: Case, tmp_path: Path) -> None:
    assert build_case("33-build-hangs-when-a-row-is-its-own-ancestor") == 0
    assert "ID=transcript:X;Parent=gene:X;" in _models(tmp_path)


PLASMID = Path(__file__).parents[1] / "cases" / "plasmid"


@pytest.fixture
def plasmid(tmp_path: Path) -> Callable[..., Result]:
    """Builds a reference of the plasmid with some models, and annotates records (POS, REF, ALT) with it."""

    def run(models: str, records: list[tuple[int, str, str]]) -> Result:
        words = ["reference", "build", "--name", "plasmid", "--fasta", str(PLASMID / "ref.fa")]
        words += ["--gff", str(PLASMID / models), "--genetic-code", "pTOY=11", "--circular", "pTOY"]
        assert main([*words, "--out", str(tmp_path / "bundle")]) == 0
        columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
        lines = [f"pTOY\t{pos}\t.\t{ref}\t{alt}\t.\tPASS\t." for pos, ref, alt in records]
        path = tmp_path / "input.vcf"
        path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *lines]) + "\n")
        outputs = Outputs.beside(tmp_path / "input.annot.vcf.gz")
        return take_apart(outputs, annotate(path, Reference.load(tmp_path / "bundle"), outputs, temporary=tmp_path))

    return run


def test_a_gene_of_a_plasmid_across_its_origin(plasmid: Callable[..., Result]) -> None:
    """It lies at 2881 to 3120 of 3000 bases."""
    result = plasmid("models.gff3", [(40, "T", "A"), (2950, "A", "C")])
    assert [entries(result, index)["gene-trfA"]["CDS_position"] for index in (0, 1)] == ["160", "70"]
    # Each transcript is there once, however small the circle is.
    assert all(len(result.info(index)["CSQ"].split(",")) == 2 for index in (0, 1))


def test_a_gene_of_a_plasmid_as_bakta_writes_it(plasmid: Callable[..., Result]) -> None:
    (entry,) = entries(plasmid("bakta.gff3", [(301, "A", "C")]), 0).values()
    assert (entry["CDS_position"], entry["SYMBOL"], entry["Gene"]) == ("101", "repA", "TOY_00010")


def _models(tmp_path: Path) -> str:
    return gzip.decompress((tmp_path / "bundle" / "models.gff3.gz").read_bytes()).decode()
