"""vepyr, a reimplementation of Ensembl VEP from PyPI, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pysam

from tests.oracles.genomes import PROJECT, Genome
from tests.oracles.program import SUBFIELDS, Answers, Program, csq_answers
from tests.oracles.variants import Variant, write_vcf
from tests.oracles.vepyr_cache import write_cache

ENVIRONMENT = Path(os.environ.get("GAS_ORACLES", PROJECT / ".gas" / "oracles"))
"""The virtual environment in which vepyr is installed."""


class Vepyr(Program):
    """vepyr, with the genome's own models in place of VEP's cache."""

    name = "vepyr"
    fields = SUBFIELDS

    def missing(self) -> str:
        return "" if (ENVIRONMENT / "bin" / "vepyr").is_file() else "it is not installed (make oracles installs it)"

    def version(self) -> str:
        text = "import importlib.metadata as m; print(m.version('vepyr'))"
        return subprocess.check_output([str(ENVIRONMENT / "bin" / "python"), "-c", text]).decode().strip()

    def variants(self, genome: Genome, substitutions: int | None, others: int) -> list[Variant]:
        """None in other genetic codes: vepyr takes every transcript for one of the standard code."""
        return super().variants(genome, substitutions, others) if genome.code == 1 else []

    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        vcf, out = write_vcf(folder / "vepyr.vcf", genome, found), folder / "vepyr.out.vcf"
        pysam.faidx(str(genome.fasta))
        words = ["annotate", "-i", str(vcf), "-o", str(out), "--dir_cache", str(write_cache(genome, folder / "cache"))]
        words += ["--fasta", str(genome.fasta), "--fields", ",".join(("Feature", *SUBFIELDS)), "--no_progress"]
        subprocess.run([str(ENVIRONMENT / "bin" / "vepyr"), *words], check=True, capture_output=True)
        with out.open(encoding="utf-8") as lines:
            yield from csq_answers(lines)
