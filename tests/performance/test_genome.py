"""The made-up genome is like the human one, fits itself, and is the same each time."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest

from annotator.engine.cli.app import main
from tests.performance.genome import genes, refseq
from tests.performance.genome.files import FILES, Genome, write

SMALL = Genome(Fraction(1, 500), every=25)
FIXED = 9
"""Columns of VCF before the samples."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("genome")
    write(SMALL, folder)
    return folder


@pytest.fixture(scope="module")
def whole() -> list[genes.Genes]:
    """The genes of all human chromosomes."""
    return [genes.make(np.random.default_rng((1, at)), *facts) for at, facts in enumerate(refseq.CONTIGS.values())]


def records(folder: Path, part: str) -> list[list[str]]:
    with gzip.open(folder / FILES[part], "rt") as lines:
        return [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]


def test_genes_are_as_many_and_as_long_as_in_refseq(whole: list[genes.Genes]) -> None:
    transcripts = sum(len(one.isoforms.gene) for one in whole)
    exons = sum(len(one.isoforms.transcript) for one in whole)
    spans = np.concatenate([one.span for one in whole])
    assert len(spans) == 42_460
    assert transcripts == pytest.approx(177_165, rel=0.1)
    assert exons / transcripts == pytest.approx(11.8, rel=0.2)
    assert np.quantile(spans, [0.25, 0.5, 0.75, 0.9]) == pytest.approx([3708, 12574, 38698, 102464], rel=0.15)
    assert sum(one.structure.coding.sum() for one in whole) == pytest.approx(19_890, rel=0.03)
    assert np.mean(np.concatenate([one.reverse for one in whole])) == pytest.approx(0.5, abs=0.01)


def test_genes_overlap_as_often_as_in_refseq(whole: list[genes.Genes]) -> None:
    overlapping = 0
    for one in whole:
        order = np.argsort(one.start)
        reach = np.maximum.accumulate((one.start + one.span)[order])
        overlapping += int((one.start[order][1:] < reach[:-1]).sum())
    assert overlapping / 42_460 == pytest.approx(refseq.OVERLAPPING, abs=0.04)


def test_every_coding_sequence_fits(folder: Path, tmp_path: Path) -> None:
    words = ["reference", "build", "--name", "made", "--out", str(tmp_path / "made")]
    words += ["--fasta", str(folder / FILES["sequence"]), "--gff", str(folder / FILES["models"])]
    words += ["--variants", f"dbSNP={folder / FILES['known']}:ID,AF"]
    words += ["--regions", f"ISLAND={folder / FILES['regions']}"]
    assert main(words) == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    count = manifest["checks"]["coding_transcripts"]
    assert count > 100
    assert manifest["checks"] == {
        "coding_transcripts": count, "start_codon": [count, count], "stop_codon": [count, count], "internal_stop": 0
    }  # fmt: skip
    assert not manifest.get("left_out")


def test_exons_of_a_transcript_do_not_overlap(whole: list[genes.Genes]) -> None:
    for one in whole:
        made = one.isoforms
        same = made.transcript[1:] == made.transcript[:-1]
        assert (made.start[1:] > made.end[:-1])[same].all()
        assert (made.end > made.start).all()
        assert ((made.code_start >= made.start) & (made.code_end <= made.end)).all()


@pytest.mark.parametrize("part", ["known", "person"])
def test_records_fit_the_sequence_and_ascend(folder: Path, part: str) -> None:
    found = records(folder, part)
    sequence = pysam.FastaFile(str(folder / FILES["sequence"]))
    bases = {name: sequence.fetch(name) for name in sequence.references}
    for chrom, pos, _, ref, alt, *_ in found[:: len(found) // 5000 + 1]:
        assert bases[chrom][int(pos) - 1 : int(pos) - 1 + len(ref)] == ref
        assert len({ref, *alt.split(",")}) == 2 + alt.count(",")
    places = [(list(bases).index(chrom), int(pos)) for chrom, pos, *_ in found]
    assert all(one < other for one, other in pairwise(places))


def test_one_persons_records(folder: Path) -> None:
    found = records(folder, "person")
    assert len(found) == pytest.approx(SMALL.per_kilobase * sum(SMALL.lengths.values()) / 1000, rel=0.02)
    kinds = Counter("snv" if len(ref) == len(alt) == 1 else "multi" if "," in alt else "indel"
                    for _, _, _, ref, alt, *_ in found)  # fmt: skip
    assert kinds["snv"] / len(found) == pytest.approx(0.9, abs=0.02)
    assert 0 < kinds["multi"] / len(found) < 0.02
    known = {(chrom, pos, ref, alts.split(",")[0]) for chrom, pos, _, ref, alts, *_ in records(folder, "known")}
    shared = sum((chrom, pos, ref, alts.split(",")[0]) in known for chrom, pos, _, ref, alts, *_ in found)
    assert shared / len(found) == pytest.approx(0.9, abs=0.02)
    for one in found:
        genotype, depths, depth, _ = one[FIXED].split(":")
        assert sum(map(int, depths.split(","))) == int(depth)
        assert depths.count(",") == one[4].count(",") + 1
        assert (genotype == "1/2") == ("," in one[4])


def test_the_same_genome_each_time(folder: Path, tmp_path: Path) -> None:
    write(SMALL, tmp_path, ("models", "person"))
    for part in ("models", "person"):
        assert (tmp_path / FILES[part]).read_bytes() == (folder / FILES[part]).read_bytes()
