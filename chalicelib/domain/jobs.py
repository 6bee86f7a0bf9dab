"""A job: one VCF file of one user on its way from upload to annotated result."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.names import CSI, TBI, ResultNames, in_archive_bucket


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
    INDEXING = "indexing"
    UPLOADING = "uploading"


class RestoreStatus(StrEnum):
    """What happens to an archived results file."""

    RESTORING = "restoring"


class RestoreTier(StrEnum):
    """How fast the archive gives a file back."""

    EXPEDITED = "Expedited"
    STANDARD = "Standard"

    @property
    def expected_seconds(self) -> int:
        """How long AWS says a retrieval of this tier takes at most."""
        return {RestoreTier.EXPEDITED: 5 * 60, RestoreTier.STANDARD: 5 * 3600}[self]


OPEN = "yes"
"""Value of a record's `open` while its job is PENDING or RUNNING."""
UNANNOUNCED = "unannounced"
"""Value of a record's `open` from the update that ends its job until that end has been published. The attribute is gone
afterwards, so that the index that the sweep reads holds only jobs that still need something done."""
LONGEST_KEY = 1024
"""Bytes of a key of an index in DynamoDB."""


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
class Job:
    """The record of one job (table `annotations`, key `job_id`).

    Times are whole seconds since the epoch, sizes are bytes. A field that does not apply (yet) is None.
    `lease_owner` and `lease_expires` say which worker attempt holds a RUNNING job and until when;
    `attempt` counts how often a worker began it. `results_file_archive_id`, `s3_key_archived_index_file` and
    `s3_key_archived_variants_file` name what is in the archive; `archivings` serves to give the next copy a name of
    its own, never to find one. `archive_upload` says which upload into a vault is not recorded yet.
    `file_hold_owner` and `file_hold_expires` say who moves the job's files just now: archive, thaw and delete do so
    one at a time. `notified_time` and `warned_time` tell which mails went out, `swept_time` when the sweep last
    helped the job along, `archived_time` and `restored_time` when the results file last went cold and came back.
    `premium` says whether its user had Premium when the job was submitted. `attempt_start_time` is when the last
    attempt began. `hand_backs` counts how often a worker gave the job back for trouble that is not the file's, and
    `retry_time` is when it may be tried again after that.
    `unannounced` is true from the end of the job until that end has been published.
    `s3_version_input_file` is the version of the input file that became this job, whatever else is uploaded under its
    key; `input_deleted` is True where it was refused and is not kept.
    `note` is what the user called it. `reference` is a name, or "auto" until the annotator has found out;
    `reference_found` tells then by what. `version` is another one after every change.
    """

    job_id: str
    user_id: str
    input_file_name: str
    input_file_size: int
    s3_inputs_bucket: str
    s3_key_input_file: str
    submit_time: int
    reference: str
    s3_version_input_file: str | None = None
    input_deleted: bool = False
    job_status: JobStatus = JobStatus.PENDING
    premium: bool = False
    start_time: int | None = None
    attempt_start_time: int | None = None
    complete_time: int | None = None
    attempt: int = 0
    lease_owner: str | None = None
    lease_expires: int | None = None
    hand_backs: int = 0
    retry_time: int | None = None
    progress: Progress | None = None
    s3_results_bucket: str | None = None
    s3_key_result_file: str | None = None
    s3_key_index_file: str | None = None
    s3_key_log_file: str | None = None
    s3_key_summary_file: str | None = None
    s3_key_variants_file: str | None = None
    results_file_size: int | None = None
    results_file_sha256: str | None = None
    summary: dict[str, Any] | None = None
    error: JobReason | None = None
    results_file_archive_id: str | None = None
    s3_key_archived_index_file: str | None = None
    s3_key_archived_variants_file: str | None = None
    archivings: int = 0
    archive_upload: str | None = None
    restore_status: RestoreStatus | None = None
    restore_tier: RestoreTier | None = None
    restore_requested_time: int | None = None
    file_hold_owner: str | None = None
    file_hold_expires: int | None = None
    notified_time: int | None = None
    warned_time: int | None = None
    swept_time: int | None = None
    archived_time: int | None = None
    restored_time: int | None = None
    unannounced: bool = False
    note: str | None = None
    reference_title: str | None = None
    reference_found: str | None = None
    version: str = ""

    @property
    def ended(self) -> bool:
        """True when the job does not move any more."""
        return self.job_status.ended

    @property
    def archived(self) -> bool:
        """True while the results file is in the archive and not in the results bucket."""
        return self.results_file_archive_id is not None and self.s3_key_result_file is None

    @property
    def result_names(self) -> ResultNames:
        """The names of its results; the record's keys say which kind of index there is."""
        index = self.s3_key_index_file or self.s3_key_archived_index_file or TBI
        return ResultNames.of(self.input_file_name, CSI if index.endswith(CSI) else TBI)

    @property
    def results_bucket_keys(self) -> tuple[str, ...]:
        """Keys of the results bucket that the record names."""
        return tuple(key for key in (self.s3_key_result_file, self.s3_key_index_file, self.s3_key_log_file,
                                     self.s3_key_summary_file, self.s3_key_variants_file) if key is not None)

    @property
    def archive_bucket_keys(self) -> tuple[str, ...]:
        """Keys of the archive bucket that the record names. A file in a Glacier vault has none."""
        archive_id = self.results_file_archive_id
        in_bucket = archive_id if archive_id is not None and in_archive_bucket(archive_id) else None
        return tuple(key for key in (in_bucket, self.s3_key_archived_index_file, self.s3_key_archived_variants_file)
                     if key is not None)

    @property
    def restore_expected_time(self) -> int | None:
        """When the results file should be back, epoch seconds; None when it is not being restored."""
        if self.restore_status is None or self.restore_tier is None or self.restore_requested_time is None:
            return None
        return self.restore_requested_time + self.restore_tier.expected_seconds

    def to_record(self) -> dict[str, Any]:
        """The job as plain types; None fields are left out, as sparse indexes need it."""
        record = {name: value for name, value in asdict(self).items() if value is not None}
        record["job_status"] = self.job_status.value
        record["listed_as"] = record["searched"] = searchable(f"{self.input_file_name}\n{self.note or ''}".rstrip())
        del record["unannounced"]
        if not self.ended:
            record["open"] = OPEN
        elif self.unannounced:
            record["open"] = UNANNOUNCED
        if self.progress is not None:
            record["progress"] = progress_record(self.progress)
        if self.error is not None:
            record["error"] = msgspec.to_builtins(self.error)
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Job:
        """The job that `to_record` described; unknown fields of newer versions are passed over."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in record.items() if name in known}
        values["job_status"] = JobStatus(values["job_status"])
        values["unannounced"] = record.get("open") == UNANNOUNCED
        if values.get("restore_status") is not None:
            values["restore_status"] = RestoreStatus(values["restore_status"])
        if values.get("restore_tier") is not None:
            values["restore_tier"] = RestoreTier(values["restore_tier"])
        if values.get("progress") is not None:
            progress = dict(values["progress"])
            values["progress"] = Progress(**{**progress, "stage": Stage(progress["stage"])})
        if values.get("error") is not None:
            values["error"] = msgspec.convert(values["error"], JobReason)
        return cls(**values)


def searchable(text: str) -> str:
    """A text without its case, as lists are searched and sorted by; shortened to what a key of an index takes."""
    return text.casefold().encode()[:LONGEST_KEY].decode(errors="ignore")


def progress_record(progress: Progress) -> dict[str, Any]:
    """Progress as plain types, without empty fields."""
    return {name: value for name, value in {**asdict(progress), "stage": progress.stage.value}.items()
            if value is not None}
