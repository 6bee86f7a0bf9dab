"""A small genome with its gene models in three formats, for the tests of built references."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.consequence.reporting import Reporting
from tests.unit.engine.conftest import Result, take_apart

COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Gene:
    """One transcript; positions are 1-based and inclusive."""

    name: str
    contig: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    first: int = 0
    last: int = -1

    @property
    def cds(self) -> list[tuple[int, int]]:
        return [
            (max(start, self.first), min(end, self.last))
            for start, end in self.exons
            if start <= self.last and self.first <= end
        ]


PLUS = Gene("PLUS", "1", "+", ((1001, 1060), (1201, 1300)), 1011, 1240)
"""ATG, 28 tryptophans, stop: 90 bases, in two exons that cut a codon."""
MINUS = Gene("MINUS", "1", "-", ((3001, 3100), (3301, 3400)), 3051, 3340)
RNA = Gene("RNA", "1", "+", ((5001, 5040), (5101, 5140)))
MITO = Gene("MITO", "MT", "+", ((301, 360),), 301, 360)
SHORT = [
    Gene(f"S{at}", "1", "+-"[at % 2], ((6001 + 100 * at, 6060 + 100 * at),), 6001 + 100 * at, 6060 + 100 * at)
    for at in range(10)
]
GENES = [PLUS, MINUS, RNA, *SHORT, MITO]


def proteins(gene: Gene) -> str:
    length = sum(end - start + 1 for start, end in gene.cds)
    middle = "TGA" if gene is MITO else "TGG"
    bases = "ATG" + middle * (length // 3 - 2) + "TAA"
    return bases[:9] + "TGA" + bases[12:] if gene.name == "S9" else bases  # a selenocysteine


def make_genome() -> dict[str, str]:
    """Bases by contig, the genes planted in them, and a run of C at 2001-2010."""
    chance = random.Random(7)
    contigs = {name: [chance.choice("ACGT") for _ in range(length)] for name, length in (("1", 14000), ("MT", 1000))}
    for gene in GENES:
        positions = [at for start, end in gene.cds for at in range(start, end + 1)]
        bases = proteins(gene) if positions else ""
        if gene.strand == "-":
            bases = bases.translate(COMPLEMENT)[::-1]
        for at, base in zip(positions, bases, strict=True):
            contigs[gene.contig][at - 1] = base
    contigs["1"][1999:2011] = "A" + "C" * 10 + "G"
    return {name: "".join(bases) for name, bases in contigs.items()}


def write_fasta(path: Path, genome: dict[str, str]) -> Path:
    path.write_text(
        "".join(f">{name} made up\n{bases[:500]}\n{bases[500:].lower()}\n" for name, bases in genome.items())
    )
    return path


def gff3(genes: list[Gene]) -> str:
    lines = ["##gff-version 3"]
    for gene in genes:
        kind, biotype = ("mRNA", "protein_coding") if gene.cds else ("ncRNA", "misc_RNA")

        def row(kind: str, start: int, end: int, text: str, phase: str = ".", gene: Gene = gene) -> str:
            return "\t".join([gene.contig, "x", kind, str(start), str(end), ".", gene.strand, phase, text])

        whole = (gene.exons[0][0], gene.exons[-1][1])
        lines.append(row("gene", *whole, f"ID=gene:{gene.name};Name={gene.name};biotype={biotype}"))
        lines.append(row(kind, *whole, f"ID=transcript:{gene.name}.1;Parent=gene:{gene.name};biotype={biotype}"))
        lines += [row("exon", *exon, f"Parent=transcript:{gene.name}.1") for exon in gene.exons]
        lines += [
            row("CDS", *part, f"ID=CDS:{gene.name};Parent=transcript:{gene.name}.1", "0") for part in gene.cds[:1]
        ]
        lines += [row("CDS", *part, f"Parent=transcript:{gene.name}.1", "1") for part in gene.cds[1:]]
    text = "\n".join(lines) + "\n"
    # The part of MINUS that is translated first is its second row.
    return text.replace("3051\t3100\t.\t-\t0", "3051\t3100\t.\t-\t2").replace(
        "3301\t3340\t.\t-\t1", "3301\t3340\t.\t-\t0"
    )


def gtf(genes: list[Gene]) -> str:
    """The stop codon has a row of its own and is no part of the CDS."""
    lines = []
    for gene in genes:
        biotype = "protein_coding" if gene.cds else "misc_RNA"
        text = f'gene_id "{gene.name}"; transcript_id "{gene.name}.1"; transcript_biotype "{biotype}";'
        rows = [("exon", *exon) for exon in gene.exons]
        if gene.cds and gene.strand == "+":
            rows += [("CDS", start, end if end < gene.last else end - 3) for start, end in gene.cds]
            rows.append(("stop_codon", gene.last - 2, gene.last))
        elif gene.cds:
            rows += [("CDS", start if start > gene.first else start + 3, end) for start, end in gene.cds]
            rows.append(("stop_codon", gene.first, gene.first + 2))
        for kind, start, end in rows:
            lines.append("\t".join([gene.contig, "x", kind, str(start), str(end), ".", gene.strand, ".", text]))
    return "\n".join(lines) + "\n"


def gene_pred(genes: list[Gene]) -> str:
    """UCSC's refGene: with a bin, half-open positions and frames."""
    lines = ["#bin\tname\tchrom\tstrand\ttxStart\ttxEnd\tcdsStart\tcdsEnd\texonCount\texonStarts\texonEnds"]
    for gene in genes:
        starts = "".join(f"{start - 1}," for start, _ in gene.exons)
        ends = "".join(f"{end}," for _, end in gene.exons)
        order = gene.cds if gene.strand == "+" else gene.cds[::-1]
        frames, done = {}, 0
        for start, end in order:
            frames[start, end] = done % 3
            done += end - start + 1
        of_exons = [
            next((frames[part] for part in gene.cds if start <= part[0] <= end), -1) for start, end in gene.exons
        ]
        end = gene.exons[-1][1]
        cds = (gene.first - 1, gene.last) if gene.cds else (end, end)
        columns = [585, f"{gene.name}.1", f"chr{gene.contig}", gene.strand, gene.exons[0][0] - 1, end, *cds]
        columns += [len(gene.exons), starts, ends, 0, gene.name, "cmpl", "cmpl", "".join(f"{one}," for one in of_exons)]
        lines.append("\t".join(map(str, columns)))
    return "\n".join(lines) + "\n"


def annotated(tmp_path: Path, records: list[str]) -> Result:
    path = tmp_path / "input.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *records]) + "\n")
    outputs = Outputs.beside(tmp_path / "input.annot.vcf.gz")
    reference = Reference.load(tmp_path / "bundle")
    return take_apart(outputs, annotate(path, reference, outputs, temporary=tmp_path, reporting=Reporting(bcsq=True)))


def site(contig: str, pos: int, ref: str, alt: str) -> str:
    return f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t."


def refusal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    assert not (tmp_path / "bundle").exists()
    assert not list(tmp_path.glob(".bundle*"))
    return capsys.readouterr().err
