"""A folder with the files of a made-up genome, variations of them, and bundles that are built from them."""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

import pysam

from tests.performance.genome.files import FILES


@dataclass(frozen=True)
class GenomeFolder:
    """Files that :func:`tests.performance.genome.files.write` has written, and what is made from them beside them."""

    path: Path

    def file(self, part: str) -> Path:
        """The file of a part of the genome."""
        return self.path / FILES[part]

    def build_command(self, name: str, models: Path | None = None, layers: int = 0) -> list[str]:
        """A command that builds a bundle of this name.

        Args:
            name: The bundle and its directory.
            models: Gene models; those of the genome for None.
            layers: Number of layers of known variants, all the same ones.
        """
        words = [sys.executable, "-m", "annotator", "reference", "build", "--name", name]
        words += ["--out", str(self.path / name), "--fasta", str(self.file("sequence"))]
        words += ["--gff", str(models or self.file("models")), "--regions", f"ISLAND={self.file('regions')}"]
        for at in range(layers):
            words += ["--variants", f"known{at}={self.file('known')}:ID,AF"]
        return words

    def first_records(self, count: int) -> Path:
        """A file of the person's first records."""
        path = self.path / f"first{count}.vcf.gz"
        with gzip.open(self.file("person"), "rt") as lines, gzip.open(path, "wt", 1) as stream:
            for line in lines:
                if not line.startswith("#"):
                    count -= 1
                    if count < 0:
                        break
                stream.write(line)
        return path

    def chromosome(self, contig: str, path: Path) -> None:
        """Write sequence, gene models and the person's records of one contig, plain and with its name without ``chr``.

        Args:
            contig: Such as ``chr22``.
            path: A directory for ``genome.fa``, ``genome.gff3`` and ``person.vcf``.
        """
        path.mkdir(exist_ok=True)
        name = contig.removeprefix("chr")
        bases = pysam.FastaFile(str(self.file("sequence"))).fetch(contig)
        (path / "genome.fa").write_text(f">{name}\n{bases}\n")
        for part, file in (("models", "genome.gff3"), ("person", "person.vcf")):
            with gzip.open(self.file(part), "rt") as lines, (path / file).open("w") as stream:
                for line in lines:
                    if line.startswith(f"{contig}\t"):
                        stream.write(name + line[len(contig) :])
                    elif line.startswith("#") and not line.startswith("##contig"):
                        stream.write(line)

    def copied_transcripts(self, copies: int) -> Path:
        """Gene models with so many copies of each transcript."""
        path = self.path / f"copies{copies}.gff3"
        with gzip.open(self.file("models"), "rt") as lines, path.open("w") as stream:
            for line in lines:
                once = line.startswith("#") or line.split("\t", 3)[2].endswith("gene")
                for copy in range(1 if once else copies):
                    stream.write(line if once else line.replace("M_", f"M{copy}_").replace("R_", f"R{copy}_"))
        return path
