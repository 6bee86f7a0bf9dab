"""A job: one VCF file of one user on its way from upload to annotated result."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class JobStatus(StrEnum):
    """Where a job stands. It moves PENDING -> RUNNING -> one of the three ends, by conditional update only."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """True for COMPLETED, FAILED and CANCELLED: the job does not move any more."""
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


class Stage(StrEnum):
    """What the worker is doing with a RUNNING job, in this order."""

    DOWNLOADING = "downloading"
    CHECKING = "checking"
    ANNOTATING = "annotating"
    WRITING = "writing"
    INDEXING = "indexing"
    UPLOADING = "uploading"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a RUNNING job is.

    :param stage: what is being done
    :param records: VCF records done in this stage
    :param total: VCF records in the file, None while nobody has counted them
    :param warnings: oddities of the input met so far
    """

    stage: Stage
    records: int = 0
    total: int | None = None
    warnings: int = 0

    @property
    def percent(self) -> int | None:
        """Share of the records done in this stage, 0 to 100, None while the total is unknown."""
        if not self.total:
            return None
        return min(100, self.records * 100 // self.total)


@dataclass(frozen=True, kw_only=True)
class JobReason:
    """Why a job FAILED, in the user's words, and where in the file.

    :param code: stable machine name
    :param message: what is wrong
    :param hint: how to mend it, or ""
    :param line: 1-based line of the input file, or None
    :param column: 1-based column, or None
    :param field: VCF column name, or ""
    :param text: the offending text, shortened, or ""
    """

    code: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    field: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The record of one job (table `annotations`, key `job_id`).

    Times are whole seconds since the epoch, sizes are bytes. A field that does not apply (yet) is None.
    `lease_owner` and `lease_expires` say which worker attempt holds a RUNNING job and until when;
    `attempt` counts how often a worker began it; `version` grows with every change.
    """

    job_id: str
    user_id: str
    input_file_name: str
    input_file_size: int
    s3_inputs_bucket: str
    s3_key_input_file: str
    submit_time: int
    reference: str
    job_status: JobStatus = JobStatus.PENDING
    start_time: int | None = None
    complete_time: int | None = None
    attempt: int = 0
    lease_owner: str | None = None
    lease_expires: int | None = None
    progress: Progress | None = None
    s3_results_bucket: str | None = None
    s3_key_result_file: str | None = None
    s3_key_index_file: str | None = None
    s3_key_log_file: str | None = None
    s3_key_summary_file: str | None = None
    results_file_size: int | None = None
    summary: dict[str, Any] | None = None
    error: JobReason | None = None
    results_file_archive_id: str | None = None
    restore_status: str | None = None
    restore_tier: str | None = None
    restore_requested_time: int | None = None
    version: int = field(default=1)

    @property
    def ended(self) -> bool:
        """True when the job does not move any more."""
        return self.job_status.ended

    @property
    def archived(self) -> bool:
        """True while the results file is in the archive and not in the results bucket."""
        return self.results_file_archive_id is not None and self.s3_key_result_file is None

    def to_record(self) -> dict[str, Any]:
        """The job as plain types; None fields are left out, as sparse indexes need it."""
        record = {name: value for name, value in asdict(self).items() if value is not None}
        record["job_status"] = self.job_status.value
        if self.progress is not None:
            record["progress"] = progress_record(self.progress)
        if self.error is not None:
            record["error"] = reason_record(self.error)
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Job:
        """The job that `to_record` described; unknown fields of newer versions are passed over."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in record.items() if name in known}
        values["job_status"] = JobStatus(values["job_status"])
        if values.get("progress") is not None:
            progress = dict(values["progress"])
            values["progress"] = Progress(**{**progress, "stage": Stage(progress["stage"])})
        if values.get("error") is not None:
            values["error"] = JobReason(**values["error"])
        return cls(**values)


def progress_record(progress: Progress) -> dict[str, Any]:
    """Progress as plain types, without empty fields."""
    return {name: value for name, value in {**asdict(progress), "stage": progress.stage.value}.items()
            if value is not None}


def reason_record(reason: JobReason) -> dict[str, Any]:
    """A job's reason as plain types, without empty fields."""
    return {name: value for name, value in asdict(reason).items() if value not in (None, "")}
