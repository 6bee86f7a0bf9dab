"""Twice as much of anything takes about twice the processor time and memory, and no more.

Each dimension of a file is doubled once. What a run takes beside that of a tiny file is compared, so that a dimension
that costs next to nothing is near-linear, too.
"""
from __future__ import annotations

import gzip
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine.cli.app import main
from tests.conftest import PROJECT
from tests.performance.genome import LENGTH, bases, build, exons_of

pytestmark = pytest.mark.performance

HIGHEST_RATIO = 2.6
"""Of what twice as much takes; a quadratic rule has 4."""
SPARE_SECONDS, SPARE_MEMORY = 0.4, 48 << 20
"""Chance: what does not count in a comparison."""
MOST_REPEATS = 2
MOST_MEMORY = 3 << 30
"""Bytes of address space, as the smallest annotator gives its engine."""
HEADER = "##fileformat=VCFv4.2\n"
LAUNCHER = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(ended.returncode)
"""
"""Runs a command: the memory of a process is at least that of the one that it comes from, so that must be small."""
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
ISOFORMS = 300


class Genome:
    """The contig of the other performance tests, and files of variants on it."""

    def __init__(self) -> None:
        self.sequence = bases()
        self.chance = random.Random(3)

    def at(self, pos: int, length: int = 1) -> str:
        """Bases from a 1-based position on."""
        return self.sequence[pos - 1 : pos - 1 + length]

    def dna(self, length: int) -> str:
        """Bases by chance."""
        return "".join(self.chance.choices("ACGT", k=length))

    def other(self, pos: int) -> str:
        """A base that is not that of a position."""
        return "CGTA"["ACGT".index(self.at(pos))]

    def record(self, pos: int, ref: str, alt: str, info: str = ".", rest: str = "") -> str:
        """A line."""
        return f"1\t{pos}\t.\t{ref}\t{alt}\t.\t.\t{info}{rest}\n"

    def file(self, records: str, meta: str = "", samples: int = 0) -> str:
        """A whole file."""
        names = "".join(f"\ts{at}" for at in range(samples))
        return HEADER + meta + COLUMNS + ("\tFORMAT" + names if samples else "") + "\n" + records

    def snv(self, info: str = ".", rest: str = "") -> str:
        """One record."""
        return self.record(CODING, self.at(CODING), self.other(CODING), info, rest)


CODING = exons_of(0)[1][0] + 70
"""A position in the middle of a coding exon."""


def alleles(g: Genome, n: int) -> str:
    alts = sorted({g.at(CODING) + g.dna(12) for _ in range(n)})
    return g.file("".join(g.record(CODING, g.at(CODING), ",".join(alts[at : at + 5000])) for at in range(0, n, 5000)))


def multi_allelic(g: Genome, n: int) -> str:
    """Some alleles beside a long REF."""
    return g.file(g.record(CODING, g.at(CODING, n), ",".join(g.dna(8) for _ in range(200))))


def long_deletion(g: Genome, n: int) -> str:
    return g.file(g.record(1000, g.at(1000, n), g.at(1000)))


def deletion_insertions(g: Genome, n: int) -> str:
    """Both alleles share all but their middle."""
    lines = []
    for pos in range(1000, 1000 + 200 * 10, 10):
        ref = g.at(pos, n)
        lines.append(g.record(pos, ref, ref[: n // 2] + "ACGTACG" + ref[n // 2 + 3 :]))
    return g.file("".join(lines))


def substitution(g: Genome, n: int) -> str:
    """Every base of a coding exon and beyond; few transcripts more for twice the length."""
    return g.file("".join(g.record(CODING + at, g.at(CODING + at, n), g.dna(n)) for at in range(40)))


def long_insertion(g: Genome, n: int) -> str:
    return g.file(g.record(CODING, g.at(CODING), g.at(CODING) + g.dna(n)))


def repeated_insertion(g: Genome, n: int) -> str:
    """An insertion that can be moved along itself."""
    return g.file(g.record(CODING, g.at(CODING), g.at(CODING) * n))


def header_lines(g: Genome, n: int) -> str:
    return g.file(g.snv(), "".join(f"##tool{at}=x\n" for at in range(n)))


def header_line(g: Genome, n: int) -> str:
    return g.file(g.snv(), "##command=" + "x" * n + "\n")


def header_word(g: Genome, n: int) -> str:
    return g.file(g.snv(), "##reference=" + "a." * n + "\n")


def contig_lines(g: Genome, n: int) -> str:
    return g.file(g.snv(), "".join(f"##contig=<ID=c{at},length={at + 1}>\n" for at in range(n)))


def contigs(g: Genome, n: int) -> str:
    """Each with one record, as far out as an index reaches."""
    return g.file(g.snv() + "".join(f"c{at}\t2147483647\t.\tA\tC\t.\t.\t.\n" for at in range(n)))


def info_keys(g: Genome, n: int) -> str:
    return g.file(g.snv(";".join(f"K{at}=1" for at in range(n))))


def earlier_annotations(g: Genome, n: int) -> str:
    return g.file(g.snv(";".join(f"K{at};BCSQ=x" for at in range(n))))


def identifiers(g: Genome, n: int) -> str:
    return g.file(g.snv().replace("\t.\t", "\t" + ";".join(f"i{at}" for at in range(n)) + "\t", 1))


def samples(g: Genome, n: int) -> str:
    return g.file(g.snv(rest="\tGT" + "\t0/1" * n), samples=n)


def phased_samples(g: Genome, n: int) -> str:
    records = []
    for pos in range(CODING, CODING + 10):
        rest = "\tGT" + "".join("\t" + g.chance.choice(("0|0", "0|1", "1|0", "1|1")) for _ in range(n))
        records.append(g.record(pos, g.at(pos), g.other(pos), ".", rest))
    return g.file("".join(records), samples=n)


def format_keys(g: Genome, n: int) -> str:
    form = "\tGT" + "".join(f":F{at}" for at in range(n)) + "\t0|1" + ":1" * n
    return g.file(g.snv(rest=form), samples=1)


def records(g: Genome, n: int) -> str:
    return g.file("".join(g.record(5000 + at // 9, g.at(5000 + at // 9), g.other(5000 + at // 9)) for at in range(n)))


def symbolic_alleles(g: Genome, n: int) -> str:
    alts = ",".join(f"<DEL:{at}>" for at in range(1000))
    return g.file("".join(g.record(CODING, g.at(CODING), alts, f"END={CODING + 5000}") for _ in range(n // 1000)))


DIMENSIONS: list[tuple[Callable[[Genome, int], str], int]] = [
    (alleles, 60_000),
    (multi_allelic, 20_000),
    (long_deletion, 400_000),
    (deletion_insertions, 16_000),
    (substitution, 6_000),
    (long_insertion, 400_000),
    (repeated_insertion, 400_000),
    (header_lines, 200_000),
    (header_line, 20_000_000),
    (header_word, 500_000),
    (contig_lines, 100_000),
    (contigs, 3_000),
    (info_keys, 500_000),
    (earlier_annotations, 200_000),
    (identifiers, 300_000),
    (samples, 200_000),
    (phased_samples, 50_000),
    (format_keys, 400_000),
    (records, 40_000),
    (symbolic_alleles, 10_000),
]


@pytest.fixture(scope="module")
def genome() -> Genome:
    return Genome()


@pytest.fixture(scope="module")
def bundle(genome: Genome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("bundle"), genome.sequence)


def measured(command: list[str]) -> tuple[float, int]:
    """Processor time in seconds and most memory in bytes of a command, its children included."""
    ended = subprocess.run([sys.executable, "-c", LAUNCHER, *command], capture_output=True, cwd=PROJECT, text=True)
    assert ended.returncode == 0, ended.stderr
    worked, kilobytes = ended.stdout.splitlines()[-1].split()
    return float(worked), int(kilobytes) << 10


def annotation(path: Path, bundle: Path) -> list[str]:
    out = path.with_name("out.annot.vcf.gz")
    return [sys.executable, "-m", "annotator", "annotate", str(path), "--reference", str(bundle), "--out", str(out),
            "--processes", "1", "--memory-limit", str(MOST_MEMORY)]


def detection(path: Path, bundle: Path) -> list[str]:
    return [sys.executable, "-m", "annotator", "reference", "detect", str(path), "--json", "--reference", str(bundle),
            "--memory-limit", str(MOST_MEMORY)]


Command = Callable[[Path, Path], list[str]]


def near_linear(*commands: list[str]) -> None:
    """Compare what a file and one of twice the size take with what a minimal file takes.

    A busy machine adds processor time to a run and never takes any away, so a comparison that fails is repeated with
    the least that each command took so far. A quadratic rule fails every time.

    Args:
        commands: For the minimal file, the file, and the file of twice the size.
    """
    taken = [measured(command) for command in commands]
    for _ in range(MOST_REPEATS):
        if _is_near_linear(*taken):
            return
        again = [measured(command) for command in commands]
        taken = [(min(a, b), min(c, d)) for (a, c), (b, d) in zip(taken, again, strict=True)]
    assert _is_near_linear(*taken), taken


def _is_near_linear(least: tuple[float, int], once: tuple[float, int], twice: tuple[float, int]) -> bool:
    return (twice[0] - least[0] <= HIGHEST_RATIO * max(0.0, once[0] - least[0]) + SPARE_SECONDS
            and twice[1] - least[1] <= HIGHEST_RATIO * max(0, once[1] - least[1]) + SPARE_MEMORY)


def write(path: Path, text: str) -> Path:
    """A file, compressed, as most are."""
    path.write_bytes(gzip.compress(text.encode("ascii"), 1))
    return path


def files(folder: Path, genome: Genome, dimension: Callable[[Genome, int], str], size: int) -> list[Path]:
    """A minimal file, one of this size, and one of twice the size."""
    texts = genome.file(genome.snv()), dimension(genome, size), dimension(genome, 2 * size)
    return [write(folder / f"{number}.vcf.gz", text) for number, text in enumerate(texts)]


@pytest.mark.parametrize(("dimension", "size"), DIMENSIONS, ids=lambda one: getattr(one, "__name__", str(one)))
def test_annotation(
    genome: Genome, bundle: Path, tmp_path: Path, dimension: Callable[[Genome, int], str], size: int
) -> None:
    near_linear(*(annotation(path, bundle) for path in files(tmp_path, genome, dimension, size)))


DETECTED = [header_word, header_line, contig_lines, contigs, alleles, records, long_deletion]


@pytest.mark.parametrize("dimension", DETECTED)
def test_detection(genome: Genome, bundle: Path, tmp_path: Path, dimension: Callable[[Genome, int], str]) -> None:
    size = dict(DIMENSIONS)[dimension]
    near_linear(*(detection(path, bundle) for path in files(tmp_path, genome, dimension, size)))


def test_transcripts_over_one_base(genome: Genome, tmp_path: Path) -> None:
    """Isoforms of one gene, and changes of all kinds in an exon of theirs."""
    changes = []
    for pos in range(CODING, CODING + 60):
        base = genome.at(pos)
        changes += [(base, genome.other(pos)), (base, base + "ACG"), (base, base + "AC"), (genome.at(pos, 4), base)]
    lines = [genome.record(CODING + at // 4, ref, alt) for at, (ref, alt) in enumerate(changes)]
    path = write(tmp_path / "in.vcf.gz", genome.file("".join(lines)))
    near_linear(*(
        annotation(path, isoforms(tmp_path / str(count), genome, count)) for count in (1, ISOFORMS, 2 * ISOFORMS)
    ))


def isoforms(folder: Path, genome: Genome, count: int) -> Path:
    """A bundle whose only gene has so many transcripts, whose first exons differ in length."""
    folder.mkdir()
    (folder / "contig.fa").write_text(">1\n" + genome.sequence + "\n")
    exons = exons_of(0)
    rows = [("gene", exons[0][0] - count, exons[-1][1], ".", "ID=gene:G;Name=G;biotype=protein_coding")]
    for at in range(count):
        rows.append(("mRNA", exons[0][0] - at, exons[-1][1], ".",
                     f"ID=transcript:T{at};Parent=gene:G;biotype=protein_coding"))
        done = 0
        for number, (first, last) in enumerate(exons):
            rows.append(("exon", first - (0 if number else at), last, ".", f"Parent=transcript:T{at}"))
            first, last = max(first, exons[0][0] + 60), min(last, exons[-1][1] - 60)
            rows.append(("CDS", first, last, str(-done % 3), f"ID=CDS:P{at};Parent=transcript:T{at}"))
            done += last - first + 1
    table = folder / "models.gff3"
    table.write_text("##gff-version 3\n" + "".join(
        f"1\tx\t{kind}\t{first}\t{last}\t.\t+\t{phase}\t{text}\n" for kind, first, last, phase, text in rows))
    words = ["reference", "build", "--name", "isoforms", "--fasta", str(folder / "contig.fa"), "--gff", str(table)]
    assert main([*words, "--out", str(folder / "bundle")]) == 0
    return folder / "bundle"


def test_the_genome_is_long_enough() -> None:
    """Twice the longest REF lies on the contig."""
    assert max(size for dimension, size in DIMENSIONS if dimension is long_deletion) * 2 + 1000 <= LENGTH
