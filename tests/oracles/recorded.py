"""Answers that were recorded: Ensembl VEP 115's, and the amino acid changes that MITOMAP lists."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from tests.oracles.genomes import Genome
from tests.oracles.program import SUBFIELDS, Answers, Program, Values, csq_answers
from tests.oracles.variants import Variant, left_aligned
from tests.unit.engine.consequence.test_consequences import mitomap_changes
from tests.unit.engine.consequence.test_vep_answers import FIELDS, answers

AMINO_ACIDS, PROTEIN_POSITION = map(SUBFIELDS.index, ("Amino_acids", "Protein_position"))


class Vep(Program):
    """Ensembl VEP 115 on the casebook, and in a VCF file if one is given.

    Args:
        vcf: annotated by VEP, on the whole contig of the genome ``slice``, gzip; records of one ALT allele are read.
    """

    name = "Ensembl VEP"
    fields = FIELDS
    partial = True

    def __init__(self, vcf: Path | None = None) -> None:
        self._vcf = vcf

    def version(self) -> str:
        return "115"

    def variants(self, genome: Genome, substitutions: int | None, others: int) -> list[Variant]:
        return list(self._answers(genome))

    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        recorded = self._answers(genome)
        return (recorded[variant] for variant in found)

    def ours(self, genome: Genome, name: str, entry: Values) -> Values | None:
        return tuple(entry[SUBFIELDS.index(name)] for name in FIELDS)

    def _answers(self, genome: Genome) -> dict[Variant, Answers]:
        found: dict[Variant, Answers] = defaultdict(dict)
        if genome.name == "casebook":
            for row in answers():
                if "," not in row["ALT"]:
                    values = tuple(row[name] for name in FIELDS)
                    found[int(row["POS"]), row["REF"], row["ALT"]][row["Feature"]] = values
        if genome.name == "slice" and self._vcf:
            with gzip.open(self._vcf, "rt", encoding="utf-8") as stream:
                lines = list(stream)
            records = [line.split("\t", 5) for line in lines if not line.startswith("#")]
            for (_, pos, _, ref, alt, _), entries in zip(records, csq_answers(lines), strict=True):
                if "," not in alt and set(ref + alt) <= set("ACGT"):
                    found[int(pos) - genome.offset, ref, alt] = {
                        name: tuple(values[SUBFIELDS.index(key)] for key in FIELDS) for name, values in entries.items()
                    }
        # VEP takes an allele as it is written; only what is aligned to the left is compared.
        return {key: found[key] for key in sorted(found) if left_aligned(genome.bases, *key) == key}


class Mitomap(Program):
    """MITOMAP's table of variants, which the bundled reference contains."""

    name = "MITOMAP"
    fields = ("amino_acids",)
    partial = True

    def version(self) -> str:
        return "of the bundled rCRS"

    @cached_property
    def _recorded(self) -> dict[Variant, Answers]:
        found: dict[Variant, Answers] = {}
        for pos, ref, alt, changes in mitomap_changes():
            for gene, change in changes:
                if parts := re.fullmatch(r"(\d+)([A-Z*])>([A-Z*])", change):
                    codon, before, after = parts.groups()
                    text = f"{codon}{before}" if before == after else f"{codon}{before}>{after}"
                    found.setdefault((pos, ref, alt), {})[gene] = (text,)
        return dict(sorted(found.items()))

    def variants(self, genome: Genome, substitutions: int | None, others: int) -> list[Variant]:
        return list(self._recorded) if genome.name == "rCRS" else []

    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        return (self._recorded[variant] for variant in found)

    def ours(self, genome: Genome, name: str, entry: Values) -> Values | None:
        before, _, after = entry[AMINO_ACIDS].partition("/")
        return (f"{entry[PROTEIN_POSITION]}{before}>{after}" if after else f"{entry[PROTEIN_POSITION]}{before}",)
