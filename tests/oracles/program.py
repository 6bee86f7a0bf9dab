"""What is asked of a program, and what the engine answers."""

from __future__ import annotations

import gzip
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path

from annotator.engine import Outputs, annotate
from tests.oracles.genomes import Genome
from tests.oracles.variants import Variant, variants, write_vcf

Values = tuple[str, ...]
"""An answer about one allele and transcript, in the order of a program's fields."""
Answers = dict[str, Values]
"""Answers about one allele, by transcript."""
SUBFIELDS = (
    "Consequence", "EXON", "INTRON", "HGVSc", "HGVSp", "cDNA_position", "CDS_position", "Protein_position",
    "Amino_acids", "Codons", "DISTANCE", "STRAND",
)  # fmt: skip
"""Sub-fields of CSQ in which the engine's answers are kept."""
FLANKS = {"upstream_gene_variant", "downstream_gene_variant"}


class Program(ABC):
    """A program, or a table of recorded answers, that is asked about variants.

    Attributes:
        name: of the program.
        fields: in which its answers are compared.
        partial: it answers for some transcripts only, and the others are not compared.
    """

    name: str
    fields: tuple[str, ...]
    partial = False

    def missing(self) -> str:
        """Why it cannot be asked here, "" when it can."""
        return ""

    @abstractmethod
    def version(self) -> str:
        """Its version."""

    def variants(self, genome: Genome, substitutions: int | None, others: int) -> list[Variant]:
        """The variants of a genome that it is asked about, ascending; none where it cannot be asked."""
        return variants(genome, substitutions, others)

    @abstractmethod
    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        """Its answers, in the order of the variants.

        Args:
            genome: that the variants are on.
            found: the variants.
            folder: an empty one.
        """

    def ours(self, genome: Genome, name: str, entry: Values) -> Values | None:
        """The engine's answer in the fields and words of this program.

        Args:
            genome: that the variant is on.
            name: of the transcript.
            entry: in the order of :data:`SUBFIELDS`.

        Returns:
            None where this program never has an answer.
        """
        return entry


def our_answers(genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
    """What the engine says, with the values of :data:`SUBFIELDS`."""
    outputs = Outputs.beside(folder / "ours.annot.vcf.gz")
    vcf = write_vcf(folder / "ours.vcf", genome, found)
    annotate(vcf, genome.reference, outputs, temporary=folder, processes=1)
    with gzip.open(outputs.vcf, "rt", encoding="utf-8") as lines:
        yield from csq_answers(lines)


def csq_answers(lines: Iterable[str]) -> Iterator[Answers]:
    """Answers in the CSQ field of the lines of a VCF file."""
    at: list[int] = []
    feature = 0
    for line in lines:
        if line.startswith("#"):
            if line.startswith("##INFO=<ID=CSQ"):
                names = line.partition("Format: ")[2].partition('"')[0].split("|")
                at, feature = [names.index(name) for name in SUBFIELDS], names.index("Feature")
            continue
        info = line.rstrip("\n").split("\t", 8)[7]
        csq = f";{info}".partition(";CSQ=")[2].partition(";")[0]
        answers = {}
        for entry in csq.split(",") if csq else ():
            values = entry.split("|")
            answers[values[feature]] = tuple([values[index] for index in at])
        yield answers
