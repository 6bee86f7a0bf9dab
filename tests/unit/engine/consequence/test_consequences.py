"""What the results say of variants: agreement with MITOMAP, corrections of csq, overlap, genotypes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam
import pysam.bcftools
import pytest

from annotator.engine import EngineError, Reference
from annotator.engine.consequence.so_terms import TERMS
from annotator.engine.pipeline import scheduler
from tests.unit.engine.conftest import PROJECT, Result

Vcf = Callable[..., Path]
Run = Callable[..., Result]
Bases = Callable[..., str]


def mitomap_changes() -> Iterator[tuple[int, str, str, list[tuple[str, str]]]]:
    """Position, REF, ALT, and gene with amino acid change of the substitutions for which MITOMAP gives one."""
    columns = ["pos", "ref", "alt", "aa_change"]
    table = pq.read_table(PROJECT / "reference" / "rCRS" / "mitomap.parquet", columns=columns)
    for row in table.to_pylist():
        if row["aa_change"] is not None:
            changes = [tuple(item.split(":", 1)) for item in row["aa_change"].split("|")]
            yield row["pos"], row["ref"], row["alt"], changes  # type: ignore[misc]


def test_amino_acid_changes_are_those_of_mitomap(vcf: Vcf, run: Run) -> None:
    """Measured: 11,386 of 11,395 agree. The others: seven start codons (MITOMAP: always M), two slips."""
    known = list(mitomap_changes())
    result = run(vcf([(pos, ref, alt) for pos, ref, alt, _ in known]))
    agreed = compared = 0
    for index, (_, _, _, changes) in enumerate(known):
        entries = [entry.split("|") for entry in result.info(index)["BCSQ"].split(",")]
        ours = {(entry[1], entry[5]) for entry in entries if len(entry) > 5}
        for gene, change in changes:
            found = re.fullmatch(r"(\d+)([A-Z*])>([A-Z*])", change)
            if found is None:
                continue
            codon, before, after = found.groups()
            compared += 1
            agreed += (gene, f"{codon}{before}" if before == after else f"{codon}{before}>{codon}{after}") in ours
    assert compared == 11_395
    assert agreed >= 11_386


def test_entries_are_those_of_csq(vcf: Vcf, run: Run, rcrs: Reference, tmp_path: Path) -> None:
    """Where csq speaks of substitutions, BCSQ says the same, in the Sequence Ontology's case of biotypes."""
    path = PROJECT / "reference" / "rCRS" / "sample.vcf"
    result = run(path)
    contigs = tmp_path / "contigs.vcf"
    contigs.write_text(path.read_text().replace("#CHROM", "##contig=<ID=MT,length=16569>\n#CHROM", 1))
    arguments = ["-C", "2", "-l", "-s", "-", "-G", "1", "-n", "256", "-B", "16"]
    said = pysam.bcftools.csq("-f", str(rcrs.fasta), "-g", str(rcrs.models), *arguments, str(contigs))
    theirs = [line.split("\t")[7].partition("BCSQ=")[2] for line in said.splitlines() if not line.startswith("#")]
    assert len(theirs) == len(result.records)
    entries = [(index, entry) for index, text in enumerate(theirs) for entry in text.split(",") if entry]
    plain = [
        (index, entry.replace("|MT_", "|Mt_"))
        for index, entry in entries
        if all(len(allele) == 1 for allele in result.records[index][3:5])
    ]
    differing = [entry for index, entry in plain if entry not in result.info(index)["BCSQ"].split(",")]
    assert len(plain) > 800
    assert len(differing) <= 10, differing


def test_a_change_within_a_start_codon(vcf: Vcf, run: Run) -> None:
    """ATT and ATC of MT-ND2 start proteins of mitochondria, ACT does not. The first amino acid is Met."""
    result = run(vcf([(4471, "T", "C"), (4472, "T", "C")]))
    assert result.info(0)["GAS_CONSEQUENCE"] == "start_lost"
    assert "start_retained|MT-ND2|MT-ND2|protein_coding|+|1M|4472T>C" in result.info(1)["BCSQ"].split(",")


def test_a_start_codon_on_the_minus_strand(vcf: Vcf, run: Run, bases: Bases) -> None:
    """MT-ND6 starts at 14,673, on the other strand: GTG starts proteins, too."""
    assert bases(14671, 3) == "CAT"
    result = run(vcf([(14672, "A", "G"), (14673, "T", "C")]))
    assert result.info(0)["BCSQ"].startswith("start_lost|MT-ND6|MT-ND6|protein_coding|-|")
    assert result.info(1)["BCSQ"].startswith("start_retained|MT-ND6|MT-ND6|protein_coding|-|1M|")


@pytest.mark.parametrize(("gene", "pos"), [("MT-ND1", 4262), ("MT-ND2", 5511), ("MT-CO3", 9990), ("MT-CYB", 15887)])
def test_a_last_codon_that_polyadenylation_completes(vcf: Vcf, run: Run, bases: Bases, gene: str, pos: int) -> None:
    result = run(vcf([(pos, bases(pos), "C" if bases(pos) != "C" else "G")]))
    terms = {entry.split("|")[3]: entry.split("|")[1] for entry in result.info(0)["CSQ"].split(",")}
    assert terms[gene] == "incomplete_terminal_codon_variant&coding_sequence_variant"
    assert result.info(0)["GAS_IMPACT"] == "LOW"


def test_rna_genes(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(1555, "A", "G"), (3243, "A", "G")]))
    assert "non_coding|MT-RNR1||Mt_rRNA" in result.info(0)["BCSQ"].split(",")
    assert "non_coding|MT-TL1||Mt_tRNA" in result.info(1)["BCSQ"].split(",")
    assert result.info(1)["GAS_CONSEQUENCE"] == "non_coding_transcript_exon_variant"
    assert result.info(1)["MITOMAP_STATUS"] == "Cfrm%20[P]"
    assert "MELAS" in result.info(1)["MITOMAP_DISEASE"]
    assert float(result.info(1)["MITOTIP"]) > 0
    assert result.summary["genes"] == {"MT-RNR1": 1, "MT-TL1": 1}


def test_the_control_region_crosses_the_origin(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(73, "A", "G"), (16519, "T", "C")]))
    for index in range(2):
        entries = [entry.split("|") for entry in result.info(index)["CSQ"].split(",")]
        terms = {entry[3]: (entry[1], int(entry[18])) for entry in entries}
        # The first tRNA genes beyond the control region, one on either side and strand.
        distances = {"MT-TP": 16023 - 15955, "MT-TF": 577 - 73} if index == 0 else {"MT-TP": 496, "MT-TF": 627}
        assert terms["MT-TF"] == ("upstream_gene_variant", distances["MT-TF"])
        assert terms["MT-TP"][0] == "upstream_gene_variant"
    assert result.summary["genes"] == {}
    assert result.summary["locations"] == {"near a gene": 2}


def test_between_two_genes(vcf: Vcf, run: Run, bases: Bases) -> None:
    result = run(vcf([(5583, bases(5583), "A" if bases(5583) != "A" else "C")]))
    terms = {entry.split("|")[3]: entry.split("|")[1] for entry in result.info(0)["CSQ"].split(",")}
    assert terms["MT-TW"] == terms["MT-TA"] == "downstream_gene_variant"
    assert terms["MT-CO1"] == "upstream_gene_variant"


def test_a_variant_in_two_genes(vcf: Vcf, run: Run) -> None:
    result = run(vcf([(8569, "C", "A")]))
    terms = {entry.split("|")[1]: entry.split("|")[0] for entry in result.info(0)["BCSQ"].split(",")}
    assert (terms["MT-ATP8"], terms["MT-ATP6"]) == ("synonymous", "missense")
    assert result.info(0)["GAS_CONSEQUENCE"] == "missense_variant"
    beside = {"upstream_gene_variant": 1, "downstream_gene_variant": 1}
    assert result.summary["consequences"] == {"missense_variant": 1, "synonymous_variant": 1, **beside}
    assert result.summary["most_severe"] == {"missense_variant": 1}


SITES = [(3310, "C", "T"), (3311, "C", "A")]  # both in codon 2 of MT-ND1, CCC


def test_neighbours_of_sites_are_not_joined(vcf: Vcf, run: Run, bases: Bases) -> None:
    assert bases(3310, 3) == "CCC"
    result = run(vcf(SITES))
    assert [change_of(result, index) for index in range(2)] == ["2P>2S", "2P>2H"]
    assert result.summary["haplotypes"] is False


def change_of(result: Result, index: int, gene: str = "MT-ND1") -> str:
    """Change of the protein of a gene, as BCSQ has it."""
    entries = [entry.split("|") for entry in result.info(index)["BCSQ"].split(",")]
    return next(entry[5] for entry in entries if entry[1] == gene and len(entry) > 5)


@pytest.mark.parametrize("genotypes", [("1|0", "1|0"), ("1", "1"), ("1/1", "1/1")])
def test_neighbours_on_one_chromosome_are_seen_together(vcf: Vcf, run: Run, genotypes: tuple[str, str]) -> None:
    """TAC is tyrosine; each by itself would give serine and histidine."""
    records = [(*site, ".", "GT", genotype) for site, genotype in zip(SITES, genotypes, strict=True)]
    result = run(vcf(records, samples=("s",)))
    assert result.summary["haplotypes"] is True
    assert result.info(0)["BCSQ"] == "missense|MT-ND1|MT-ND1|protein_coding|+|2P>2Y|3310C>T+3311C>A"
    assert result.info(1)["BCSQ"] == "@3310"
    assert result.info(1)["GAS_CONSEQUENCE"] == "missense_variant"
    assert [record[9] for record in result.records] == list(genotypes)


@pytest.mark.parametrize("genotypes", [("1|0", "0|1"), ("0/1", "0/1"), ("0|1", "0/1"), ("0/0/1", "0/0/1"), (".", ".")])
def test_neighbours_that_need_not_lie_together_are_not_joined(vcf: Vcf, run: Run, genotypes: tuple[str, str]) -> None:
    records = [(*site, ".", "GT", genotype) for site, genotype in zip(SITES, genotypes, strict=True)]
    result = run(vcf(records, samples=("s",)))
    assert [change_of(result, index) for index in range(2)] == ["2P>2S", "2P>2H"]


def test_alleles_that_no_sample_carries_are_annotated_too(vcf: Vcf, run: Run) -> None:
    records = [(3310, "C", "T,A", ".", "GT:DP", "1|0:3"), (3316, "G", "A", ".", "GT", "0|0")]
    result = run(vcf(records, samples=("s",)))
    changes = [entry.split("|")[5] for entry in result.info(0)["BCSQ"].split(",") if "|protein_coding|+|" in entry]
    assert changes == ["2P>2S", "2P>2T"]
    assert result.info(1)["BCSQ"].startswith("missense|MT-ND1|")


def test_genotypes_of_alleles_that_csq_does_not_see(vcf: Vcf, run: Run) -> None:
    records = [(3310, "C", "<DEL>,T", "END=3320", "GT", "2|0"), (3311, "C", "*,A", ".", "GT", "2|1")]
    result = run(vcf(records, samples=("s",)))
    assert "missense|MT-ND1|MT-ND1|protein_coding|+|2P>2Y|3310C>T+3311C>A" in result.info(0)["BCSQ"].split(",")
    assert "frameshift|MT-ND1|" in result.info(0)["BCSQ"]
    assert [record[9] for record in result.records] == ["2|0", "2|1"]


def test_a_genotype_of_an_allele_that_is_not_there(vcf: Vcf, run: Run) -> None:
    """csq crashes on it."""
    result = run(vcf([(3310, "C", "T", ".", "GT", "0|2", "1|0")], samples=("a", "b")))
    assert result.summary["haplotypes"] is True
    assert result.records[0][9] == "0|2"
    assert result.info(0)["BCSQ"].startswith("missense|MT-ND1|")


def test_a_caller_that_fails_on_haplotypes(vcf: Vcf, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """BCSQ comes all the same, record by record, with a warning."""
    really = scheduler.run_csq

    def failing(slim: Path, out: Path, reference: Reference, **options: Any) -> None:
        if options["haplotypes"]:
            raise EngineError("consequence_caller_failed", "bcftools csq ended with signal 11")
        really(slim, out, reference, **options)

    monkeypatch.setattr(scheduler, "run_csq", failing)
    result = run(vcf([(*site, ".", "GT", "1|1") for site in SITES], samples=("s",)))
    warning = result.warned("haplotypes_failed")
    assert warning is not None
    assert "signal 11" in warning["details"][0]
    assert [change_of(result, index) for index in range(2)] == ["2P>2S", "2P>2H"]


def test_terms_are_those_of_the_sequence_ontology(vcf: Vcf, run: Run) -> None:
    summary = run(PROJECT / "reference" / "rCRS" / "sample.vcf").summary
    assert set(summary["consequences"]) <= set(TERMS)
    assert sum(summary["impacts"].values()) == summary["known"] + summary["novel"]
    assert sum(summary["most_severe"].values()) == summary["known"] + summary["novel"]
    assert sum(summary["locations"].values()) == summary["known"] + summary["novel"]
