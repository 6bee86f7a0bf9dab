"""The reference that a job is annotated with: the chosen one, if the file was called on it, or the one found out."""
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from annotator.engine.reference.build_detection import (
    MITOCHONDRION,
    RCRS_LENGTH,
    Detection,
    DetectionReport,
    Fit,
    build_of,
    sequence_genome,
)
from annotator.engine.reference.build_evidence import chromosome
from annotator.worker.engine_process import EngineCrashedError
from annotator.worker.limited_process import ProcessLimits, ProcessorTimeError, WallTimeError, run_limited
from annotator.worker.reference_store import ReferenceStore
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.references import AUTO, ReferenceInfo
from chalicelib.exceptions import JobFailure, ReferenceUnavailableError

logger = Logger(service="annotator", child=True)

LIMITS = ProcessLimits(wall=600, processor=120, memory=3 * 1024**3)
"""What looking at the beginning of a file may take at most; it takes a second."""
CHOOSE = "Upload the file again and choose its reference yourself."


@dataclass(frozen=True)
class Choice:
    """A reference, and by what it was found; None where the user chose it."""

    info: ReferenceInfo
    found: str | None


def choose_reference(wish: str, source: Path, store: ReferenceStore, now: int, check: Callable[[int], None],
                     limits: ProcessLimits = LIMITS) -> Choice:
    """Decide what a file is annotated with, from its beginning, which a process of its own reads.

    Args:
        wish: Name of a reference, or `AUTO`.
        source: The input file.
        now: Epoch seconds.
        check: Called often while a reference is brought or the file is read; what it raises ends that.
        limits: Of the process that reads the file.

    Raises:
        JobFailure: The file was called on another reference, or does not tell which.
        ReferenceUnavailableError: A reference cannot be had just now.
        EngineCrashedError: The process ended without an answer.
    """
    look = _Look(source, store, check, limits)
    references = store.all(now)
    if wish == AUTO:
        return _find(look, references)
    chosen = next((one for one in references if one.name == wish), None)
    if chosen is None:
        raise JobFailure(JobReason("reference_unknown", f"The reference {wish} is no longer there.",
                                   f"Upload the file again and choose one of these: {_names(references)}."))
    evidence, found = look.beside(chosen)
    detection = evidence.detection
    contradicted = _contradicted(detection, chosen, found)
    if found.wrong or contradicted:
        raise _other_build(chosen, found, detection, references)
    return Choice(chosen, None)


def _contradicted(detection: Detection, info: ReferenceInfo, found: Fit) -> bool:
    """Whether contig lengths or accessions say another build, and no REF alleles say that they are wrong."""
    build = build_of(info.assembly)
    told = detection.build
    return (told is not None and told.certain and build is not None and told.build not in (build, MITOCHONDRION)
            and not found.right)


def _other_build(chosen: ReferenceInfo, found: Fit, detection: Detection,
                 references: list[ReferenceInfo]) -> JobFailure:
    parts = []
    if found.compared:
        parts.append(f"REF is what it has in {found.agreeing:,} of the first {found.compared:,} records")
    if found.wrong_lengths:
        name, theirs, ours = found.wrong_lengths[0]
        parts.append(f"contig {name} has {theirs:,} bases in the file's header and {ours:,} in it")
    if detection.build:
        parts.append(f"the file seems to be of {detection.words}")
    fitting = [one for one in references if detection.build and build_of(one.assembly) == detection.build.build]
    hint = (f"Annotate it with {fitting[0].label}." if fitting else
            "Choose the reference that the variants were called on, or lift the file over.")
    return JobFailure(JobReason("wrong_build", f"The file was not called on {chosen.label}: {'; '.join(parts)}.", hint))


def _find(look: _Look, references: list[ReferenceInfo]) -> Choice:
    evidence = look.alone()
    detection = evidence.detection
    if not evidence.contigs:
        # No records, or no VCF at all: the engine reports what is wrong with it, whatever it is compared with.
        return Choice(references[0], None)
    possible = [one for one in references if _possible(evidence, one)]
    if detection.build and detection.build.certain and not possible:
        raise JobFailure(JobReason("no_reference_for_build",
                                   f"The file is of {detection.words}; there is no such reference here.",
                                   f"Lift the file over to one of these: {_names(references)}."))
    fits = [(one, look.beside(one)[1]) for one in possible]
    right = [(one, found) for one, found in fits if found.right]
    if not right:
        seems = f" It seems to be of {detection.words}." if detection.candidates else ""
        raise JobFailure(JobReason("no_reference_fits", f"The file fits none of the references here.{seems}",
                                   f"Lift the file over to one of these: {_names(references)}."))
    most = max(found.on_contigs for _, found in right)
    best = [(one, found) for one, found in right if found.on_contigs == most]
    if len({build_of(one.assembly) or one.assembly for one, _ in best}) > 1 and not evidence.mitochondrial:
        raise JobFailure(JobReason(
            "reference_undecided",
            f"The file does not tell which reference it was called on: {_names([b for b, _ in best])}.", CHOOSE))
    # Of several that have all its contigs the smallest was made for them.
    info, found = min(best, key=lambda one: (len(one[0].contigs), one[0].name))
    return Choice(info, _reason(detection, info, found))


def _reason(detection: Detection, info: ReferenceInfo, found: Fit) -> str:
    told = detection.build
    if told is not None and told.certain and (told.build in (build_of(info.assembly), MITOCHONDRION)):
        return told.reason
    return f"detected from REF: {found.agreeing:,} of the first {found.compared:,} records agree"


def _possible(evidence: DetectionReport, info: ReferenceInfo) -> bool:
    """Whether it is worth comparing a file with a reference: that may mean to bring it first."""
    build, detection = build_of(info.assembly), evidence.detection
    if build in detection.excluded:
        return False
    if evidence.mitochondrial:
        return any(chromosome(name) == "MT" and length == RCRS_LENGTH for name, length in info.contigs.items())
    told = detection.build
    if told is not None and told.certain and build is not None:
        return told.build == build
    theirs = {_meant(name) for name in info.contigs}
    return any(_meant(name) in theirs for name in evidence.contigs)


def _meant(contig: str) -> str:
    """The same for all names of a contig."""
    return chromosome(contig) or sequence_genome(contig) or contig


class _Look:
    """Looks at the beginning of a file, in a process with limits: `python -m annotator reference detect`."""

    def __init__(self, source: Path, store: ReferenceStore, check: Callable[[int], None],
                 limits: ProcessLimits) -> None:
        self._source = source
        self._store = store
        self._check = check
        self._limits = limits

    def alone(self) -> DetectionReport:
        """What the file itself says."""
        return self._run([])

    def beside(self, info: ReferenceInfo) -> tuple[DetectionReport, Fit]:
        """What it says, and how it fits a reference."""
        with self._store.opened(info, self._check) as folder:
            evidence = self._run(["--reference", str(folder)])
        return evidence, evidence.fits[str(folder)]

    def _run(self, options: list[str]) -> DetectionReport:
        command = [sys.executable, "-m", "annotator", "reference", "detect", str(self._source), "--json", *options,
                   *self._limits.options]
        lines: list[str] = []
        try:
            ended = run_limited(command, self._limits, lines.append, self._stopping)
        except (WallTimeError, ProcessorTimeError) as error:
            raise JobFailure(JobReason(
                "time_limit", "The beginning of the file could not be read in the time that there is.",
                "Check the file with: bcftools view --header-only")) from error
        try:
            found: dict[str, Any] = json.loads("".join(lines))
            if ended.code == 0:
                return DetectionReport.from_dict(found)
            raise ReferenceUnavailableError(found["error"]["message"])
        except (ValueError, KeyError, TypeError) as error:
            logger.exception("The build could not be looked for", extra={"code": ended.code, "stderr": ended.errors})
            raise EngineCrashedError() from error

    def _stopping(self) -> bool:
        self._check(0)
        return False


def _names(references: list[ReferenceInfo]) -> str:
    return ", ".join(one.name for one in references)
