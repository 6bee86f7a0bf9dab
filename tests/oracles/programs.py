"""The programs that are asked, and how their answers and ours are put in the same words."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pysam

from annotator.engine import Outputs, annotate, bcftools_child
from tests.oracles.genomes import PROJECT, Genome
from tests.oracles.vepyr_cache import write_cache

Values = tuple[str, ...]
"""An answer about one allele and transcript, in the order of a program's fields."""
Answers = dict[str, Values]
"""Answers about one allele, by transcript."""
Entry = dict[str, str]
"""One entry of CSQ by sub-field."""
SUBFIELDS = (
    "Consequence", "EXON", "INTRON", "HGVSc", "HGVSp", "cDNA_position", "CDS_position", "Protein_position",
    "Amino_acids", "Codons", "DISTANCE", "STRAND",
)  # fmt: skip
ENVIRONMENT = PROJECT / ".gas" / "oracles"
"""The virtual environment of programs that this project does not depend on."""
FLANKS = {"upstream_gene_variant", "downstream_gene_variant"}


class Program(ABC):
    """A program that annotates variants on all transcripts."""

    name: str
    fields: tuple[str, ...]

    @abstractmethod
    def missing(self) -> str:
        """Why it cannot be asked here, "" when it can."""

    @abstractmethod
    def version(self) -> str:
        """Its version."""

    @abstractmethod
    def ask(self, genome: Genome, vcf: Path, folder: Path) -> Iterator[Answers]:
        """Its answers, in the order of the records, which have one ALT allele each."""

    @abstractmethod
    def ours(self, entry: Values) -> Values | None:
        """Our answer (in the order of :data:`SUBFIELDS`) in this program's words; None where it never has one."""


def our_answers(genome: Genome, vcf: Path, folder: Path) -> Iterator[Answers]:
    """What the engine says, with the values of :data:`SUBFIELDS`."""
    outputs = Outputs.beside(folder / "ours.annot.vcf.gz")
    annotate(vcf, genome.reference, outputs, temporary=folder, processes=1)
    with gzip.open(outputs.vcf, "rt", encoding="utf-8") as lines:
        yield from _csq_answers(lines)


def _csq_answers(lines: Iterator[str]) -> Iterator[Answers]:
    """Answers in CSQ fields."""
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
        found = {}
        for entry in csq.split(",") if csq else ():
            values = entry.split("|")
            found[values[feature]] = tuple([values[index] for index in at])
        yield found


class Csq(Program):
    """``bcftools csq``, from pysam: terms, and amino acids before and after."""

    name = "bcftools csq"
    fields = ("terms", "amino_acids")

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return str(pysam.version.__bcftools_version__)  # type: ignore[attr-defined]

    def ask(self, genome: Genome, vcf: Path, folder: Path) -> Iterator[Answers]:
        out = folder / "csq.vcf"
        code = ["-C", str(genome.code)] if genome.code != 1 else []
        words = ["csq", "-f", str(genome.fasta), "-g", str(genome.models), *code, "-l", "-s", "-", "-n", "256"]
        words += ["-B", "4096", "-v", "0", "--force", "-Ov", "-o", str(out), str(vcf)]
        subprocess.run(bcftools_child.command(*words), check=True, capture_output=True)
        with out.open(encoding="ascii") as lines:
            for line in lines:
                if line.startswith("#"):
                    continue
                found = {}
                for entry in line.split("\t", 8)[7].rstrip("\n").partition("BCSQ=")[2].split(","):
                    values = entry.split("|")
                    if len(values) > 2 and values[2]:
                        terms = _sorted_terms(values[0].lstrip("*"))
                        change = values[5] if len(values) > 5 and "frameshift" not in terms else ""
                        found[values[2]] = (terms, _trimmed(change))
                yield found

    def ours(self, entry: Values) -> Values | None:
        terms = _as_csq_terms(entry[0])
        if terms is None:
            return None
        return terms, "" if "frameshift" in terms else _as_csq_change(entry[8], entry[7])


@cache
def _sorted_terms(text: str) -> str:
    return "&".join(sorted(set(text.split("&"))))


UNKNOWN_TO_CSQ = {
    "splice_donor_5th_base_variant", "splice_donor_region_variant", "splice_polypyrimidine_tract_variant",
    "NMD_transcript_variant", "coding_transcript_variant",
}  # fmt: skip
WITHOUT_TRANSCRIPT = {"intron_variant", "non_coding_transcript_exon_variant", "non_coding_transcript_variant"}
"""csq reports these by gene, not by transcript."""
CSQ_NAMES = {
    "non_coding_transcript_exon_variant": "non_coding", "non_coding_transcript_variant": "non_coding",
    "protein_altering_variant": "inframe_altering", "5_prime_UTR_variant": "5_prime_utr",
    "3_prime_UTR_variant": "3_prime_utr",
}  # fmt: skip


@cache
def _as_csq_terms(text: str) -> str | None:
    terms = set(text.split("&"))
    if terms & FLANKS or terms - UNKNOWN_TO_CSQ <= WITHOUT_TRANSCRIPT:
        return None
    return "&".join(sorted({CSQ_NAMES.get(one, one.removesuffix("_variant")) for one in terms - UNKNOWN_TO_CSQ}))


@cache
def _trimmed(change: str) -> str:
    """Position and amino acids of csq's ``121S>121Y`` or ``50S`` without what both sides share.

    Returns:
        ``121 S>Y``; "=" where nothing changes.
    """
    if not change:
        return ""
    found = re.fullmatch(r"(\d+)([A-Z*U]+)(?:>\1([A-Z*U]*))?", change)
    if not found:
        return change
    return "=" if found[3] is None else _without_shared(int(found[1]), found[2], found[3])


@cache
def _as_csq_change(amino_acids: str, position: str) -> str:
    before, slash, after = amino_acids.partition("/")
    first = position.partition("-")[0]
    if not first.isdigit() or "X" in amino_acids:
        return ""
    if not slash:
        return "="
    return _without_shared(int(first), before.replace("-", ""), after.replace("-", ""))


def _without_shared(first: int, before: str, after: str) -> str:
    while before and after and before[0] == after[0]:
        first, before, after = first + 1, before[1:], after[1:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return f"{first} {before}>{after}" if before or after else "="


class Vepyr(Program):
    """vepyr, a reimplementation of Ensembl VEP, from PyPI: the fields of CSQ."""

    name = "vepyr"
    fields = SUBFIELDS

    def missing(self) -> str:
        return "" if self._command.is_file() else f"vepyr is not installed in {ENVIRONMENT.relative_to(PROJECT)}"

    def version(self) -> str:
        return self._python("import importlib.metadata as m; print(m.version('vepyr'))")

    def ask(self, genome: Genome, vcf: Path, folder: Path) -> Iterator[Answers]:
        out, place = folder / "vepyr.vcf", write_cache(genome, folder / "cache")
        pysam.faidx(str(genome.fasta))
        words = ["annotate", "-i", str(vcf), "-o", str(out), "--dir_cache", str(place), "--fasta", str(genome.fasta)]
        words += ["--fields", ",".join(("Feature", *SUBFIELDS)), "--no_progress"]
        subprocess.run([str(self._command), *words], check=True, capture_output=True)
        with out.open(encoding="utf-8") as lines:
            yield from _csq_answers(lines)

    def ours(self, entry: Values) -> Values | None:
        return entry

    @property
    def _command(self) -> Path:
        return Path(os.environ.get("GAS_ORACLES", ENVIRONMENT)) / "bin" / "vepyr"

    def _python(self, text: str) -> str:
        done = subprocess.run([str(self._command.with_name("python")), "-c", text], check=True, capture_output=True)
        return done.stdout.decode().strip()


PROGRAMS: tuple[Program, ...] = (Csq(), Vepyr())
