"""Which genome build a VCF file was called on, from its header, its contig names, and REF compared with references.

The strongest evidence comes first: contig lengths and RefSeq accessions belong to one build; a position beyond the end
of a chromosome excludes builds; build names in the header are often left over from another file, and are not enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from annotator.engine.reference.build_evidence import ACCESSION, FileEvidence, chromosome
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.presets import CHROMOSOMES, read_builds, read_sequences, refseq_accession

MITOCHONDRION = "rCRS"
"""The human mitochondrion as a reference of its own: GRCh37 (hs37d5) and GRCh38 share it."""
RCRS_LENGTH, OLDER_LENGTH = 16_569, 16_571
"""Lengths in bases of the rCRS, and of the mitochondrion of UCSC's hg19, which is another sequence (NC_001807)."""
OLDER_MITOCHONDRION = "UCSC's hg19 chrM"
AGREEING = 0.9
"""Least share of records whose REF agrees with the reference that a file was called on, as in the check of all
records."""
ENOUGH, DIFFERING = 20, 0.5
"""Least number of compared records for calling a reference wrong, and the share that must differ: on another sequence
about three in four do."""
MOST_LENGTHS = 10
"""Most contigs with another length that a report lists."""


@dataclass(frozen=True)
class Candidate:
    """A build that a file may have been called on; ``certain`` when a contig length or an accession proves it."""

    build: str
    reason: str
    certain: bool


@dataclass(frozen=True)
class Detection:
    """The builds that are possible, likeliest first, and the reason why by build that is excluded."""

    candidates: tuple[Candidate, ...]
    excluded: dict[str, str]

    @property
    def build(self) -> Candidate | None:
        """The build, when only one is possible."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def words(self) -> str:
        """The result as a phrase."""
        if self.build:
            return f"{self.build.build} ({self.build.reason})"
        if self.candidates:
            return "ambiguous: " + "; ".join(f"{one.build} ({one.reason})" for one in self.candidates)
        return "unknown"


@dataclass(frozen=True)
class Fit:
    """How the first records of a file fit a reference.

    Attributes:
        total: records that were read.
        on_contigs: records on contigs of the reference.
        compared: records whose REF was compared with the sequence.
        agreeing: records whose REF agrees with it.
        wrong_lengths: contigs that have another length in the header: name, length in the file, length in the
            reference (bases).
    """

    total: int
    on_contigs: int
    compared: int
    agreeing: int
    wrong_lengths: tuple[tuple[str, int, int], ...]

    @property
    def wrong(self) -> bool:
        """Whether the file was certainly called on another sequence."""
        return self.compared >= ENOUGH and self.compared - self.agreeing > DIFFERING * self.compared

    @property
    def right(self) -> bool:
        """Whether the records that could be compared agree."""
        return self.compared > 0 and self.agreeing >= AGREEING * self.compared


def synonyms(name: str, length: int) -> list[str]:
    """Other names of a contig: with and without ``chr``, and RefSeq's when the length identifies a human build.

    The sequence of a genome that has only one, such as a virus, has the names that are listed for it.
    """
    genome = sequence_genome(name)
    if genome is not None and length == read_sequences()[genome]["length"]:
        return [other for other, its_genome in _sequences().items() if its_genome == genome and other != name]
    short = chromosome(name)
    if short is None:
        return [name.removeprefix("chr")] if name.startswith("chr") else [f"chr{name}"]
    if short == "MT":
        names = ["MT", "M", "chrM", "chrMT"]
        return [one for one in [*names, *(["NC_012920.1"] if length == RCRS_LENGTH else [])] if one != name]
    names = [short, f"chr{short}"]
    for build, lengths in _lengths().items():
        versions = read_builds()[build]["refseq"]
        if lengths[short] == length and versions:
            names.append(refseq_accession(short, versions[CHROMOSOMES.index(short)]))
    return [one for one in names if one != name]


def detect(evidence: FileEvidence) -> Detection:
    """The build of a file by its header, its contig names and its positions."""
    if evidence.mitochondrial:
        return _mitochondrion(evidence)
    genomes = {sequence_genome(name) for name in evidence.contigs}
    if len(genomes) == 1 and (genome := genomes.pop()) is not None:
        return _one_sequence(evidence, genome)
    excluded = dict(_excluded(evidence))
    certain = list(_certain(evidence))
    if certain:
        return Detection(tuple(one for one in certain if one.build not in excluded or len(certain) == 1), excluded)
    named = [
        Candidate(build, f"its header names {', '.join(sorted(words))}", certain=False)
        for build, facts in read_builds().items()
        if (words := evidence.names & set(facts["names"])) and build not in excluded
    ]
    if named or not excluded:
        return Detection(tuple(named), excluded)
    left = [build for build in read_builds() if build not in excluded]
    reason = "its positions lie beyond chromosomes of the other builds"
    return Detection(tuple(Candidate(build, reason, certain=False) for build in left), excluded)


def build_of(assembly: str) -> str | None:
    """The genome that the name of an assembly means, such as ``GRCh38`` for ``GRCh38.p14`` and ``hg38``."""
    if assembly in read_sequences():
        return assembly
    if genome := sequence_genome(assembly):
        return genome
    words = {assembly.lower(), *re.split(r"[._ -]", assembly.lower())}
    return next((build for build, facts in read_builds().items() if words & set(facts["names"])), None)


def fit(evidence: FileEvidence, reference: Reference) -> Fit:
    """Compare the first records of a file with a reference.

    Raises:
        OSError: the sequence cannot be read.
    """
    known = {name: reference.canonical(name) for name in {*evidence.contigs, *evidence.lengths}}
    wrong = []
    for name, length in evidence.lengths.items():
        contig = known[name]
        if contig is not None and length != reference.contig(contig).length:
            wrong.append((name, length, reference.contig(contig).length))
    sequence = reference.sequence()
    compared = agreeing = 0
    for name, pos, ref in evidence.records:
        contig = known[name]
        if contig is None or not 0 < pos <= reference.contig(contig).length:
            continue
        compared += 1
        agreeing += sequence.fetch(contig, pos, len(ref)) == ref
    on_contigs = sum(count for name, count in evidence.contigs.items() if known[name] is not None)
    return Fit(evidence.contigs.total(), on_contigs, compared, agreeing, tuple(wrong))


@dataclass(frozen=True)
class DetectionReport:
    """The result of the detection, as ``reference detect --json`` passes it to another process.

    Attributes:
        contigs: names of the contigs that have records, as the file spells them.
        mitochondrial: whether all records are on the mitochondrion.
        detection: the build.
        fits: how the file fits references, by the names that were asked for.
    """

    contigs: tuple[str, ...]
    mitochondrial: bool
    detection: Detection
    fits: dict[str, Fit]

    @classmethod
    def of(cls, evidence: FileEvidence, fits: dict[str, Fit]) -> DetectionReport:
        """Report on a file; of its contigs with another length only the first :data:`MOST_LENGTHS`."""
        short = {name: replace(one, wrong_lengths=one.wrong_lengths[:MOST_LENGTHS]) for name, one in fits.items()}
        return cls(tuple(evidence.contigs), evidence.mitochondrial, detect(evidence), short)

    def as_dict(self) -> dict[str, Any]:
        """The report as values of JSON."""
        return {
            "contigs": list(self.contigs),
            "mitochondrial": self.mitochondrial,
            "candidates": [asdict(one) for one in self.detection.candidates],
            "excluded": self.detection.excluded,
            "fits": {name: asdict(one) for name, one in self.fits.items()},
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> DetectionReport:
        """Read what :meth:`as_dict` returned."""
        candidates = tuple(Candidate(**one) for one in found["candidates"])
        fits = {
            name: Fit(**{**one, "wrong_lengths": tuple(tuple(length) for length in one["wrong_lengths"])})
            for name, one in found["fits"].items()
        }
        detection = Detection(candidates, found["excluded"])
        return cls(tuple(found["contigs"]), found["mitochondrial"], detection, fits)


def _mitochondrion(evidence: FileEvidence) -> Detection:
    lengths = {length for name, length in evidence.lengths.items() if chromosome(name) == "MT"}
    furthest = max(evidence.furthest.values())
    if lengths & {OLDER_LENGTH} or furthest > RCRS_LENGTH:
        reason = f"the mitochondrion has {OLDER_LENGTH:,} bases: {OLDER_MITOCHONDRION}, which is another sequence"
        return Detection((), {MITOCHONDRION: reason})
    reason = "has its length" if RCRS_LENGTH in lengths else "has all records"
    return Detection((Candidate(MITOCHONDRION, f"the mitochondrion {reason}", RCRS_LENGTH in lengths),), {})


def sequence_genome(name: str) -> str | None:
    """The genome of one sequence, such as ``SARS-CoV-2``, that a contig name means; None for other contigs."""
    return _sequences().get(name)


@cache
def _sequences() -> dict[str, str]:
    """Genomes of one sequence by the names of the sequence, accessions with their versions first."""
    return {
        name: genome for genome, facts in read_sequences().items() for name in (*facts["accessions"], *facts["names"])
    }


def _one_sequence(evidence: FileEvidence, genome: str) -> Detection:
    """The detection for a file all of whose records are on the sequence of a genome that has only one."""
    facts = read_sequences()[genome]
    name = next(iter(evidence.contigs))
    lengths = {evidence.lengths[one] for one in evidence.contigs if one in evidence.lengths}
    if lengths - {facts["length"]} or max(evidence.furthest.values()) > facts["length"]:
        reason = f"{name} has {facts['length']:,} bases there; the file has another length or a position beyond"
        return Detection((), {genome: reason})
    certain = bool(lengths) or name in facts["accessions"]
    return Detection((Candidate(genome, f"all records are on {name}", certain),), {})


def _certain(evidence: FileEvidence) -> Iterator[Candidate]:
    for build, lengths in _lengths().items():
        versions = dict(zip(CHROMOSOMES, read_builds()[build]["refseq"], strict=False))
        same = [name for name, length in evidence.lengths.items() if lengths.get(chromosome(name) or "") == length]
        if same:
            yield Candidate(build, f"detected from {_count(len(same), 'contig length')}", certain=True)
            continue
        accessions = [
            name
            for name in {*evidence.contigs, *evidence.lengths}
            if (found := ACCESSION.fullmatch(name)) and versions.get(chromosome(name) or "") == int(found[2])
        ]
        if accessions:
            yield Candidate(build, f"detected from {_count(len(accessions), 'RefSeq accession')}", certain=True)


def _excluded(evidence: FileEvidence) -> Iterator[tuple[str, str]]:
    for build, lengths in _lengths().items():
        for name, pos in evidence.furthest.items():
            length = lengths.get(chromosome(name) or "")
            if length is not None and pos > length:
                yield build, f"{name}:{pos:,} lies beyond the end of that chromosome"
                break


@cache
def _lengths() -> dict[str, dict[str, int]]:
    return {build: dict(zip(CHROMOSOMES, facts["lengths"], strict=True)) for build, facts in read_builds().items()}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
