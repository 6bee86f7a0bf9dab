"""The engine in a process of its own: what kills it does not kill the worker, and its limits are the system's."""
from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from aws_lambda_powertools import Logger

from annotator.worker.limited_process import (
    ProcessLimits,
    ProcessorTimeError,
    ProcessStoppedError,
    WallTimeError,
    run_limited,
)
from chalicelib.domain.amounts import duration, size
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import JobProgress
from chalicelib.domain.plans import Plan
from chalicelib.exceptions import GasError, JobFailure

logger = Logger(service="annotator", child=True)

INPUT_AT_FAULT = 2
"""Exit code of `python -m annotator annotate` for a file that cannot be annotated."""
PLAN_LIMITS = ("too_large", "too_many_records", "results_too_large")
"""Codes of the engine for a file that is beyond a limit of its owner's plan."""
SPLIT = "Split the file by chromosome or by region and upload the parts"


class EngineCrashedError(GasError):
    """The engine ended without an answer: killed, out of memory, or a fault of ours."""

    code = "engine_crashed"
    default_message = "The annotation process ended unexpectedly."


class EngineStoppedError(GasError):
    """The engine was stopped because the worker was asked to stop."""

    code = "engine_stopped"
    default_message = "The annotation process was stopped."


@dataclass(frozen=True)
class EngineRun:
    """One run of the engine.

    Attributes:
        name: The input file's own name, as the log shall show it.
        results: Where the annotated VCF would be; the engine puts its other files beside it.
        stream: Receives the annotated VCF and the table (`annotator.engine.output.streaming`).
        shift_3prime: Report consequences of insertions and deletions at the 3'-most position.
        layer: The user's own annotations, as the engine's option `--layer` has them; None for none.
        limits: Of the process.
        plan: Of the file's owner, whose limits hold.
        better: The plan that has higher limits; None where there is none.
    """

    input_file: Path
    name: str
    reference: str
    results: Path
    stream: BinaryIO
    limits: ProcessLimits
    plan: Plan
    better: Plan | None = None
    shift_3prime: bool = False
    layer: str | None = None

    @property
    def command(self) -> list[str]:
        """The command line, that of `python -m annotator annotate --help`."""
        return [sys.executable, "-m", "annotator", "annotate", str(self.input_file), "--name", self.name,
                "--reference", self.reference, "--out", str(self.results), "--progress", "--input-format", "vcf",
                "--stream-fd", str(self.stream.fileno()),
                "--tmp", str(self.results.parent), *self.limits.options,
                "--max-uncompressed", str(self.plan.uncompressed_limit), "--max-records", str(self.plan.record_limit),
                "--max-results", str(self.plan.results_limit), *(["--shift-3prime"] if self.shift_3prime else []),
                *([] if self.layer is None else ["--layer", self.layer])]


def run_engine(run: EngineRun, on_progress: Callable[[JobProgress], None], stopping: Callable[[], bool]) -> None:
    """Annotate, and wait for the end.

    Args:
        on_progress: Called from another thread with each report of the engine.
        stopping: Asked ten times a second; True ends the engine.

    Raises:
        JobFailure: The file cannot be annotated, or not within its limits.
        EngineCrashedError: The engine ended without an answer.
        EngineStoppedError: `stopping` said so.
    """
    reports = _Reports(on_progress)
    try:
        ended = run_limited(run.command, run.limits, reports.read, stopping, run.stream)
    except ProcessStoppedError as error:
        raise EngineStoppedError() from error
    except WallTimeError as error:
        raise JobFailure(JobReason("time_limit", f"The job took longer than {duration(run.limits.wall)}.",
                                   f"{SPLIT}.")) from error
    except ProcessorTimeError as error:
        better = (f", or annotate it with {run.better.name}, which gives {duration(run.better.processor_limit)}"
                  if run.better else "")
        raise JobFailure(JobReason(
            "processor_time_limit",
            f"The job needed more than {duration(run.limits.processor)} of processor time, the limit of the "
            f"{run.plan.name} plan.", f"{SPLIT}{better}.")) from error
    if ended.code == 0:
        return
    if ended.code == INPUT_AT_FAULT and reports.error is not None:
        raise JobFailure(_with_plan(reports.error, run))
    logger.error("The engine ended without an answer", extra={"exit_code": ended.code, "stderr": ended.errors})
    raise EngineCrashedError()


class _Reports:
    """Reads the engine's JSON lines, the last of which may be an error."""

    def __init__(self, on_progress: Callable[[JobProgress], None]) -> None:
        self._on_progress = on_progress
        self.error: JobReason | None = None

    def read(self, line: str) -> None:
        try:
            report = msgspec.json.decode(line, type=dict[str, Any])
            if "error" in report:
                self.error = msgspec.convert(report["error"], JobReason)
            progress = msgspec.convert(report, JobProgress) if "stage" in report else None
        except msgspec.MsgspecError:
            logger.warning("The engine wrote a line that is not a report", exc_info=True, extra={"text": line[:500]})
            return
        if progress is not None:
            self._on_progress(progress)


def _with_plan(reason: JobReason, run: EngineRun) -> JobReason:
    """The engine's reason; where the file exceeds a limit of the plan, the hint names the plan and a better one."""
    if reason.code not in PLAN_LIMITS:
        return reason
    hint = f"This is the limit of the {run.plan.name} plan. {SPLIT}"
    if better := run.better:
        hint += (f", or annotate it with {better.name}, which takes {better.record_limit:,} records, "
                 f"{size(better.uncompressed_limit)} uncompressed and {size(better.results_limit)} of results")
    return msgspec.structs.replace(reason, hint=f"{hint}.")

