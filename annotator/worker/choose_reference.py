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
from annotator.engine.reference.presets import read_builds
from annotator.worker.engine_process import EngineCrashedError
from annotator.worker.limited_process import ProcessLimits, ProcessorTimeError, WallTimeError, run_limited
from annotator.worker.reference_store import ReferenceStore
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.references import AUTO, ReferenceInfo
from chalicelib.exceptions import JobFailure, ReferenceUnavailableError

logger = Logger(service="annotator", child=True)

LIMITS = ProcessLimits(wall=600, processor=120, memory=3 * 1024**3)
"""What looking at the beginning of a file may take at most; it takes a second."""
CHOOSE = "Choose the reference that the variants were called on."
MOST_OFFERED = 3
"""References that a failed job's page offers at most."""


@dataclass(frozen=True)
class Choice:
    """A reference.

    Attributes:
        found: By what it was found; None where the user chose it.
        others: Names of other references that the file may have been called on instead.
    """

    info: ReferenceInfo
    found: str | None
    others: tuple[str, ...] = ()


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
    others = _others(evidence, chosen, references)
    if found.wrong or _contradicted(detection, chosen, found):
        raise _other_build(chosen, found, detection, others)
    return Choice(chosen, None, _listed(others))


def _others(evidence: DetectionReport, chosen: ReferenceInfo, references: list[ReferenceInfo]) -> list[ReferenceInfo]:
    """References with another sequence than the chosen one that the file may have been called on."""
    if evidence.mitochondrial and _has_rcrs(chosen):
        return []  # all that are possible share that sequence
    build = build_of(chosen.assembly) or chosen.assembly
    return [one for one in references if (build_of(one.assembly) or one.assembly) != build and _possible(evidence, one)]


def _listed(references: list[ReferenceInfo]) -> tuple[str, ...]:
    return tuple(one.name for one in references[:MOST_OFFERED])


def _contradicted(detection: Detection, info: ReferenceInfo, found: Fit) -> bool:
    """Whether contig lengths or accessions say another build, and no REF alleles say that they are wrong."""
    build = build_of(info.assembly)
    told = detection.build
    return (told is not None and told.certain and build is not None and told.build not in (build, MITOCHONDRION)
            and not found.right)


def _other_build(chosen: ReferenceInfo, found: Fit, detection: Detection, others: list[ReferenceInfo]) -> JobFailure:
    parts = []
    if found.compared:
        parts.append(f"REF agrees with it in {found.agreeing:,} of the first {found.compared:,} records")
    if found.wrong_lengths:
        name, theirs, ours = found.wrong_lengths[0]
        parts.append(f"contig {name} has {theirs:,} bases in the file's header and {ours:,} in it")
    if detection.build and not _is_build(chosen, detection.build.build):
        parts.append(f"the file appears to use {detection.words}")
    names = " or ".join(one.label for one in others[:MOST_OFFERED])
    hint = f"Annotate it with {names}." if others else (
        "Check that REF has the bases of the reference, and was not swapped with ALT or changed when the file was made."
        if detection.build and _is_build(chosen, detection.build.build) else
        "Choose the reference that the variants were called on, or lift the file over.")
    return JobFailure(JobReason("wrong_build", f"The file was not called on {chosen.label}: {'; '.join(parts)}.", hint,
                                references=_listed(others)))


def _is_build(info: ReferenceInfo, build: str) -> bool:
    """Whether a reference has the sequence of a build, or of the mitochondrion where that is what was detected."""
    return _has_rcrs(info) if build == MITOCHONDRION else build_of(info.assembly) == build


def _no_reference(evidence: DetectionReport, references: list[ReferenceInfo], fits: list[tuple[ReferenceInfo, Fit]]
                  ) -> JobFailure:
    """No reference fits: which build the file uses as far as is known, how each was compared, and what can be done."""
    detection = evidence.detection
    parts = [f"REF agrees with {info.name} in {found.agreeing:,} of the first {found.compared:,} records"
             for info, found in fits[:MOST_OFFERED] if found.compared]
    seen = [build.build for build in detection.candidates]
    known = any(_is_build(info, build) for info, _ in fits for build in seen)
    if detection.candidates and not known:
        parts.append(f"the file appears to use {detection.words}")
    if not fits:
        shown = ", ".join(evidence.contigs[:8])
        parts.append(f"its contigs are {shown}{' and others' if len(evidence.contigs) > 8 else ''}")
    human = [one for one in references if build_of(one.assembly) in read_builds()]
    lift = human and not known and any(build in read_builds() for build in seen)
    hint = (f"Lift the file over to {' or '.join(one.name for one in human)}." if lift else
            "Check that REF has the bases of the reference, and was not swapped with ALT or changed when the file was "
            "made." if known else f"The available references are: {_names(references)}.")
    certain = detection.build is not None and detection.build.certain and not fits
    return JobFailure(JobReason("no_reference_for_build" if certain else "no_reference_fits",
                                f"None of the available references fits the file: {'; '.join(parts)}.", hint))


def _find(look: _Look, references: list[ReferenceInfo]) -> Choice:
    evidence = look.alone()
    detection = evidence.detection
    if not evidence.contigs:
        # No records, or no VCF at all: the engine reports what is wrong with it, whatever it is compared with.
        return Choice(references[0], None)
    possible = [one for one in references if _possible(evidence, one)]
    fits = [(one, look.beside(one)[1]) for one in possible]
    right = [(one, found) for one, found in fits if found.right]
    if not right:
        raise _no_reference(evidence, references, fits)
    most = max(found.on_contigs for _, found in right)
    best = [(one, found) for one, found in right if found.on_contigs == most]
    if len({build_of(one.assembly) or one.assembly for one, _ in best}) > 1 and not evidence.mitochondrial:
        raise JobFailure(JobReason(
            "reference_undecided",
            f"The file fits several references equally well: {_names([b for b, _ in best])}.", CHOOSE,
            references=_listed([b for b, _ in best])))
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
        return _has_rcrs(info)
    told = detection.build
    if told is not None and told.certain and build is not None:
        return told.build == build
    theirs = {_meant(name) for name in info.contigs}
    return any(_meant(name) in theirs for name in evidence.contigs)


def _has_rcrs(info: ReferenceInfo) -> bool:
    """Whether a reference contains the human mitochondrion as everybody has it today."""
    return any(chromosome(name) == "MT" and length == RCRS_LENGTH for name, length in info.contigs.items())


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
