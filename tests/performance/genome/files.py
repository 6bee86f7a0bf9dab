"""Writes a made-up genome as files: sequence, gene models, known variants, regions, and the records of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from annotator.engine.bgzf import BgzfWriter
from tests.performance.genome import genes as gene_models
from tests.performance.genome import refseq, sequence, variants

LINE = 60
"""Bases of a line of FASTA."""
PER_KILOBASE = 1.45
"""A person's records."""
FILES = {
    "sequence": "genome.fa.gz",
    "models": "genome.gff3.gz",
    "known": "known.vcf.gz",
    "regions": "islands.bed.gz",
    "person": "person.vcf.gz",
}
"""File of each part."""


@dataclass(frozen=True)
class Genome:
    """A genome as large as a part of the human one, the same for the same values.

    Attributes:
        scale: Its size beside the human genome; every chromosome has as large a part.
        every: Distance of known variants in bases.
        per_kilobase: A person's records.
        seed: Of chance.
    """

    scale: Fraction = Fraction(1)
    every: int = 100
    per_kilobase: float = PER_KILOBASE
    seed: int = 1

    @property
    def lengths(self) -> dict[str, int]:
        """Bases of each contig."""
        return {name: int(length * self.scale) for name, (length, _) in refseq.CONTIGS.items()}


def write(
    genome: Genome, folder: Path, parts: tuple[str, ...] = tuple(FILES), say: Callable[[str], object] = str
) -> None:
    """Write files of a genome.

    Args:
        genome: Which one.
        folder: For the files, named by :data:`FILES`.
        parts: Which ones.
        say: Is given a line for each contig.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contigs = "".join(f"##contig=<ID={name},length={length}>\n" for name, length in genome.lengths.items())
    heads = {
        "models": "##gff-version 3\n",
        "known": variants.KNOWN_HEADER.format(contigs=contigs),
        "person": variants.PERSON_HEADER.format(contigs=contigs),
    }
    with ExitStack() as stack:
        streams = {}
        for part in parts:
            path = folder / FILES[part]
            streams[part] = BgzfWriter(path.with_name(path.name + ".part"))
            stack.callback(streams[part].abandon)
            streams[part].write(heads.get(part, "").encode())
        offset = 0
        for number, (name, length) in enumerate(genome.lengths.items()):
            for part, lines in contig_lines(genome, number, name, length, offset).items():
                if part in streams:
                    for block in lines:
                        streams[part].write(block)
            offset += length
            say(f"{name}: {length:,} bases")
        for stream in streams.values():
            stream.close()
    for part in parts:
        path = folder / FILES[part]
        path.with_name(path.name + ".part").rename(path)


def contig_lines(genome: Genome, number: int, name: str, length: int, offset: int) -> dict[str, Iterator[bytes]]:
    """Text of each part for one contig, made when it is asked for."""
    rng = [np.random.default_rng((genome.seed, number, part)) for part in range(4)]
    count = max(1, int(refseq.CONTIGS[name][1] * genome.scale))
    genes = gene_models.make(rng[0], length, count)
    bases = sequence.make(rng[1], length, genes)
    records = round(length * genome.per_kilobase / 1000)
    return {
        "sequence": fasta_lines(name, bases),
        "models": gff_lines(name, genes, number),
        "known": variants.known_lines(name, bases, genome.every, offset),
        "regions": region_lines(rng[2], name, length),
        "person": variants.person_lines(rng[3], name, bases, records, genome.every),
    }


def fasta_lines(name: str, bases: np.ndarray) -> Iterator[bytes]:
    """A contig as FASTA."""
    yield f">{name}\n".encode()
    whole = len(bases) - len(bases) % LINE
    for begin in range(0, whole, LINE << 17):
        block = bases[begin : min(begin + (LINE << 17), whole)].reshape(-1, LINE)
        yield np.pad(block, ((0, 0), (0, 1)), constant_values=ord("\n")).tobytes()
    if whole < len(bases):
        yield bases[whole:].tobytes() + b"\n"


def region_lines(rng: np.random.Generator, name: str, length: int) -> Iterator[bytes]:
    """Islands of 200 to 2,000 bases, one in about 100,000 bases, as BED."""
    starts = np.sort(rng.integers(0, length - 2000, length // 100_000))
    ends = starts + rng.integers(200, 2000, len(starts))
    rows = zip(starts.tolist(), ends.tolist(), strict=True)
    yield "".join(f"{name}\t{start}\t{end}\tisland{at}\n" for at, (start, end) in enumerate(rows)).encode()


def gff_lines(name: str, genes: gene_models.Genes, number: int) -> Iterator[bytes]:
    """Genes of a contig as GFF3 in Ensembl's style, which ``bcftools csq`` reads too; their ids begin with a number."""
    of, made = genes.structure, genes.isoforms
    gene = made.gene[made.transcript]
    first, last = (one.tolist() for one in genes.placed(gene, made.start, made.end))
    low, high = (one.tolist() for one in genes.placed(gene, made.code_start, made.code_end))
    size = made.code_end - made.code_start
    offsets = gene_models.offsets_of(np.bincount(made.transcript, minlength=len(made.gene)))
    phases = (-gene_models.before(size, offsets) % 3).tolist()
    coded, bounds, translated = (size > 0).tolist(), offsets.tolist(), made.translated.tolist()
    starts, ends = genes.start.tolist(), (genes.start + genes.span - 1).tolist()
    signs = np.where(genes.reverse, "-", "+").tolist()
    transcripts = gene_models.offsets_of(np.bincount(made.gene, minlength=len(starts))).tolist()
    for at in np.argsort(genes.start, kind="stable").tolist():
        sign, key = signs[at], f"{number + 1:02}{at:04}"
        kind, biotype = ("gene", "protein_coding") if of.coding[at] else ("ncRNA_gene", "lncRNA")
        text = f"ID=gene:{key};Name=GENE{key};biotype={biotype}"
        lines = [f"{name}\tmade\t{kind}\t{starts[at]}\t{ends[at]}\t.\t{sign}\t.\t{text}"]
        for which, one in enumerate(range(transcripts[at], transcripts[at + 1]), start=1):
            begin, end = bounds[one], bounds[one + 1]
            kind, prefix, biotype = ("mRNA", "NM", "protein_coding") if translated[one] else ("lnc_RNA", "NR", "lncRNA")
            text, protein = f"{prefix}_{key}{which:03}", f"NP_{key}{which:03}"
            lines.append(
                f"{name}\tmade\t{kind}\t{min(first[begin:end])}\t{max(last[begin:end])}\t.\t{sign}\t.\t"
                f"ID=transcript:{text};Parent=gene:{key};biotype={biotype};version=1"
            )
            for exon in range(begin, end):
                lines.append(f"{name}\tmade\texon\t{first[exon]}\t{last[exon]}\t.\t{sign}\t.\tParent=transcript:{text}")
                if coded[exon]:
                    lines.append(
                        f"{name}\tmade\tCDS\t{low[exon]}\t{high[exon]}\t.\t{sign}\t{phases[exon]}\t"
                        f"ID=CDS:{protein};Parent=transcript:{text};protein_id={protein}.1"
                    )
        yield ("\n".join(lines) + "\n").encode()
