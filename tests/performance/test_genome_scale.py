"""One person's records on a genome of a fiftieth of the human one, with human-like genes: time, memory and growth.

Processor times are compared within one run. The limits are what is reached today, with room for chance; the aims are in
`docs/performance.md`, whose figures of the whole genome `make bench-genome` measures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.performance.genome.files import Genome, write
from tests.performance.genome.folder import GenomeFolder
from tests.performance.test_engine import CSQ, MOST_MEMORY, peak_of, processor_time, record
from tests.performance.test_scaling import annotation, near_linear

pytestmark = pytest.mark.performance

FIFTIETH = Genome(Fraction(1, 50), every=3)
"""With as many known variants to a base as dbSNP has."""
SMALL = Genome(Fraction(1, 200), every=30, per_kilobase=6)
"""For what grows: many records on few bases."""
MOST_TIMES_CSQ = 8.0
"""Processor time of the whole pass, without known variants, beside `bcftools csq -l`. On few records to a contig, as
here, the start of the processes and opening each contig count; on the whole genome the ratio is smaller."""
MOST_FOR_KNOWN_VARIANTS = 2.0
"""Processor time with known variants at every third base beside the same without."""
MOST_MEMORY_GROWTH = 1.5
"""Memory for four times as many records."""
MOST_FOR_PROCESSES = 1.4
"""Processor time of four processes beside one, not counting what each of them takes to start."""
ROUNDS = 2
COPIES = (1, 3, 5)
LAYERS = (0, 3, 6)


def made(genome: Genome, path: Path) -> GenomeFolder:
    write(genome, path)
    return GenomeFolder(path)


def built(folder: GenomeFolder, name: str, models: Path | None = None, layers: int = 0) -> Path:
    if not (folder.path / name).exists():  # a test that is run again has it
        subprocess.run(folder.build_command(name, models, layers), check=True, capture_output=True, cwd=PROJECT)
    return folder.path / name


@pytest.fixture(scope="module")
def fiftieth(tmp_path_factory: pytest.TempPathFactory) -> GenomeFolder:
    return made(FIFTIETH, tmp_path_factory.mktemp("fiftieth"))


@pytest.fixture(scope="module")
def known(fiftieth: GenomeFolder) -> Path:
    return built(fiftieth, "known", layers=1)


@pytest.fixture(scope="module")
def plain(known: Path) -> Path:
    """The same bundle without known variants."""
    folder = known.with_name("plain")
    folder.mkdir()
    for path in known.iterdir():
        (folder / path.name).symlink_to(path)
    manifest = {**json.loads((known / "manifest.json").read_text()), "layers": []}
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> GenomeFolder:
    return made(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def small_bundle(small: GenomeFolder) -> Path:
    return built(small, "bundle")


@pytest.fixture(scope="module")
def whole_pass(fiftieth: GenomeFolder, plain: Path) -> float:
    """Processor seconds of annotation without known variants."""
    return min(processor_time(annotation(fiftieth.file("person"), plain)) for _ in range(ROUNDS))


def with_processes(command: list[str], processes: int) -> list[str]:
    return [*command[: command.index("--processes") + 1], str(processes)]


def test_time_beside_csq(fiftieth: GenomeFolder, plain: Path, whole_pass: float, tmp_path: Path) -> None:
    """Local consequences alone, as for one unphased sample, against everything that an annotation does."""
    path = fiftieth.file("person")
    csq = [sys.executable, "-c", CSQ, "-f", str(plain / "sequence.fa.gz"), "-g", str(plain / "models.gff3.gz"),
           "-l", "-Oz", "-o", str(tmp_path / "csq.vcf.gz"), str(path)]  # fmt: skip
    alone = min(processor_time(csq) for _ in range(ROUNDS))
    ratio = whole_pass / alone
    record("a fiftieth of a genome", {"csq -l, processor seconds": round(alone, 2), "ratio": round(ratio, 2)})
    assert ratio <= MOST_TIMES_CSQ


def test_known_variants_at_every_third_base(fiftieth: GenomeFolder, known: Path, whole_pass: float) -> None:
    with_them = min(processor_time(annotation(fiftieth.file("person"), known)) for _ in range(ROUNDS))
    record("known variants at every third base", {"ratio": round(with_them / whole_pass, 2)})
    assert with_them <= MOST_FOR_KNOWN_VARIANTS * whole_pass


def test_memory_is_flat(fiftieth: GenomeFolder, known: Path) -> None:
    """Of all processes together, pages that they share counted once."""
    paths = fiftieth.first_records(20_000), fiftieth.first_records(80_000)
    few, many = (peak_of(with_processes(annotation(path, known), 2)) for path in paths)
    record("memory, a fiftieth of a genome", {"20000 records, MB": few >> 20, "80000 records, MB": many >> 20})
    assert max(few, many) < MOST_MEMORY
    assert many < MOST_MEMORY_GROWTH * few


def test_growth_with_records(small: GenomeFolder, small_bundle: Path) -> None:
    near_linear(*(annotation(small.first_records(count), small_bundle) for count in (1, 40_000, 80_000)))


def test_growth_with_transcripts(small: GenomeFolder) -> None:
    path = small.first_records(10_000)
    bundles = [built(small, f"copies{copies}", small.copied_transcripts(copies)) for copies in COPIES]
    near_linear(*(annotation(path, bundle) for bundle in bundles))


def test_growth_with_layers(small: GenomeFolder) -> None:
    path = small.first_records(40_000)
    near_linear(*(annotation(path, built(small, f"layers{layers}", layers=layers)) for layers in LAYERS))


def test_growth_with_processes(small: GenomeFolder, small_bundle: Path) -> None:
    """Processes divide the work: each of them takes its start, and nothing besides."""
    whole, one = (annotation(small.first_records(count), small_bundle) for count in (60_000, 1))
    start = min(processor_time(with_processes(one, 1)) for _ in range(ROUNDS))
    times = {n: min(processor_time(with_processes(whole, n)) for _ in range(ROUNDS)) for n in (1, 4)}
    record("processes", {f"{n}, processor seconds": round(taken, 2) for n, taken in times.items()})
    assert times[4] <= MOST_FOR_PROCESSES * times[1] + 3 * start
