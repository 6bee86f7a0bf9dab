"""Records of structural variants annotated as a whole: each spelling of an event gives the same consequences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from annotator.engine.cli.app import main
from annotator.engine.consequence import CSQ_FIELDS
from tests.unit.engine.conftest import Result
from tests.unit.engine.small_genome import GENES, annotated, gff3, make_genome, write_fasta

Vcf = Callable[..., Path]
Run = Callable[..., Result]
Bases = Callable[..., str]


def entries(result: Result, index: int, gene: str = "MT-ND1") -> list[list[str]]:
    """Allele and terms of the entries of a record for a gene."""
    found = (entry.split("|") for entry in result.info(index)["CSQ"].split(","))
    return [entry[:2] for entry in found if entry[3] == gene]


def test_deletions_in_symbols_and_in_bases(vcf: Vcf, run: Run, bases: Bases) -> None:
    spans = [(3350, 3359), (3350, 3353), (3300, 3309), (4250, 4270), (3350, 5000)]
    records = []
    for pos, end in spans:
        records += [(pos, bases(pos), "<DEL>", f"SVTYPE=DEL;END={end}"), (pos, bases(pos, end - pos + 1), bases(pos))]
    order = sorted(range(len(records)), key=lambda index: records[index][0])
    result = run(vcf([records[index] for index in order]))
    found = dict(zip(order, (entries(result, index) for index in range(len(records))), strict=True))
    for index in range(0, len(records), 2):
        [[name, terms]], [[_, written]] = found[index], found[index + 1]
        assert (name, terms) == ("deletion", written)


def test_an_insertion_by_its_sequence(vcf: Vcf, run: Run, bases: Bases) -> None:
    base = bases(3400)
    records = [(3400, base, "<INS>", "SVINSSEQ=TA"), (3400, base, base + "TA"), (3400, base, "<INS>", "SVLEN=2")]
    result = run(vcf(records))
    [[_, named], [_, written], [_, unknown]] = (entries(result, index)[0] for index in range(3))
    assert named == written
    assert "frameshift_variant" in named
    assert unknown == "feature_elongation&coding_sequence_variant"
    assert entries(result, 0)[0][0] == entries(result, 2)[0][0] == "insertion"


def test_each_allele_has_its_own_length(vcf: Vcf, run: Run, bases: Bases) -> None:
    record = (3350, bases(3350), "<DEL>,<DUP>", "END=4000;SVLEN=9,650")
    result = run(vcf([record], version="VCFv4.5"))
    assert entries(result, 0) == [
        ["deletion", "inframe_deletion"],
        ["duplication", "frameshift_variant"],
    ]
    assert result.warned("lengths_differ") is None


def test_copy_numbers_decide_what_a_cnv_is(vcf: Vcf, run: Run, bases: Bases) -> None:
    base = bases(3000)
    records = [
        (3000, base, "<CNV>", "END=5000", "GT:CN", "0/1:1"),
        (3000, base, "<CNV>", "END=5000", "GT:CN", "0/1:3"),
        (3000, base, "<CN0>", "END=5000", "GT:CN", "0/1:1"),
        (3000, base, "<CN2>", "END=5000", "GT:CN", "0/1:3"),
        (3000, base, "<CNV>", "END=5000", "GT:CN", "0/1:2"),
    ]
    result = run(vcf(records, samples=("A",)))
    assert [entries(result, index) for index in range(5)] == [
        [["deletion", "transcript_ablation"]],
        [["duplication", "transcript_amplification"]],
        [["deletion", "transcript_ablation"]],
        [["duplication", "transcript_amplification"]],
        [["copy_number_variation", entries(result, 4)[0][1]]],
    ]
    assert "coding_transcript_variant" in entries(result, 4)[0][1]


def test_a_tandem_repeat_is_expanded(vcf: Vcf, run: Run, bases: Bases) -> None:
    """Six bases more are two codons more; the record says the reference stretch and what replaces it."""
    pos = 3400
    unit = bases(pos + 1, 3)
    info = f"SVLEN=3;RN=1;RUS={unit};RUC=3"
    records = [(pos, bases(pos), "<CNV:TR>", info), (pos, bases(pos), bases(pos) + unit * 2)]
    result = run(vcf(records, version="VCFv4.4"))
    assert entries(result, 0)[0][1] == entries(result, 1)[0][1]
    assert entries(result, 0)[0][1].startswith("inframe_insertion")


def test_end_and_length_that_disagree_are_reported(vcf: Vcf, run: Run, bases: Bases) -> None:
    record = (3350, bases(3350), "<DEL>", "END=3359;SVLEN=-8")
    old, new = run(vcf([record])), run(vcf([record], version="VCFv4.4"))
    assert entries(old, 0) == [["deletion", "inframe_deletion"]]
    assert entries(new, 0)[0][1].startswith("frameshift_variant") or "stop_gained" in entries(new, 0)[0][1]
    warning = old.warned("lengths_differ")
    assert warning is not None
    assert warning["details"] == ["MT:3350 <DEL>, 9 bases by END, 8 by SVLEN"]


def test_bounds_that_are_not_exact_move_no_frame(vcf: Vcf, run: Run, bases: Bases) -> None:
    base = bases(3350)
    result = run(vcf([(3350, base, "<DEL>", "END=3360;IMPRECISE"), (3350, base, "<DEL>", "END=3360")]))
    assert entries(result, 0) == [["deletion", "feature_truncation&coding_sequence_variant"]]
    assert "frameshift_variant" in entries(result, 1)[0][1]


def test_breakends_name_the_genes_at_their_mates(tmp_path: Path) -> None:
    """Each side has the consequences at its own place and the gene at the other one, on whatever contig."""
    genome = make_genome()
    (tmp_path / "models.gff3").write_text(gff3(GENES))
    words = ["--fasta", str(write_fasta(tmp_path / "g.fa", genome)), "--gff", str(tmp_path / "models.gff3")]
    words += ["--name", "small", "--out", str(tmp_path / "bundle"), "--genetic-code", "MT=2"]
    assert main(["reference", "build", *words]) == 0

    def line(contig: str, pos: int, alt: str, info: str = ".") -> str:
        base = genome[contig][pos - 1]
        return f"{contig}\t{pos}\t.\t{base}\t{alt if alt.startswith('<') else alt.replace('N', base)}\t.\t.\t{info}"

    lines = [
        line("1", 1050, "N[MT:320["),
        line("1", 1100, "N]chr1:3320]"),
        line("1", 1110, "N[1:13900["),
        line("1", 1120, "N[other:5["),
        line("1", 1130, "<BND>", "CHR2=MT;END2=330"),
        line("1", 1140, "N."),
        line("1", 1150, "A,N[MT:321["),
        line("MT", 320, "]1:1050]N"),
    ]
    result = annotated(tmp_path, lines)
    names = []
    for index in range(len(lines)):
        found = [dict(zip(CSQ_FIELDS, one.split("|"), strict=True)) for one in result.info(index)["CSQ"].split(",")]
        inside = [one for one in found if one["SYMBOL"] in ("PLUS", "MITO") and not one["DISTANCE"]]
        names.append({(one["Allele"], one["MATE_SYMBOL"]) for one in inside})
    base = {pos: genome["1"][pos - 1] for pos in (1050, 1100, 1110, 1120, 1140, 1150)}
    assert names[:6] == [
        {(f"{base[1050]}.", "MITO")},
        {(f"{base[1100]}.", "MINUS")},
        {(f"{base[1110]}.", "")},
        {(f"{base[1120]}.", "")},
        {("chromosome_breakpoint", "MITO")},
        {(f"{base[1140]}.", "")},
    ]
    assert {name for allele, name in names[6] if allele.endswith(".")} == {"MITO"}
    assert {name for allele, name in names[6] if not allele.endswith(".")} == {""}
    assert {name for _, name in names[7]} == {"PLUS"}
    terms = {entry.split("|")[1] for entry in result.info(0)["CSQ"].split(",") if entry.split("|")[3] == "PLUS"}
    assert all("feature_truncation" in one for one in terms)


def test_an_insertion_lies_between_two_bases_whatever_its_end(vcf: Vcf, run: Run, bases: Bases) -> None:
    """MT-ND1 begins at 3307: the stretch that the length of the insertion would take is in no way changed."""
    result = run(vcf([(3290, bases(3290), "<INS>", "SVLEN=300;END=3590")]))
    assert entries(result, 0) == [["insertion", "upstream_gene_variant"]]
