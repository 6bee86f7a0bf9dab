"""Genomes on which oracles are asked: a contig with its gene models, as files that every program reads.

Gene models are GFF3 as Ensembl writes it (``ID=transcript:...``), which ``bcftools csq`` asks for.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from annotator.engine import Reference
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.genetic_code import codon_table
from tests.performance import genome as made
from tests.unit.engine.consequence import casebook

PROJECT = Path(__file__).resolve().parents[2]
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@dataclass
class Transcript:
    """One transcript; parts are 1-based and inclusive and ascend, on the forward strand."""

    name: str
    gene: str
    start: int
    end: int
    strand: str
    biotype: str
    exons: list[tuple[int, int]] = field(default_factory=list)
    coding: list[tuple[int, int]] = field(default_factory=list)
    phase: int = 0
    """Bases before the first whole codon."""
    protein: str = ""

    @property
    def reverse(self) -> bool:
        """Whether it is on the reverse strand."""
        return self.strand == "-"


@dataclass(frozen=True)
class Genome:
    """One contig.

    Attributes:
        name: of the genome, for the report.
        contig: its only contig.
        fasta: its sequence, plain.
        models: its gene models, plain GFF3.
        reference: the same, built for the engine.
        code: number of the genetic code.
        offset: to add to its positions for those on the whole contig.
    """

    name: str
    contig: str
    fasta: Path
    models: Path
    reference: Reference
    code: int = 1
    offset: int = 0

    @cached_property
    def bases(self) -> str:
        """The sequence in upper case."""
        return "".join(self.fasta.read_text().split("\n")[1:]).upper()

    @cached_property
    def transcripts(self) -> dict[str, Transcript]:
        """The transcripts by their IDs."""
        return read_transcripts(self.models)


    @cached_property
    def proteins(self) -> dict[str, str]:
        """The proteins of coding transcripts without the stop; ``X`` for a part of a codon at the start."""
        table, found = codon_table(self.code), {}
        for one in self.transcripts.values():
            if one.coding:
                coding = "".join(self.bases[start - 1 : end] for start, end in one.coding)
                bases = "N" * (-one.phase % 3) + (coding.translate(COMPLEMENT)[::-1] if one.reverse else coding)
                found[one.name] = "".join(table.get(bases[at : at + 3], "X") for at in range(0, len(bases) - 2, 3))
        return {name: protein.removesuffix("*") for name, protein in found.items()}


def read_transcripts(path: Path) -> dict[str, Transcript]:
    """Transcripts of a GFF3 file as Ensembl writes it, by ID."""
    found: dict[str, Transcript] = {}
    first_coding: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        _, _, kind, start, end, _, strand, phase, text = line.split("\t")
        keys = dict(item.split("=", 1) for item in text.split(";"))
        parent = keys.get("Parent", "").removeprefix("transcript:")
        part = (int(start), int(end))
        if keys.get("ID", "").startswith("transcript:"):
            name = keys["ID"].removeprefix("transcript:")
            gene = keys["Parent"].removeprefix("gene:")
            found[name] = Transcript(name, gene, *part, strand, keys["biotype"])
        elif kind == "exon":
            found[parent].exons.append(part)
        elif kind == "CDS":
            found[parent].coding.append(part)
            found[parent].protein = keys.get("protein_id", parent)
            first_coding[parent].append((part[0], int(phase)))
    for name, phases in first_coding.items():
        one = found[name]
        one.phase = (max if one.reverse else min)(phases)[1]
    for one in found.values():
        one.exons.sort()
        one.coding.sort()
    return found


def genomes(folder: Path, slice_fasta: Path | None = None, slice_models: Path | None = None) -> list[Genome]:
    """Every genome.

    Args:
        folder: an empty one, for files and references.
        slice_fasta: a stretch of a real contig, one record named ``CONTIG:FIRST-LAST``, plain or gzip.
        slice_models: its gene models, with positions on the whole contig.
    """
    found = [_rcrs(folder), _built(folder, "casebook", "1", casebook.GENOME, casebook.gff3(), accept=True)]
    if slice_fasta and slice_models:
        head, *lines = _text(slice_fasta).split("\n")
        contig, first = re.match(r">(\w+):(\d+)", head).groups()  # type: ignore[union-attr]
        offset = int(first) - 1
        models = _shifted(_text(slice_models), -offset)
        found.append(replace(_built(folder, "slice", contig, "".join(lines), models), offset=offset))
    else:
        found.append(_built(folder, "made", "1", made.bases(), made.models()))
    return found


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()


def _shifted(models: str, by: int) -> str:
    rows = [line.split("\t") for line in models.splitlines() if not line.startswith("#")]
    for row in rows:
        row[3:5] = [str(int(row[3]) + by), str(int(row[4]) + by)]
    return "##gff-version 3\n" + "\n".join("\t".join(row) for row in rows) + "\n"


def _built(folder: Path, name: str, contig: str, bases: str, models: str, accept: bool = False) -> Genome:
    fasta, table = folder / f"{name}.fa", folder / f"{name}.gff3"
    fasta.write_text(f">{contig}\n" + "\n".join(bases[at : at + 60] for at in range(0, len(bases), 60)) + "\n")
    table.write_text(models, "utf-8")
    recipe = Recipe(name=name, fasta=fasta, models=table, accept_models=accept)
    build(recipe, folder / f"{name}.bundle", lambda _: None)
    return Genome(name, contig, fasta, table, Reference.load(folder / f"{name}.bundle"))


def _rcrs(folder: Path) -> Genome:
    bundle = PROJECT / "reference" / "rCRS"
    for name in ("rCRS.fa", "rCRS.gff3"):
        (folder / name).write_text((bundle / name).read_text("utf-8"), "utf-8")
    reference = Reference.load("rCRS", [bundle.parent])
    return Genome("rCRS", "MT", folder / "rCRS.fa", folder / "rCRS.gff3", reference, 2)
