"""A job: one VCF file of one user on its way from upload to annotated result."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.names import in_archive_bucket
from chalicelib.domain.result_files import RESULTS, StoredFile, result_name


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


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """How far a RUNNING job is.

    Attributes:
        stage: What is being done.
        records: VCF records done in this stage.
        total: VCF records in the file, None while nobody has counted them.
        warnings: Oddities of the input met so far.
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
class InputFile:
    """The file that a user uploaded.

    Attributes:
        name: Its own name.
        size: Bytes.
        bucket: Where it is.
        key: Its key there.
        version: The version that became this job, whatever else is uploaded under the same key.
        deleted: True where the file was refused, and is not kept.
    """

    name: str
    size: int
    bucket: str
    key: str
    version: str | None = None
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class LayerFile:
    """The user's own annotations, a VCF or BED file that came with the input file. All are None where there is none.

    Attributes:
        name: Its own name.
        size: Bytes.
        key: Its key in the bucket of the input file.
        version: The version that came with the input file, whatever else is uploaded under the same key.
    """

    name: str | None = None
    size: int | None = None
    key: str | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """The annotation of a job by workers. Times are epoch seconds.

    Attributes:
        attempt: How often a worker has begun.
        start_time: When the first attempt began.
        attempt_start_time: When the last attempt began.
        lease_owner: The worker that holds the job while it is RUNNING.
        lease_expires: Until when it holds it.
        hand_backs: How often a worker gave the job back for trouble that is not the file's.
        retry_time: When the job may be tried again after that.
        progress: How far the worker is.
        swept_time: When the sweep last requested the job again.
    """

    attempt: int = 0
    start_time: int | None = None
    attempt_start_time: int | None = None
    lease_owner: str | None = None
    lease_expires: int | None = None
    hand_backs: int = 0
    retry_time: int | None = None
    progress: JobProgress | None = None
    swept_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The moves of a job's results into the archive and back. Times are epoch seconds.

    Attributes:
        archivings: How often the results were archived. It gives the next copy a name of its own, and never finds one.
        upload: An upload into a vault that is not recorded yet.
        archived_time: When the results last went into the archive.
        restored_time: When they last came back.
        restore_status: What happens to the archived results file, None for nothing.
        restore_tier: How fast it comes back.
        restore_requested_time: When it was asked for.
        hold_owner: Who moves the job's files now: archive, thaw and delete do so one at a time.
        hold_expires: Until when.
    """

    archivings: int = 0
    upload: str | None = None
    archived_time: int | None = None
    restored_time: int | None = None
    restore_status: RestoreStatus | None = None
    restore_tier: RestoreTier | None = None
    restore_requested_time: int | None = None
    hold_owner: str | None = None
    hold_expires: int | None = None

    @property
    def restore_expected_time(self) -> int | None:
        """When the results file should be back, epoch seconds; None when it is not being restored."""
        if self.restore_status is None or self.restore_tier is None or self.restore_requested_time is None:
            return None
        return self.restore_requested_time + self.restore_tier.expected_seconds


@dataclass(frozen=True, kw_only=True)
class SentEmails:
    """When emails about a job went out, epoch seconds.

    Attributes:
        notified_time: About its end.
        warned_time: About its results going to the archive.
    """

    notified_time: int | None = None
    warned_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job. `job_record.py` says how the table `annotations` keeps it.

    A field that does not apply (yet) is None.

    Attributes:
        submit_time: When the upload became a job, epoch seconds.
        note: What the user called it.
        premium: True when its user had Premium then.
        reference: A name, or "auto" until the annotator has found out.
        reference_title: The reference for people.
        reference_found: What the annotator found the reference out by; None where the user chose it.
        shift_3prime: True to report consequences of insertions and deletions at the 3'-most position, as HGVS does;
            False for left-aligned, also in records from before there was the choice.
        complete_time: When it ended, epoch seconds.
        error: Why it failed.
        unannounced: True from its end until that end has been published.
        results_bucket: Where its results are.
        files: What the annotation left, by kind.
        summary: Key figures of the annotation.
        version: Another one after every change.
    """

    job_id: str
    user_id: str
    job_status: JobStatus = JobStatus.PENDING
    submit_time: int
    note: str | None = None
    premium: bool = False
    reference: str
    reference_title: str | None = None
    reference_found: str | None = None
    shift_3prime: bool = False
    complete_time: int | None = None
    error: JobReason | None = None
    unannounced: bool = False
    results_bucket: str | None = None
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    version: str = ""
    input: InputFile
    layer: LayerFile = LayerFile()
    run: Run = Run()
    archive: Archive = Archive()
    mail: SentEmails = SentEmails()

    @property
    def ended(self) -> bool:
        """True when the job does not move any more."""
        return self.job_status.ended

    @property
    def uploaded_size(self) -> int:
        """Bytes of what the user uploaded for it."""
        return self.input.size + (self.layer.size or 0)

    def file(self, kind: str) -> StoredFile:
        """One of its files; nothing is known of one that the job does not have."""
        return self.files.get(kind, StoredFile())

    def file_name(self, kind: str) -> str:
        """The name of one of its files: as it was stored, else as it would be."""
        stored = self.file(kind)
        place = stored.key or stored.archive_id or ""
        return place.rpartition("/")[2] if "/" in place else result_name(self.input.name, kind)

    @property
    def archive_id(self) -> str | None:
        """Of the results file in the archive; None when it is not there."""
        return self.file(RESULTS).archive_id

    @property
    def archived(self) -> bool:
        """True while the results file is in the archive and not in the results bucket."""
        return self.archive_id is not None and self.file(RESULTS).key is None

    @property
    def results_bucket_keys(self) -> tuple[str, ...]:
        """Keys of the results bucket that the record names."""
        return tuple(stored.key for stored in self.files.values() if stored.key is not None)

    @property
    def archive_bucket_keys(self) -> tuple[str, ...]:
        """Keys of the archive bucket that the record names. A file in a Glacier vault has none."""
        return tuple(stored.archive_id for stored in self.files.values()
                     if stored.archive_id is not None and in_archive_bucket(stored.archive_id))


def progress_record(progress: JobProgress) -> dict[str, Any]:
    """Progress as plain types, without empty fields."""
    return {name: value for name, value in {**asdict(progress), "stage": progress.stage.value}.items()
            if value is not None}
