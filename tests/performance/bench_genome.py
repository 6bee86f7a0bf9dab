"""``make bench-genome``: a made-up genome of human size is built, annotated, and compared with other programs.

Every step adds its figures to ``figures.json`` in the working directory and is skipped when they are there, so that an
interrupted run goes on where it stopped. At the end the figures are written into docs/performance.md, and the plots
into docs/genome.svg.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pysam
from pysam.version import __bcftools_version__ as bcftools_version

from annotator.engine import Reference
from annotator.engine.version import ENGINE_VERSION
from tests.conftest import PROJECT
from tests.oracles import genomes
from tests.oracles.vepyr import ENVIRONMENT, Vepyr
from tests.oracles.vepyr_cache import write_cache
from tests.performance import genome_figures
from tests.performance.genome.files import FILES, Genome, write
from tests.performance.genome.folder import GenomeFolder
from tests.performance.test_engine import CSQ, peak_of

WORK = PROJECT / ".gas" / "bench-genome"
PAGE, PLOTS = PROJECT / "docs" / "performance.md", PROJECT / "docs" / "genome.svg"
GROWTH = 10
"""Growth is measured on a genome smaller than the other one by this factor."""
CHROMOSOME = "chr1"
"""On which vepyr is run."""
RECORDS, COPIES, LAYERS, PROCESSES = (0.25, 0.5, 1.0), (1, 2, 4), (0, 2, 4), (1, 2, 4)
"""Points of the plots: parts of the records, copies of each transcript, layers of known variants, processes."""
Point = dict[str, float]
"""``processor`` and ``passed`` in seconds, ``memory`` and ``size`` in bytes; in a series ``size`` is its quantity."""


class Bench:
    """The steps, their figures, and the directory in which they work."""

    def __init__(self, genome: Genome, work: Path, say: Callable[[str], object]) -> None:
        self.genome, self.small = genome, replace(genome, scale=genome.scale / GROWTH)
        self.folder, self.growth = GenomeFolder(work), GenomeFolder(work / "growth")
        self.notes = work / "figures.json"
        self.say = say
        self.figures: genome_figures.Figures = json.loads(self.notes.read_text()) if self.notes.exists() else {}

    def run(self) -> genome_figures.Figures:
        """All steps whose figures are missing, in order."""
        steps: dict[str, Callable[[], Any]] = {
            "files": lambda: self.files(self.genome, self.folder),
            "bundle": lambda: self.build(self.folder, "plain"),
            "known bundle": lambda: self.build(self.folder, "known", layers=1),
            "about": self.about,
            "csq": self.csq,
            "annotation": lambda: self.annotate(self.folder.file("person"), self.folder.path / "plain"),
            "known annotation": lambda: self.annotate(self.folder.file("person"), self.folder.path / "known"),
            "vepyr": self.vepyr,
            "files for growth": lambda: self.files(self.small, self.growth),
            "records": lambda: list(self.records()),
            "transcripts": lambda: list(self.transcripts()),
            "layers": lambda: list(self.layers()),
            "processes": lambda: list(self.processes()),
        }
        for number, (name, step) in enumerate(steps.items(), start=1):
            head = f"{number}/{len(steps)} {name}"
            if name in self.figures:
                self.say(f"{head}: done before")
                continue
            self.say(f"{head} ...")
            begun = time.monotonic()
            self.figures[name] = step()
            part = self.notes.with_suffix(".part")
            part.write_text(json.dumps(self.figures, indent=1))
            part.rename(self.notes)
            self.say(f"{head}: {time.monotonic() - begun:.0f} s")
        return self.figures

    def files(self, genome: Genome, folder: GenomeFolder) -> dict[str, int]:
        """Bytes of each file of a genome, after writing those that are missing."""
        missing = tuple(part for part in FILES if not folder.file(part).exists())
        if missing:
            write(genome, folder.path, missing, lambda line: self.say(f"  {line}"))
        return {part: folder.file(part).stat().st_size for part in FILES}

    def about(self) -> dict[str, Any]:
        """What the figures were measured on and with."""
        model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        manifest = json.loads((self.folder.path / "known" / "manifest.json").read_text())
        with gzip.open(self.folder.file("models"), "rt") as lines:
            transcripts = sum("\tID=transcript:" in line for line in lines)
        with gzip.open(self.folder.file("person"), "rb") as lines:
            records = sum(not line.startswith(b"#") for line in lines)
        return {
            "bases": sum(contig["length"] for contig in manifest["contigs"]), "scale": str(self.genome.scale),
            "transcripts": transcripts, "records": records, "every": self.genome.every,
            "known": sum(self.genome.lengths.values()) // self.genome.every,
            "machine": model[1] if model else platform.machine(), "processors": len(os.sched_getaffinity(0)),
            "load": round(os.getloadavg()[0], 1), "python": platform.python_version(), "engine": ENGINE_VERSION,
            "bcftools": bcftools_version,
        }  # fmt: skip

    def build(self, folder: GenomeFolder, name: str, models: Path | None = None, layers: int = 0) -> Point:
        """Build a bundle, in place of an unfinished one."""
        shutil.rmtree(folder.path / name, ignore_errors=True)
        point = measured(folder.build_command(name, models, layers))
        files = (path for path in (folder.path / name).rglob("*") if path.is_file())
        return {**point, "size": sum(path.stat().st_size for path in files)}

    def annotate(self, path: Path, bundle: Path, processes: int | None = None) -> Point:
        """Annotate a file; the size is that of the results file."""
        out = path.with_name("out.annot.vcf.gz")
        words = ["annotate", str(path), "--reference", str(bundle), "--out", str(out)]
        words += ["--processes", str(processes)] if processes else []
        return {**measured([sys.executable, "-m", "annotator", *words]), "size": out.stat().st_size}

    def csq(self) -> Point:
        """``bcftools csq -l`` on the same records."""
        bundle, out = self.folder.path / "plain", self.folder.path / "csq.vcf.gz"
        words = ["-f", str(bundle / "sequence.fa.gz"), "-g", str(bundle / "models.gff3.gz"), "-l", "-Oz"]
        point = measured([sys.executable, "-c", CSQ, *words, "-o", str(out), str(self.folder.file("person"))])
        return {**point, "size": out.stat().st_size}

    def vepyr(self) -> dict[str, Any]:
        """vepyr and the engine on the records of one chromosome; writing vepyr's cache is not counted."""
        if reason := Vepyr().missing():
            return {"missing": reason}
        place = self.folder.path / CHROMOSOME
        shutil.rmtree(place, ignore_errors=True)
        self.folder.chromosome(CHROMOSOME, place)
        fasta, records = place / "genome.fa", place / "person.vcf"
        bundle = self.folder.path / "plain"
        one = genomes.Genome(CHROMOSOME, CHROMOSOME.removeprefix("chr"), fasta, place / "genome.gff3",
                             Reference.load(bundle))  # fmt: skip
        pysam.faidx(str(fasta))
        words = ["annotate", "-i", str(records), "-o", str(place / "vepyr.vcf"), "--fasta", str(fasta)]
        words += ["--dir_cache", str(write_cache(one, place / "cache")), "--no_progress"]
        ours = self.annotate(records, bundle)
        count = sum(not line.startswith("#") for line in records.read_text().splitlines())
        point = measured([str(ENVIRONMENT / "bin" / "vepyr"), *words])
        return {**point, "ours": ours["processor"], "version": Vepyr().version(), "records": count}

    def records(self) -> Iterator[Point]:
        """Parts of the records."""
        self.build(self.growth, "plain")
        with gzip.open(self.growth.file("person"), "rb") as lines:
            whole = sum(not line.startswith(b"#") for line in lines)
        for part in RECORDS:
            count = int(whole * part)
            yield {**self.annotate(self.growth.first_records(count), self.growth.path / "plain"), "size": count}

    def transcripts(self) -> Iterator[Point]:
        """All records, and so many copies of each transcript."""
        with gzip.open(self.growth.file("models"), "rt") as lines:
            whole = sum("\tID=transcript:" in line for line in lines)
        for copies in COPIES:
            self.build(self.growth, "copies", self.growth.copied_transcripts(copies))
            point = self.annotate(self.growth.file("person"), self.growth.path / "copies")
            yield {**point, "size": whole * copies}

    def layers(self) -> Iterator[Point]:
        """All records, and so many layers of known variants."""
        for layers in LAYERS:
            self.build(self.growth, "layers", layers=layers)
            yield {**self.annotate(self.growth.file("person"), self.growth.path / "layers"), "size": layers}

    def processes(self) -> Iterator[Point]:
        """All records by so many processes."""
        for processes in PROCESSES:
            point = self.annotate(self.growth.file("person"), self.growth.path / "plain", processes)
            yield {**point, "size": processes}


def measured(command: list[str]) -> Point:
    """Processor and passing time of a command in seconds, and most memory of its processes in bytes.

    Raises:
        AssertionError: the command failed.
    """
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    peak = peak_of(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"processor": round(worked, 2), "passed": round(time.monotonic() - begun, 2), "memory": peak}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.bench_genome", description=__doc__)
    parser.add_argument("--scale", type=Fraction, default=Fraction(1), help="size beside the human genome (1)")
    parser.add_argument("--every", type=int, default=100, help="distance of known variants in bases (100)")
    parser.add_argument("--work", type=Path, help="directory for files and figures (.gas/bench-genome/SCALE)")
    parser.add_argument("--keep-docs", action="store_true", help="leave docs/ as it is")
    given = parser.parse_args(words)
    work = given.work or WORK / str(given.scale).replace("/", "-")
    work.mkdir(parents=True, exist_ok=True)
    figures = Bench(Genome(given.scale, given.every), work, lambda line: sys.stderr.write(line + "\n")).run()
    text = genome_figures.section(figures)
    if not given.keep_docs:
        PAGE.write_text(genome_figures.with_section(PAGE.read_text("utf-8"), text), "utf-8")
        PLOTS.write_text(genome_figures.plots(figures), "utf-8")
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
