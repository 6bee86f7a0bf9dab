"""Memory of all processes together, for inputs that need much of it: transcripts, samples, bases."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.performance.genome import exons_of
from tests.performance.test_engine import MOST_MEMORY, peak_of, record
from tests.performance.test_scaling import Genome, isoforms

pytestmark = pytest.mark.performance

TRANSCRIPTS = 400
CODING = [at for first, last in exons_of(0) for at in range(first, last + 1)]
NEAR = range(CODING[0] - 1500, CODING[-1] + 1500)


def records_of_one_gene(g: Genome) -> str:
    """12,000 records, each with an entry for all transcripts: 4.8 million."""
    lines = []
    for pos in sorted(g.chance.choice(NEAR) for _ in range(12_000)):
        alt = g.at(pos) + g.dna(3) if g.chance.random() < 0.1 else g.other(pos)
        lines.append(g.record(pos, g.at(pos), alt))
    return g.file("".join(lines))


def many_samples(g: Genome) -> str:
    """300 records of 20,000 phased samples."""
    lines = []
    for pos in sorted(g.chance.sample(CODING, 300)):
        genotypes = "\t".join(g.chance.choices(["0|0", "0|1", "1|0", "1|1"], k=20_000))
        lines.append(g.record(pos, g.at(pos), g.other(pos), ".", "\tGT\t" + genotypes))
    return g.file("".join(lines), samples=20_000)


def long_alleles(g: Genome) -> str:
    """Insertions of 2,000 bases, which each entry repeats."""
    return g.file(
        "".join(g.record(pos, g.at(pos), g.at(pos) + g.dna(2000)) for pos in sorted(g.chance.sample(CODING, 60)))
    )


@pytest.fixture(scope="module")
def genome() -> Genome:
    return Genome()


@pytest.fixture(scope="module")
def bundle(genome: Genome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return isoforms(tmp_path_factory.mktemp("isoforms") / "models", genome, TRANSCRIPTS)


@pytest.mark.parametrize("made", [records_of_one_gene, many_samples, long_alleles])
def test_memory_of_all_processes(genome: Genome, bundle: Path, tmp_path: Path, made: Callable[[Genome], str]) -> None:
    genome.chance = random.Random(3)
    path = tmp_path / "in.vcf"
    path.write_text(made(genome))
    out = tmp_path / "out.annot.vcf.gz"
    words = ["annotate", str(path), "--reference", str(bundle), "--out", str(out), "--processes", "2"]
    peak = peak_of([sys.executable, "-m", "annotator", *words])
    record(f"memory of {made.__name__.replace('_', ' ')}, MB", peak >> 20)
    assert peak < MOST_MEMORY
