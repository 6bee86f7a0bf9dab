"""A small plasmid as different annotators of bacteria write it: start codons, both strands, genes across the origin."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine import Reference
from annotator.engine.cli.app import main
from annotator.engine.consequence import CSQ_FIELDS, AlleleChunk, ConsequenceCaller, GeneModels
from annotator.engine.reference.genetic_code import STARTS
from tests.unit.engine.built_references.conftest import Build
from tests.unit.engine.built_references.translation import COMPLEMENT, Coding, differences

LENGTH = 3_000


@dataclass(frozen=True)
class Gene:
    """A gene with one coding part; one across the origin ends beyond the length of the plasmid."""

    name: str
    strand: str
    first: int
    last: int
    start: str

    @property
    def coding(self) -> Coding:
        return Coding(self.strand, ((self.first, self.last),), 11)


def genes(across: str) -> list[Gene]:
    """Genes of the plasmid; that across the origin lies on the strand ``across``."""
    return [
        Gene("repA", "+", 201, 500, "GTG"),
        Gene("parB", "-", 700, 999, "TTG"),
        Gene("traM", "+", 1101, 1400, "CTG"),
        Gene("traJ", "-", 1501, 1800, "ATT"),
        Gene("trfA", across, 2881, 3120, "ATG"),
    ]


def plasmid(across: str) -> str:
    """Its bases."""
    chance = random.Random(across)
    bases = [chance.choice("ACGT") for _ in range(LENGTH)]
    for gene in genes(across):
        count = (gene.last - gene.first + 1) // 3
        codons = [gene.start]
        while len(codons) < count - 1:
            codon = "".join(chance.choice("ACGT") for _ in range(3))
            codons += [codon] * (codon not in ("TAA", "TAG", "TGA"))
        text = "".join([*codons, chance.choice(["TAA", "TAG", "TGA"])])
        text = text if gene.strand == "+" else text.translate(COMPLEMENT)[::-1]
        for offset, base in enumerate(text):
            bases[(gene.first - 1 + offset) % LENGTH] = base
    return "".join(bases)


def _row(kind: str, first: int, last: int, strand: str, text: str) -> str:
    phase = "0" if kind == "CDS" else "."
    return "\t".join(["pTOY", "x", kind, str(first), str(last), ".", strand, phase, text]) + "\n"


REGION = _row("region", 1, LENGTH, "+", "ID=pTOY:1..3000;Is_circular=true")


def ncbi(found: list[Gene], in_two: bool = False) -> str:
    """NCBI's PGAP: genes with coding sequences; one across the origin ends beyond the length, or has two parts."""
    text = REGION
    for one in found:
        parts = [(one.first, one.last)]
        if in_two and one.last > LENGTH:
            parts = [(one.first, LENGTH), (1, one.last - LENGTH)]
        text += "".join(_row("gene", *part, one.strand, f"ID=gene-{one.name};Name={one.name}") for part in parts)
        coding = f"ID=cds-{one.name};Parent=gene-{one.name};protein_id=WP_{one.name}.1;transl_table=11"
        text += "".join(_row("CDS", *part, one.strand, coding) for part in parts)
    return text


def prokka(found: list[Gene]) -> str:
    """Prokka: coding sequences alone, and the sequence behind them; nothing says that the plasmid is circular."""
    rows = (
        _row("CDS", one.first, one.last, one.strand, f"ID=TOY_{one.name};locus_tag=TOY_{one.name}") for one in found
    )
    return "##gff-version 3\n##sequence-region pTOY 1 3000\n" + "".join(rows) + "##FASTA\n>pTOY\n" + "A" * LENGTH + "\n"


def prokka_with_mrna(found: list[Gene]) -> str:
    """Prokka with ``--addgenes --addmrna``: both the transcript and its coding sequence are children of the gene."""
    text = ""
    for one in found:
        place = one.first, one.last, one.strand
        text += _row("gene", *place, f"ID=TOY_{one.name}_gene;locus_tag=TOY_{one.name}")
        text += _row("mRNA", *place, f"ID=TOY_{one.name}_mRNA;Parent=TOY_{one.name}_gene")
        text += _row("CDS", *place, f"ID=TOY_{one.name};Parent=TOY_{one.name}_gene;locus_tag=TOY_{one.name}")
    return text


def bakta(found: list[Gene]) -> str:
    """Bakta: coding sequences with names of genes, and a region that says that the plasmid is circular."""
    text = _row("region", 1, LENGTH, "+", "ID=pTOY;Name=pTOY;Is_circular=true")
    for one in found:
        said = f"ID=TOY_{one.name};Name=protein of {one.name};locus_tag=TOY_{one.name};gene={one.name}"
        text += _row("CDS", one.first, one.last, one.strand, said)
    return text


def ensembl(found: list[Gene]) -> str:
    """Ensembl Bacteria: gene, transcript, exon and coding sequence."""
    text = _row("region", 1, LENGTH, ".", "ID=region:pTOY;Alias=p1;Is_circular=true")
    for one in found:
        place = one.first, one.last, one.strand
        text += _row("gene", *place, f"ID=gene:{one.name};biotype=protein_coding;gene_id={one.name}")
        said = f"ID=transcript:{one.name};Parent=gene:{one.name};biotype=protein_coding;transcript_id={one.name}"
        text += _row("mRNA", *place, said)
        text += _row("exon", *place, f"Parent=transcript:{one.name};exon_id={one.name}-1")
        text += _row("CDS", *place, f"ID=CDS:{one.name};Parent=transcript:{one.name};protein_id={one.name}")
    return text


Style = tuple[Callable[[list[Gene]], str], str, tuple[str, ...]]
CODE, CIRCULAR = ("--genetic-code", "11"), ("--circular", "pTOY")
STYLES: dict[str, Style] = {
    "NCBI": (ncbi, "gene-{}", ()),
    "NCBI, two parts": (partial(ncbi, in_two=True), "gene-{}", ()),
    "Prokka": (prokka, "TOY_{}", (*CODE, *CIRCULAR)),
    "Prokka with mRNA": (prokka_with_mrna, "TOY_{}_gene", (*CODE, *CIRCULAR)),
    "Bakta": (bakta, "TOY_{}", CODE),
    "Ensembl": (ensembl, "{}", CODE),
}
"""By annotator: writes the models, the id of a gene's transcript, and what the models do not say."""


@pytest.fixture(scope="module")
def built(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Reference]:
    """Builds the plasmid from the models of an annotator."""

    def run(style: str, across: str) -> Reference:
        directory = tmp_path_factory.mktemp("plasmid")
        write, _, options = STYLES[style]
        (directory / "p.fa").write_text(f">pTOY\n{plasmid(across)}\n", "ascii")
        (directory / "p.gff3").write_text(write(genes(across)), "ascii")
        return build(directory / "p.fa", directory / "p.gff3", *options)

    return run


@pytest.mark.parametrize("across", ["+", "-"])
@pytest.mark.parametrize("style", STYLES)
def test_every_substitution_in_coding_bases(built: Callable[[str, str], Reference], style: str, across: str) -> None:
    reference = built(style, across)
    assert (reference.contig("pTOY").circular, reference.contig("pTOY").genetic_code) == (True, 11)
    name = STYLES[style][1]
    wanted = {name.format(one.name): one.coding for one in genes(across)}
    count, wrong = differences(reference, "pTOY", plasmid(across), wanted)
    assert wrong == []
    assert count == 3 * (4 * 300 + 240)


def test_models_of_bacteria_by_the_standard_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ensembl's models do not state a genetic code."""
    (tmp_path / "p.fa").write_text(f">pTOY\n{plasmid('+')}\n", "ascii")
    (tmp_path / "p.gff3").write_text(ensembl(genes("+")), "ascii")
    files = ["--fasta", str(tmp_path / "p.fa"), "--gff", str(tmp_path / "p.gff3"), "--out", str(tmp_path / "bundle")]
    assert main(["reference", "build", "--name", "made", "--accept-models", *files]) == 0
    said = "note: 4 coding transcripts start on a start codon of genetic code 11; if they are of bacteria"
    assert said in capsys.readouterr().out
    assert main(["reference", "build", "--name", "made", *CODE, *files[:-1], str(tmp_path / "other")]) == 0
    assert "note: 4" not in capsys.readouterr().out


def entries(reference: Reference, records: list[tuple[int, str, str]]) -> list[list[dict[str, str]]]:
    """Entries of CSQ of records (position, REF, ALT)."""
    models = GeneModels.load(reference.compiled).contig("pTOY", LENGTH, circular=True)
    caller = ConsequenceCaller(models, reference.sequence(), 11)
    pos, ref, alt = zip(*records, strict=True)
    at = np.array(pos, dtype=np.int64)
    columns = [pa.array([one.encode() for one in column], pa.binary()) for column in (ref, alt)]
    ends = at + np.array([len(one) for one in ref]) - 1
    called = caller.call(AlleleChunk(np.arange(len(at)), at, *columns, ends, len(at))).csq.to_pylist()
    return [[dict(zip(CSQ_FIELDS, one.split("|"), strict=True)) for one in csq.decode().split(",")] for csq in called]


@pytest.mark.parametrize("across", ["+", "-"])
def test_each_transcript_once_at_its_shorter_distance(built: Callable[[str, str], Reference], across: str) -> None:
    """5,000 bases go round the plasmid more than once in either direction."""
    bases = plasmid(across)
    places = range(1, LENGTH + 1, 13)
    records = [(at, bases[at - 1], "ACGT"[bases[at - 1] == "A"]) for at in places]
    for at, found in zip(places, entries(built("NCBI", across), records), strict=True):
        by_name = {one["SYMBOL"]: one for one in found}
        assert len(found) == len(by_name) == 5
        for gene in genes(across):
            before, behind = (gene.first - at) % LENGTH, (at - gene.last) % LENGTH
            entry = by_name[gene.name]
            if (at - gene.first) % LENGTH <= gene.last - gene.first:
                assert entry["DISTANCE"] == ""
                continue
            assert entry["DISTANCE"] == str(min(before, behind))
            if before != behind:
                upstream = (before < behind) == (gene.strand == "+")
                assert entry["Consequence"] == ("upstream_gene_variant" if upstream else "downstream_gene_variant")


@pytest.mark.parametrize("across", ["+", "-"])
def test_start_codons_that_are_replaced_as_a_whole(built: Callable[[str, str], Reference], across: str) -> None:
    """From one start codon of the table to another it is retained."""
    bases, records, wanted = plasmid(across), [], []
    for gene in genes(across):
        lowest = gene.first if gene.strand == "+" else (gene.last - 3) % LENGTH + 1
        for codon in ("ATG", "GTG", "TTG", "CTG", "ATT", "ATC", "ATA", "GTT", "AAA", "TAA"):
            if all(one != two for one, two in zip(codon, gene.start, strict=True)) or codon == gene.start:
                continue
            new = codon if gene.strand == "+" else codon.translate(COMPLEMENT)[::-1]
            records.append((lowest, bases[lowest - 1 : lowest + 2], new))
            wanted.append((gene.name, "start_retained_variant" if codon in STARTS[11] else "start_lost"))
    order = sorted(range(len(records)), key=lambda at: records[at][0])
    found = entries(built("NCBI", across), [records[at] for at in order])
    for at, some in zip(order, found, strict=True):
        name, term = wanted[at]
        (entry,) = [one for one in some if one["SYMBOL"] == name]
        assert term in entry["Consequence"].split("&"), (records[at], entry)
        assert ("start_lost" in entry["Consequence"]) == (term == "start_lost")
