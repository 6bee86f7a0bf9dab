"""References from models that only just fit: cut off, across an origin, behind a slip, on contigs with odd names."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.bgzf import BgzfWriter
from annotator.engine.consequence import AlleleChunk, ConsequenceCaller, GeneModels
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.consequence.so_terms import INTERGENIC
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.indexes import TABIX_REACH, index_of, make_index, open_table, rows_of
from annotator.engine.reference.gene_models_gff import model_lines
from annotator.engine.reference.transcript_table import LATER_COLUMNS
from annotator.engine.reference.verify import verify
from tests.unit.engine.conftest import Result, take_apart
from tests.unit.engine.small_genome import COMPLEMENT, GENES, PLUS, SHORT, annotated, gff3, refusal, site

Build = Callable[..., int]


def manifest(tmp_path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((tmp_path / "bundle" / "manifest.json").read_text("utf-8"))
    return found


def entry(result: Result, index: int, transcript: str) -> dict[str, str]:
    """The only entry of CSQ of a record and a transcript."""
    line = next(line for line in result.header if line.startswith("##INFO=<ID=CSQ"))
    names = line.partition("Format: ")[2].partition('"')[0].split("|")
    found = [dict(zip(names, one.split("|"), strict=True)) for one in result.info(index)["CSQ"].split(",")]
    (one,) = [one for one in found if one["Feature"] == transcript]
    return one


# Models and sequence


@pytest.mark.parametrize("cut", [1, 2])
def test_a_small_genome_may_have_one_or_two_transcripts_that_are_cut_off(
    build: Build, tmp_path: Path, cut: int
) -> None:
    genes = [replace(one, exons=((one.first + 3, one.last),), first=one.first + 3) for one in (SHORT[0], SHORT[2])]
    assert build(models=gff3([PLUS, *genes[:cut]])) == 0
    assert manifest(tmp_path)["exceptions"] == [f"{one.name}.1" for one in genes[:cut]]


def test_three_that_are_cut_off_are_too_many(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genes = [replace(one, exons=((one.first + 3, one.last),), first=one.first + 3) for one in SHORT[:6:2]]
    assert build(models=gff3([PLUS, *genes])) == 1
    said = refusal(capsys, tmp_path)
    assert "1 of 4 (25.0%) start on a start codon" in said
    assert "--genetic-code NUMBER" in said
    assert "--accept-models" in said


def test_a_single_gene_that_fits_in_no_way_is_refused(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shifted = replace(SHORT[0], exons=((6030, 6089),), first=6030, last=6089)
    assert build(models=gff3([shifted])) == 1
    assert "do not belong together" in refusal(capsys, tmp_path)


def test_models_without_any_transcript_are_said_to_have_none(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(models="1\tx\tregion\t1\t900\t.\t+\t.\tID=r\n") == 1
    said = refusal(capsys, tmp_path)
    assert "no transcript that can be used. They have no rows of exons or coding sequences." in said


def test_models_that_do_not_fit_can_be_accepted_and_every_log_tells(
    build: Build, tmp_path: Path, genome: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shifted = {name: bases[1:] + "A" for name, bases in genome.items()}
    assert build("--accept-models", fasta=shifted) == 0
    note = "The gene models do not fit the sequence and were accepted with --accept-models: of 13 coding transcripts"
    assert f"warning: {note}" in capsys.readouterr().out
    (written,) = manifest(tmp_path)["notes"]  # type: ignore[misc]
    assert written.startswith(note)
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    result = annotated(tmp_path, [site("1", 9000, shifted["1"][8999], "ACGT"[shifted["1"][8999] == "A"])])
    assert result.summary["reference"]["notes"] == [written]
    assert f"Note: {written}\n" in result.log
    assert result.warned("models_accepted") == {
        "code": "models_accepted",
        "message": "the gene models of the reference do not match its sequence; consequences may be wrong",
        "count": 1,
        "first_lines": [],
        "details": [written],
    }


def test_models_that_fit_need_no_note(build: Build, tmp_path: Path) -> None:
    assert build("--accept-models") == 0
    assert manifest(tmp_path)["notes"] == []
    result = annotated(tmp_path, [site("1", 1015, "G", "C")])
    assert "Note:" not in result.log
    assert result.warned("models_accepted") is None


def test_models_are_checked_as_the_engine_reads_them(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The coding sequence skips the second of three exons, which the engine does not do."""
    coding = "ATG" + "GCA" * 38 + "TAA"
    bases = "C" * 100 + coding[:60] + "C" * 40 + "TAGTA" * 10 + "C" * 50 + coding[60:] + "C" * 100
    rows = [("gene", 101, 360, "ID=gene:G;Name=G"), ("mRNA", 101, 360, "ID=transcript:T;Parent=gene:G")]
    rows += [("exon", *exon, "Parent=transcript:T") for exon in ((101, 160), (201, 250), (301, 360))]
    rows += [("CDS", *part, "ID=CDS:P;Parent=transcript:T") for part in ((101, 160), (301, 360))]
    models = "".join(f"1\tx\t{kind}\t{first}\t{last}\t.\t+\t0\t{text}\n" for kind, first, last, text in rows)
    options = ("--genetic-code", "1")
    assert build(*options, models=models, fasta={"1": bases}) == 1
    assert "0 of 1 (0.0%) end on a stop codon, 1 of 1 (100.0%) have a stop codon" in refusal(capsys, tmp_path)
    assert build(*options, models=models.replace("\t201\t250", "\t301\t360"), fasta={"1": bases}) == 0


def test_pseudogenes_do_not_count_in_the_check(build: Build, tmp_path: Path) -> None:
    models = gff3(GENES).replace("ID=transcript:S9.1;", "ID=transcript:S9.1;pseudo=true;")
    assert build(models=models) == 0
    assert manifest(tmp_path)["checks"] == {
        "coding_transcripts": 12,
        "start_codon": [12, 12],
        "stop_codon": [12, 12],
        "internal_stop": 0,
    }
    result = annotated(tmp_path, [site("1", 6950, "C", "T")])
    assert entry(result, 0, "S9.1")["Consequence"] == "non_coding_transcript_exon_variant"
    assert entry(result, 0, "S9.1")["BIOTYPE"] == "pseudogene"


# Genetic codes


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--genetic-code", "x"], "--genetic-code x: expected NUMBER or CONTIG=NUMBER"),
        (["--genetic-code", "MT=x"], "--genetic-code x: expected NUMBER or CONTIG=NUMBER"),
        (["--genetic-code", "9" * 5000], "expected NUMBER or CONTIG=NUMBER"),
        (["--genetic-code", "99"], "Genetic code 99 is not known; known: 1, "),
        (["--genetic-code", "1", "--genetic-code", "2"], "--genetic-code 2: give one NUMBER for all contigs"),
    ],
)
def test_genetic_codes_that_make_no_sense(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    assert build(*options) == 1
    assert reason in refusal(capsys, tmp_path)


def test_one_genetic_code_for_all_contigs_but_one(build: Build, tmp_path: Path) -> None:
    assert build("--genetic-code", "11", "--genetic-code", "MT=2") == 0
    codes = {contig.name: contig.genetic_code for contig in Reference.load(tmp_path / "bundle").contigs}
    assert codes == {"1": 11, "MT": 2}


def test_genetic_codes_of_the_models_by_contig(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = gff3(GENES).replace("ID=CDS:MITO;", "ID=CDS:MITO;transl_table=2;")
    models = models.replace("ID=CDS:PLUS;", "ID=CDS:PLUS;transl_table=11;")
    assert build("--genetic-code", "1=1", models=models) == 0
    codes = {contig.name: contig.genetic_code for contig in Reference.load(tmp_path / "bundle").contigs}
    assert codes == {"1": 1, "MT": 2}
    capsys.readouterr()
    mixed = models.replace("ID=CDS:S0;", "ID=CDS:S0;transl_table=4;").replace(
        "ID=CDS:S2;", "ID=CDS:S2;transl_table=11;"
    )
    assert build("--genetic-code", "MT=2", models=mixed, out="mixed") == 0
    out = capsys.readouterr().out
    assert "genetic codes of 1 in the gene models: 4 (1), 11 (2); 11 where none is" in out
    assert "note: 1 coding sequences have another genetic code than their contig: S0" in out
    reference = Reference.load(tmp_path / "mixed")
    models_of_1 = GeneModels.load(reference.compiled).contig("1").table.to_pylist()
    assert {row["id"]: row["genetic_code"] for row in models_of_1 if row["genetic_code"]} == {"S0.1": 4}
    assert reference.unread_by_csq == {"S0.1"}
    for text in ("table=7", "table=999"):
        assert build("--genetic-code", "MT=2", models=models.replace("table=11", text), out="other") == 1
        said = f"the genetic code of contig 1 is {text[6:]} (transl_table), which is not known"
        assert said in capsys.readouterr().err


def test_a_coding_sequence_with_a_genetic_code_of_its_own(
    build: Build, tmp_path: Path, genome: dict[str, str]
) -> None:
    """TGA is tryptophan in code 4: in S0 alone, among genes of code 11."""
    first = SHORT[0].first
    bases = genome["1"]
    assert bases[first - 1 : first + 2] == "ATG"
    assert SHORT[0].strand == "+"
    fasta = {**genome, "1": bases[: first + 5] + "TGA" + bases[first + 8 :]}
    codes = {"MITO": 2, "S0": 4}
    models = re.sub(r"ID=CDS:(\w+);", lambda one: f"{one[0]}transl_table={codes.get(one[1], 11)};", gff3(GENES))
    assert build(models=models, fasta=fasta) == 0
    assert verify(Reference.load(tmp_path / "bundle")).failed == []
    records = [site("1", first + 8, "A", "G"), site("1", first + 8, "A", "C")]
    result = annotated(tmp_path, records)
    found = [entry(result, index, "S0.1") for index in (0, 1)]
    assert [(one["Consequence"], one["Amino_acids"]) for one in found] == [
        ("synonymous_variant", "W"),
        ("missense_variant", "W/C"),
    ]
    assert phased(tmp_path, records[:1]).info(0)["BCSQ"].startswith("synonymous|S0|S0.1|protein_coding|+|3W|")


# Circular contigs


def circle(strand: str, length: int = 3000) -> tuple[str, str]:
    """A circular contig with 90 bases of coding sequence across its origin, from 2971 on, and its models."""
    chance = random.Random(11)
    bases = "".join(chance.choice("ACGT") for _ in range(length))
    coding = "ATG" + "TGG" * 28 + "TAA"
    coding = coding if strand == "+" else coding.translate(COMPLEMENT)[::-1]
    bases = coding[30:] + bases[60:-30] + coding[:30]
    start, end = length - 29, length + 60
    columns = f"c\tx\t{{}}\t{{}}\t{{}}\t.\t{strand}\t{{}}\t{{}}\n"
    text = f"c\tx\tregion\t1\t{length}\t.\t+\t.\tID=c:1..{length};Is_circular=true\n"
    text += columns.format("gene", start, end, ".", "ID=gene-A;Name=A")
    return bases, text + columns.format("CDS", start, end, "0", "ID=cds-A;Parent=gene-A")


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("written", ["beyond the end", "in two parts", "behind the end"])
def test_a_gene_across_the_origin(build: Build, tmp_path: Path, strand: str, written: str) -> None:
    bases, models = circle(strand)
    if written == "in two parts":
        part = f"c\tx\tCDS\t2971\t3000\t.\t{strand}\t0\tID=cds-A;Parent=gene-A\n"
        models = models.splitlines(keepends=True)[0] + f"c\tx\tgene\t1\t3000\t.\t{strand}\t.\tID=gene-A;Name=A\n" + part
        models += f"c\tx\tCDS\t1\t60\t.\t{strand}\t2\tID=cds-A;Parent=gene-A\n"
    elif written == "behind the end":
        bases = bases[-29:] + bases[:-29]
        models = models.replace("2971\t3060", "3000\t3089")
    assert build("--genetic-code", "1", models=models, fasta={"c": bases}) == 0
    assert manifest(tmp_path)["across_origin"] == ["gene-A"]
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    assert manifest(tmp_path)["exceptions"] == []
    first = 2971 if written != "behind the end" else 3000
    places = [(first + at - 1) % 3000 + 1 for at in (3, 45)]
    records = sorted((place, at) for place, at in zip(places, (3, 45), strict=True))
    lines = [site("c", place, bases[place - 1], "A" if bases[place - 1] == "C" else "C") for place, _ in records]
    result = annotated(tmp_path, lines)
    for index, (_, at) in enumerate(records):
        found = entry(result, index, "gene-A")
        assert found["CDS_position"] == str(at + 1 if strand == "+" else 90 - at)


def test_a_deletion_across_the_border_of_a_gene_on_a_small_circle(build: Build, tmp_path: Path) -> None:
    """Each transcript is reported once, although it is there three times within reach."""
    bases, models = circle("+")
    assert build("--genetic-code", "1", models=models, fasta={"c": bases}) == 0
    result = annotated(tmp_path, [site("c", 10, bases[9:11], bases[9])])
    assert entry(result, 0, "gene-A")["Consequence"] == "frameshift_variant"
    result = annotated(tmp_path, [site("c", 1500, bases[1499], "ACGT"[bases[1499] == "A"])])
    assert entry(result, 0, "gene-A")["DISTANCE"] == "1440"


def test_without_being_circular_such_a_gene_is_refused(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bases, models = circle("+")
    models = models.replace("Is_circular=true", "")
    assert build("--genetic-code", "1", models=models, fasta={"c": bases}) == 1
    assert "lie outside their contigs (gene-A ends at c:3,060)" in (said := refusal(capsys, tmp_path))
    assert "--circular CONTIG" in said
    assert build("--genetic-code", "1", "--circular", "c", models=models, fasta={"c": bases}) == 0


def phased(tmp_path: Path, records: list[str]) -> Result:
    path = tmp_path / "phased.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"
    path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *(f"{one}\tGT\t0|1" for one in records)]) + "\n")
    outputs = Outputs.beside(tmp_path / "phased.annot.vcf.gz")
    reference = Reference.load(tmp_path / "bundle")
    return take_apart(outputs, annotate(path, reference, outputs, temporary=tmp_path, reporting=Reporting(bcsq=True)))


def test_haplotypes_beside_a_gene_across_the_origin(build: Build, tmp_path: Path) -> None:
    bases, models = circle("+")
    coding = "ATG" + "TGG" * 8 + "TAA"
    bases = bases[:500] + coding + bases[530:]
    other = "c\tx\tgene\t501\t530\t.\t+\t.\tID=gene-B;Name=B\nc\tx\tCDS\t501\t530\t.\t+\t0\tID=cds-B;Parent=gene-B\n"
    assert build("--genetic-code", "1", models=models + other, fasta={"c": bases}) == 0
    result = phased(tmp_path, [site("c", 2, "G", "A"), site("c", 505, "G", "A"), site("c", 506, "G", "A")])
    assert result.warned("haplotypes_failed") is None
    assert result.info(0)["BCSQ"] == "stop_gained|A|gene-A|protein_coding|+|11W>11*|2G>A"
    assert result.info(1)["BCSQ"] == "stop_gained|B|gene-B|protein_coding|+|2W>2*|505G>A+506G>A"


# Ribosomal slippage

SLIPPED = "ATG" + "TGG" * 19 + "CT" + "GGT" * 18 + "TAA"
"""Base 60 is read twice."""


@pytest.fixture
def slipped(build: Build, genome: dict[str, str]) -> Callable[[str], dict[str, str]]:
    """Builds a reference with a gene whose base 60 is read twice, between 8001 and 8119 on either strand."""

    def run(strand: str) -> dict[str, str]:
        bases = SLIPPED if strand == "+" else SLIPPED.translate(COMPLEMENT)[::-1]
        sequence = {**genome, "1": genome["1"][:8000] + bases + genome["1"][8000 + len(bases) :]}
        end = 8000 + len(bases)
        parts = [(8001, 8060), (8060, end)] if strand == "+" else [(8001, end - 59), (end - 59, end)]
        text = f"1\tx\tgene\t8001\t{end}\t.\t{strand}\t.\tID=gene-slip;Name=slip\n"
        text += "".join(f"1\tx\tCDS\t{a}\t{b}\t.\t{strand}\t0\tID=c;Parent=gene-slip\n" for a, b in parts)
        assert build(models=gff3(GENES) + text, fasta=sequence) == 0
        return sequence

    return run


@pytest.mark.parametrize("strand", ["+", "-"])
def test_codons_before_and_behind_a_slip(
    slipped: Callable[[str], dict[str, str]], tmp_path: Path, strand: str
) -> None:
    bases = slipped(strand)["1"]
    end = 8000 + len(SLIPPED)

    def place(at: int) -> int:
        return 8000 + at if strand == "+" else end + 1 - at

    def change(at: int, new: str) -> str:
        new = new if strand == "+" else new.translate(COMPLEMENT)
        return site("1", place(at), bases[place(at) - 1], new)

    # Base 60 is the last of codon 20 (TGG) and the first of codon 21 (GCT, then GGT).
    wanted = {
        5: ("A", "stop_gained", "2", "W/*", "c.5G>A"),
        57: ("C", "missense_variant", "19", "W/C", "c.57G>C"),
        60: ("T", "missense_variant", "20-21", "WA/CS", "c.60G>T"),
        61: ("A", "missense_variant", "21", "A/D", "c.62C>A"),
        79: ("A", "missense_variant", "27", "G/D", "c.80G>A"),
    }
    order = sorted(wanted, key=place)
    result = annotated(tmp_path, [change(at, wanted[at][0]) for at in order])
    for index, at in enumerate(order):
        found = entry(result, index, "gene-slip")
        assert (found["Consequence"], found["Protein_position"], found["Amino_acids"]) == wanted[at][1:4], at
        assert found["HGVSc"] == f"gene-slip:{wanted[at][4]}"


def test_insertions_and_deletions_around_a_slip(slipped: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    bases = slipped("+")["1"]
    records = [
        site("1", 8009, bases[8008:8010], bases[8008]),  # in another frame the ribosome does not slip
        site("1", 8009, bases[8008], bases[8008] + "TAATAA"),
        site("1", 8050, bases[8049:8090], bases[8049]),  # with the base that is read twice: what is read is unknown
        site("1", 8058, bases[8057:8061], bases[8057]),
        site("1", 8080, bases[8079:8081], bases[8079]),
        site("1", 8080, bases[8079:8083], bases[8079]),
        site("1", 8116, bases[8115:8118], bases[8115]),  # the stop codon
    ]
    result = annotated(tmp_path, records)
    found = [entry(result, index, "gene-slip") for index in range(len(records))]
    assert [(one["Consequence"], one["HGVSp"].partition(":")[2]) for one in found] == [
        ("frameshift_variant", "p.Trp4GlyfsTer?"),
        ("stop_gained&inframe_insertion", "p.Trp3_Trp4insTer"),
        ("frameshift_variant", ""),
        ("coding_sequence_variant", ""),
        ("frameshift_variant", "p.Gly28ValfsTer?"),
        ("inframe_deletion", "p.Gly39del"),
        ("frameshift_variant&stop_lost", ""),  # the transcript ends before another amino acid
    ]


def test_haplotypes_beside_a_slip(slipped: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    bases = slipped("+")["1"]
    records = [site("1", 1015, "G", "A"), site("1", 1016, "G", "A"), site("1", 8079, bases[8078], "A")]
    result = phased(tmp_path, records)
    assert result.warned("haplotypes_failed") is None
    assert result.info(0)["BCSQ"] == "stop_gained|PLUS|PLUS.1|protein_coding|+|2W>2*|1015G>A+1016G>A"
    assert result.info(2)["BCSQ"] == "missense|slip|gene-slip|protein_coding|+|27G>27D|8079G>A"


# Names and lengths of contigs


def test_everything_on_contigs_with_colons(build: Build, tmp_path: Path, genome: dict[str, str]) -> None:
    names = {"1": "HLA-A*01:01:01:02N", "MT": "MT:1"}
    models = "".join(
        names.get(line.split("\t")[0], line.split("\t")[0]) + line[len(line.split("\t")[0]) :]
        for line in gff3(GENES).splitlines(keepends=True)
    )
    known = tmp_path / "known.vcf"
    known.write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "HLA-A*01:01:01:02N\t1015\trs1\tG\tC\t.\t.\t.\nMT:1\t305\trs2\tG\tC\t.\t.\t.\n"
    )
    (tmp_path / "tracks.bed").write_text("HLA-A*01:01:01:02N\t1000\t1020\there\nMT:1\t0\t400\tthere\n")
    options = ["--variants", f"known={known}:ID", "--regions", f"R={tmp_path / 'tracks.bed'}"]
    # A name that is another one with a region behind it is ambiguous for htslib.
    fasta = {
        "HLA-A*01:01:01:02": "ACGT" * 100,
        "MT": "ACGT" * 100,
        **{names[name]: bases for name, bases in genome.items()},
    }
    assert build(*options, "--genetic-code", "MT:1=2", models=models, fasta=fasta) == 0
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    records = [
        site("HLA-A*01:01:01:02N", 1015, "G", "C"),
        site("MT:1", 305, "G", "C"),
        site("HLA-A*01:01:01:02", 5, "A", "C"),
    ]
    for result in (annotated(tmp_path, records), phased(tmp_path, records)):
        assert [result.info(index)["R"] for index in (0, 1)] == ["here", "there"]
        assert [result.records[index][2] for index in (0, 1)] == ["rs1", "rs2"]
        assert "|PLUS.1|protein_coding|+|2W>2S|" in result.info(0)["BCSQ"]
        assert "|MITO.1|protein_coding|+|2W>2S|" in result.info(1)["BCSQ"]
        assert result.info(2)["GAS_CONSEQUENCE"] == "intergenic_variant"
        assert result.warned("haplotypes_failed") is None


@pytest.mark.parametrize(
    ("length", "ending"), [(TABIX_REACH - 1, ".tbi"), (TABIX_REACH, ".csi"), (830_000_000, ".csi")]
)
def test_tables_on_long_contigs_get_another_index(tmp_path: Path, length: int, ending: str) -> None:
    path = tmp_path / "models.gff3.gz"
    writer = BgzfWriter(path)
    rows = [f"3B:x\tx\tgene\t{at}\t{at + 9}\t.\t+\t.\tID=gene:{at}" for at in (5, 20_000, length - 10)]
    writer.write("".join(one + "\n" for one in rows).encode())
    writer.close()
    make_index(path, [100, length], preset="gff")
    index = index_of(path)
    assert index is not None
    assert index.suffix == ending
    assert list(model_lines(path, ["3B:x", "3B"])) == rows
    with open_table(path) as table:
        assert list(rows_of(table, "3B:x", length - 20, length)) == rows[2:]


# The engine's own check


def test_a_pair_without_terms_is_a_fault_of_the_engine(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build() == 0
    reference = Reference.load(tmp_path / "bundle")
    models = GeneModels.load(reference.compiled).contig("1")
    chunk = AlleleChunk(
        record=np.array([0]),
        pos=np.array([1015]),
        ref=pa.array([b"G"]),
        alt=pa.array([b"C"]),
        end=np.array([1015]),
        records=1,
    )
    caller = ConsequenceCaller(models, reference.sequence(), 1)
    terms = caller.call(chunk).terms[0]
    assert terms & INTERGENIC == 0
    for wrong in (0, INTERGENIC):
        with monkeypatch.context() as patch:
            spoilt: Callable[..., object] = lambda alleles, pairs, at, models, wrong=wrong: (  # noqa: E731
                np.full(len(at), wrong),
                np.zeros(len(at), np.int64),
            )
            patch.setattr("annotator.engine.consequence.caller.outside_transcript", spoilt)
            with pytest.raises(EngineError, match=r"no consequence of an allele at 1:1,015 for \w+"):
                caller.call(chunk)


def write(path: Path, schema: pa.Schema, batches: list[pa.RecordBatch]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def test_an_older_file_with_codons_that_could_not_be_read_is_refused(build: Build, tmp_path: Path) -> None:
    assert build() == 0
    path = tmp_path / "bundle" / "models.arrow"
    with pa.ipc.open_file(str(path)) as reader:
        table = reader.read_all().drop_columns([one for one in reader.schema.names if one in LATER_COLUMNS])
        for slip, refused in ((None, False), (90, True)):
            older = table.append_column("slip", pa.array([slip] * len(table), pa.int32()))
            write(tmp_path / "older.arrow", older.schema, older.to_batches())
            models = GeneModels.load(tmp_path / "older.arrow")
            if refused:
                with pytest.raises(BundleError, match="build it again"):
                    models.contig("1")
            else:
                assert models.contig("1").size > 0


def test_an_older_file_of_compiled_models_is_read(build: Build, tmp_path: Path) -> None:
    """It has no columns that were added later."""
    assert build() == 0
    path = tmp_path / "bundle" / "models.arrow"
    with pa.ipc.open_file(str(path)) as reader:
        older = reader.read_all().drop_columns([one for one in reader.schema.names if one in LATER_COLUMNS])
        batches = older.to_batches()
    path.unlink()
    write(path, older.schema, batches)
    assert GeneModels.load(path).contig("1").transcript(0).slips == ()
    result = annotated(tmp_path, [site("1", 1015, "G", "C"), site("MT", 305, "G", "C")])
    assert result.info(1)["GAS_CONSEQUENCE"] == "missense_variant"


def test_names_that_get_a_number_stay_unique(build: Build, tmp_path: Path) -> None:
    genes = [PLUS, replace(SHORT[0], name="PLUS"), replace(SHORT[2], name="PLUS")]
    models = gff3(genes).replace("transcript:PLUS.1", "transcript:P.1")
    lines = models.splitlines(keepends=True)
    third = [line.replace("P.1", "P.1_2").replace("gene:PLUS", "gene:PLUS_2") for line in lines[-4:]]
    assert build(models="".join([*lines[:-4], *third])) == 0
    text = gzip.decompress((tmp_path / "bundle" / "models.gff3.gz").read_bytes()).decode()
    ids = [
        line.partition("ID=transcript:")[2].partition(";")[0] for line in text.splitlines() if "ID=transcript:" in line
    ]
    assert len(ids) == len(set(ids)) == 2
