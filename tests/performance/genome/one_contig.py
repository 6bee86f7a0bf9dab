"""A contig with genes, known variants and regions, and files of variants on it, all from chance with a fixed seed."""
from __future__ import annotations

import random
from pathlib import Path

from annotator.engine.cli.app import main

LENGTH = 1_000_000
GENES, EXONS, EXON, INTRON = 80, 8, 150, 900
START, STOP = "ATG", "TAA"
CODONS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in ("TAA", "TAG", "TGA")]


def exons_of(gene: int) -> list[tuple[int, int]]:
    """The exons of a gene, 1-based and inclusive; the genes stand side by side, every other one on the other strand."""
    first = 2_000 + gene * (LENGTH - 4_000) // GENES
    return [(first + at * (EXON + INTRON), first + at * (EXON + INTRON) + EXON - 1) for at in range(EXONS)]


def bases(seed: int = 5) -> str:
    """The contig: chance, with a reading frame in each gene."""
    chance = random.Random(seed)
    letters = [chance.choice("ACGT") for _ in range(LENGTH)]
    complement = str.maketrans("ACGT", "TGCA")
    for gene in range(GENES):
        places = [at for first, last in exons_of(gene) for at in range(first, last + 1)][60:-60]
        frame = START + "".join(chance.choice(CODONS) for _ in range(len(places) // 3 - 2)) + STOP
        if gene % 2:
            frame = frame.translate(complement)[::-1]
        for at, base in zip(places, frame, strict=True):
            letters[at - 1] = base
    return "".join(letters)


def models() -> str:
    """GFF3: each gene has a coding transcript of all exons and a shorter one without translation."""
    lines = ["##gff-version 3"]
    for gene in range(GENES):
        exons, strand = exons_of(gene), "+-"[gene % 2]
        coding = [(max(first, exons[0][0] + 60), min(last, exons[-1][1] - 60)) for first, last in exons]

        def row(kind: str, first: int, last: int, text: str, phase: str = ".", strand: str = strand) -> None:
            lines.append("\t".join(["1", "x", kind, str(first), str(last), ".", strand, phase, text]))

        row("gene", exons[0][0], exons[-1][1], f"ID=gene:G{gene};Name=GENE{gene};biotype=protein_coding")
        for name, kind, parts in ((f"T{gene}.1", "mRNA", exons), (f"T{gene}.2", "lnc_RNA", exons[2:5])):
            biotype = "protein_coding" if kind == "mRNA" else "lncRNA"
            text = f"ID=transcript:{name};Parent=gene:G{gene};biotype={biotype}"
            row(kind, parts[0][0], parts[-1][1], text)
            for first, last in parts:
                row("exon", first, last, f"Parent=transcript:{name}")
            done = 0
            ordered = coding if strand == "+" else coding[::-1]
            phases = {}
            for first, last in ordered:
                phases[first] = -done % 3
                done += last - first + 1
            if kind == "mRNA":
                for first, last in coding:
                    row("CDS", first, last, f"ID=CDS:P{gene};Parent=transcript:{name}", str(phases[first]))
    return "\n".join(lines) + "\n"


def records(sequence: str, count: int, seed: int = 9) -> list[str]:
    """Records in order, nine substitutions of ten, the rest insertions and deletions of up to five bases."""
    chance = random.Random(seed)
    lines = []
    for pos in sorted(chance.randrange(100, LENGTH - 100) for _ in range(count)):
        base, kind = sequence[pos - 1], chance.random()
        ref, alt = base, chance.choice("ACGT".replace(base, ""))
        if kind < 0.05:
            ref, alt = sequence[pos - 1 : pos + chance.randrange(1, 6)], base
        elif kind < 0.1:
            alt = base + "".join(chance.choice("ACGT") for _ in range(chance.randrange(1, 6)))
        lines.append(f"1\t{pos}\t.\t{ref}\t{alt}\t50\tPASS\tDP={chance.randrange(5, 90)}\n")
    return lines


def write_vcf(path: Path, lines: list[str]) -> Path:
    """A VCF file of the contig."""
    with path.open("w", encoding="ascii") as stream:
        stream.write(f"##fileformat=VCFv4.2\n##contig=<ID=1,length={LENGTH}>\n")
        stream.write('##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n')
        stream.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        stream.writelines(lines)
    return path


def build(folder: Path, sequence: str) -> Path:
    """A bundle of the contig with 20,000 known variants and three tracks of regions."""
    fasta, table, known = folder / "contig.fa", folder / "models.gff3", folder / "known.vcf"
    fasta.write_text(">1\n" + "\n".join(sequence[at : at + 60] for at in range(0, LENGTH, 60)) + "\n")
    table.write_text(models())
    lines = [line.replace("\t.\t", f"\trs{at}\t", 1) for at, line in enumerate(records(sequence, 20_000, seed=11))]
    write_vcf(known, lines)
    words = ["reference", "build", "--name", "chance", "--fasta", str(fasta), "--gff", str(table)]
    words += ["--variants", f"dbsnp={known}:ID,DP"]
    for track, size in (("BAND", 100_000), ("CPG_ISLAND", 1_000), ("SITE", 40)):
        bed = folder / f"{track}.bed"
        step = 3 * size
        bed.write_text("".join(f"1\t{at}\t{at + size}\t{track}{at}\n" for at in range(0, LENGTH - size, step)))
        words += ["--regions", f"{track}={bed}"]
    assert main([*words, "--out", str(folder / "chance")]) == 0
    return folder / "chance"
