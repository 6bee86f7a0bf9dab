"""Which genome build a VCF file was called on, from its header, its contig names, and REF against references at hand.

What tells most comes first: lengths of contigs and RefSeq accessions belong to one build; a position beyond the end of
a chromosome excludes builds; names in the header are often left over from another file, and decide nothing alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from annotator.engine.reference.build_evidence import ACCESSION, Signs, chromosome
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.presets import CHROMOSOMES, read_builds, refseq_accession

#: The human mitochondrion by itself: it belongs to GRCh37 (hs37d5) and GRCh38 alike.
MITOCHONDRION = "rCRS"
#: Lengths in bases of the mitochondrion, and of the older one of UCSC's hg19, which is another sequence (NC_001807).
RCRS_LENGTH, OLDER_LENGTH = 16_569, 16_571
OLDER_MITOCHONDRION = "UCSC's hg19 chrM"
#: Part of the records whose REF must agree with a reference that a file was called on, as in the check of the whole.
AGREEING = 0.9
#: Compared records that are enough to say that a reference is the wrong one, and the part that must differ: on another
#: sequence about three in four do.
ENOUGH, DIFFERING = 20, 0.5
#: Contigs of another length that are told to another process.
MOST_LENGTHS = 10


@dataclass(frozen=True)
class Candidate:
    """A build that a file may be of. ``certain`` where a length or an accession says so."""

    build: str
    reason: str
    certain: bool


@dataclass(frozen=True)
class Detection:
    """What was found: ``candidates``, the likeliest first, and builds that are ``excluded``, with the reason."""

    candidates: tuple[Candidate, ...]
    excluded: dict[str, str]

    @property
    def build(self) -> Candidate | None:
        """The build, when one alone is left."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def words(self) -> str:
        """In a sentence without its end."""
        if self.build:
            return f"{self.build.build} ({self.build.reason})"
        if self.candidates:
            return "ambiguous: " + "; ".join(f"{one.build} ({one.reason})" for one in self.candidates)
        return "unknown"


@dataclass(frozen=True)
class Fit:
    """How the beginning of a file fits a reference.

    Attributes:
        total: records looked at.
        on_contigs: those on contigs that the reference has.
        compared: those whose REF was compared with the sequence.
        agreeing: those that agree.
        wrong_lengths: contigs that the header gives another length: name, length in the file, length in the reference.
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
        """Whether what could be compared agrees."""
        return self.compared > 0 and self.agreeing >= AGREEING * self.compared


def synonyms(name: str, length: int) -> list[str]:
    """Other names of a contig: with and without ``chr``, and RefSeq's where the length tells the human build."""
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


def detect(signs: Signs) -> Detection:
    """Tell the build of a file from its header, its contig names and its positions."""
    if signs.mitochondrial:
        return _mitochondrion(signs)
    excluded = dict(_excluded(signs))
    certain = list(_certain(signs))
    if certain:
        return Detection(tuple(one for one in certain if one.build not in excluded or len(certain) == 1), excluded)
    named = [
        Candidate(build, f"its header names {', '.join(sorted(words))}", certain=False)
        for build, facts in read_builds().items()
        if (words := signs.names & set(facts["names"])) and build not in excluded
    ]
    if named or not excluded:
        return Detection(tuple(named), excluded)
    left = [build for build in read_builds() if build not in excluded]
    reason = "its positions lie beyond chromosomes of the other builds"
    return Detection(tuple(Candidate(build, reason, certain=False) for build in left), excluded)


def build_of(assembly: str) -> str | None:
    """The human build that an assembly's name means, such as ``GRCh38`` for ``GRCh38.p14`` and ``hg38``."""
    words = {assembly.lower(), *re.split(r"[._ -]", assembly.lower())}
    return next((build for build, facts in read_builds().items() if words & set(facts["names"])), None)


def fit(signs: Signs, reference: Reference) -> Fit:
    """Compare the beginning of a file with a reference.

    Raises:
        OSError: the sequence cannot be read.
    """
    known = {name: reference.canonical(name) for name in {*signs.contigs, *signs.lengths}}
    wrong = []
    for name, length in signs.lengths.items():
        contig = known[name]
        if contig is not None and length != reference.contig(contig).length:
            wrong.append((name, length, reference.contig(contig).length))
    sequence = reference.sequence()
    compared = agreeing = 0
    for name, pos, ref in signs.records:
        contig = known[name]
        if contig is None or not 0 < pos <= reference.contig(contig).length:
            continue
        compared += 1
        agreeing += sequence.fetch(contig, pos, len(ref)) == ref
    on_contigs = sum(count for name, count in signs.contigs.items() if known[name] is not None)
    return Fit(signs.contigs.total(), on_contigs, compared, agreeing, tuple(wrong))


def evidence_of(signs: Signs, detection: Detection, fits: dict[str, Fit]) -> dict[str, Any]:
    """What was found, ready for JSON; :class:`Evidence` reads it."""
    return {
        "contigs": list(signs.contigs),
        "mitochondrial": signs.mitochondrial,
        "candidates": [asdict(one) for one in detection.candidates],
        "excluded": detection.excluded,
        "fits": {
            name: {**asdict(one), "wrong_lengths": one.wrong_lengths[:MOST_LENGTHS]} for name, one in fits.items()
        },
    }


@dataclass(frozen=True)
class Evidence:
    """What another process found at the beginning of a file.

    Attributes:
        contigs: names of the contigs that have records, as the file has them.
        mitochondrial: whether all records are on the mitochondrion.
        detection: the build.
        fits: how the file fits references, by the names that were asked for.
    """

    contigs: tuple[str, ...]
    mitochondrial: bool
    detection: Detection
    fits: dict[str, Fit]

    @classmethod
    def of(cls, found: dict[str, Any]) -> Evidence:
        """Read what :func:`evidence_of` made."""
        candidates = tuple(Candidate(**one) for one in found["candidates"])
        fits = {
            name: Fit(**{**one, "wrong_lengths": tuple(tuple(length) for length in one["wrong_lengths"])})
            for name, one in found["fits"].items()
        }
        detection = Detection(candidates, found["excluded"])
        return cls(tuple(found["contigs"]), found["mitochondrial"], detection, fits)


def _mitochondrion(signs: Signs) -> Detection:
    lengths = {length for name, length in signs.lengths.items() if chromosome(name) == "MT"}
    furthest = max(signs.furthest.values())
    if lengths & {OLDER_LENGTH} or furthest > RCRS_LENGTH:
        reason = f"the mitochondrion has {OLDER_LENGTH:,} bases: {OLDER_MITOCHONDRION}, which is another sequence"
        return Detection((), {MITOCHONDRION: reason})
    told = "has its length" if RCRS_LENGTH in lengths else "has all records"
    return Detection((Candidate(MITOCHONDRION, f"the mitochondrion {told}", RCRS_LENGTH in lengths),), {})


def _certain(signs: Signs) -> Iterator[Candidate]:
    for build, lengths in _lengths().items():
        versions = dict(zip(CHROMOSOMES, read_builds()[build]["refseq"], strict=False))
        same = [name for name, length in signs.lengths.items() if lengths.get(chromosome(name) or "") == length]
        if same:
            yield Candidate(build, f"detected from {_count(len(same), 'contig length')}", certain=True)
            continue
        accessions = [
            name
            for name in {*signs.contigs, *signs.lengths}
            if (found := ACCESSION.fullmatch(name)) and versions.get(chromosome(name) or "") == int(found[2])
        ]
        if accessions:
            yield Candidate(build, f"detected from {_count(len(accessions), 'RefSeq accession')}", certain=True)


def _excluded(signs: Signs) -> Iterator[tuple[str, str]]:
    for build, lengths in _lengths().items():
        for name, pos in signs.furthest.items():
            length = lengths.get(chromosome(name) or "")
            if length is not None and pos > length:
                yield build, f"{name}:{pos:,} lies beyond the end of that chromosome"
                break


@cache
def _lengths() -> dict[str, dict[str, int]]:
    return {build: dict(zip(CHROMOSOMES, facts["lengths"], strict=True)) for build, facts in read_builds().items()}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
