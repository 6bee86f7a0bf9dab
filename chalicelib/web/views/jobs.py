"""A job as pages and JSON show it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.domain import amounts
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus, Stage, progress_record
from chalicelib.domain.layers import LAYER
from chalicelib.domain.names import base_name
from chalicelib.domain.placement import NO, YES, write_shift_3prime
from chalicelib.domain.plans import Plans
from chalicelib.domain.profiles import Profile
from chalicelib.domain.references import AUTO
from chalicelib.domain.result_files import ARCHIVED_FILES, INPUT, LOG, RESULT_FILES, VARIANTS
from chalicelib.usecases.jobs.user_jobs import JobFile, job_files
from chalicelib.web.site import Site
from chalicelib.web.views.summary import SummaryView
from chalicelib.web.views.timeline import Step, timeline


def reference_words(job: Job) -> str:
    """What a job is annotated with, for people, and how that was found out."""
    if job.reference == AUTO:
        return "Not detected" if job.ended else "Being detected from the file"
    title = job.reference_title or job.reference
    return f"{title} ({job.reference_found})" if job.reference_found else title


@dataclass(frozen=True)
class StatusWords:
    """A status in words, with its icon and style: colour alone says nothing to many."""

    label: str
    icon: str
    style: str
    sentence: str


STATUS_WORDS = {
    JobStatus.PENDING: StatusWords("Waiting", "hourglass-split", "pending", "Waiting in the queue."),
    JobStatus.RUNNING: StatusWords("Running", "arrow-clockwise", "running", "Annotation in progress."),
    JobStatus.COMPLETED: StatusWords("Completed", "check-circle-fill", "completed", "Your results are ready."),
    JobStatus.FAILED: StatusWords("Failed", "x-circle-fill", "failed", "The file could not be annotated."),
    JobStatus.CANCELLED: StatusWords("Cancelled", "slash-circle", "cancelled", "This job was cancelled."),
}

STAGE_WORDS = {
    Stage.DOWNLOADING: "Downloading your file",
    Stage.CHECKING: "Checking the records",
    Stage.ANNOTATING: "Annotating",
    Stage.INDEXING: "Indexing the results",
    Stage.UPLOADING: "Saving the results",
}

PLACEMENT_WORDS = {NO: "Left-aligned, as VEP reports them", YES: "3′-most, as HGVS and ClinVar report them"}
"""Where consequences of insertions and deletions are reported, by what a form says of it."""

ARCHIVED_WITHIN = 900
"""Seconds within which results that are due are archived, where nothing is wrong."""
OWN_FILES = {INPUT: "Your uploaded file", LAYER: "Your own annotations"}
"""Titles of the files that a user uploaded, by kind."""


def _stages(current: Stage) -> tuple[tuple[str, str], ...]:
    order = list(Stage)
    at = order.index(current)
    return tuple((STAGE_WORDS[stage], "done" if place < at else "now" if place == at else "next")
                 for place, stage in enumerate(order))


def _title(kind: str) -> str:
    return OWN_FILES[kind] if kind in OWN_FILES else RESULT_FILES[kind].title


@dataclass(frozen=True)
class FileView:
    """A file to download."""

    kind: str
    name: str
    size: int | None
    what: str

    @classmethod
    def of(cls, file: JobFile) -> FileView:
        """The file in words."""
        return cls(file.kind, file.name, file.size, _title(file.kind))


@dataclass(frozen=True)
class LayerView:
    """The user's own annotations of a job.

    Attributes:
        size: Bytes.
        found: What they say about the file, in words; "" before that is known.
    """

    name: str
    size: int
    found: str

    @classmethod
    def of(cls, job: Job) -> LayerView | None:
        """What is known of them, None where there are none."""
        if job.layer.name is None:
            return None
        layers = (job.summary or {}).get("layers") or []
        found = ", ".join(f"{one['name']}: {amounts.count(one['matched'])} {_MATCHED[one['kind']]}" for one in layers)
        return cls(job.layer.name, job.layer.size or 0, found)


_MATCHED = {"alleles": "alleles found in it", "regions": "records overlap it"}


@dataclass(frozen=True)
class ExploreView:
    """What the script of the table of variants needs to know.

    Attributes:
        links: Where it gets links to read the results with.
        reference: Where it gets links to the reference's sequence and genes; "" for none.
        name: What saved files and the results' track are named after.
        terms: Consequences that the file has.
        gene_example: A gene with variants of the file, "" where none is known.
        region_example: A region of a contig of the file, "" where none is known.
    """

    links: str
    reference: str
    name: str
    terms: tuple[str, ...]
    gene_example: str
    region_example: str


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as its page and its row show it.

    Attributes:
        steps: What happened to it, and what is to come.
        placement: Where consequences of insertions and deletions are reported, a key of `PLACEMENT_WORDS`.
        layer: The user's own annotations, None where there are none.
        waited: Seconds from submission to start (or until now).
        took: Seconds from start to completion (or until now), None before the start.
        archived: The annotated VCF is in the archive.
        restoring: It is on its way back, or about to be sent for: premium brings everything back.
        back_by: Epoch seconds by which it should be back, None when nobody knows.
        late: That time is over.
        retention: Seconds that results stay after completion, None for premium and where it does not matter.
        kept_until: Epoch seconds until which the results stay because premium ended lately, None outside that time.
        archived_from: When the results are archived, epoch seconds; None where they are not, or have been.
        due: That time has come.
        being_archived: It came a short time ago.
        live_in: Seconds until then; None where it has come.
        stages: Every stage in words, and whether it is "done", goes on ("now"), or is "next".
        seen: Changes whenever anything that the live part shows does, but for durations.
    """

    job_id: str
    file_name: str
    file_size: int
    submitted: int
    started: int | None
    completed: int | None
    waited: int
    took: int | None
    status: JobStatus
    words: StatusWords
    reference: str
    reference_name: str
    placement: str
    layer: LayerView | None
    stage: str
    stages: tuple[tuple[str, str], ...]
    records: int
    total: int | None
    percent: int | None
    warnings: int
    attempt: int
    error: JobReason | None
    files: tuple[FileView, ...]
    steps: tuple[Step, ...]
    summary: SummaryView | None
    archived: bool
    restoring: bool
    back_by: int | None
    late: bool
    retention: int | None
    kept_until: int | None
    archived_from: int | None
    due: bool
    being_archived: bool
    live_in: int | None
    seen: str

    @property
    def open(self) -> bool:
        """True while the job waits or runs, and can be cancelled."""
        return not self.status.ended

    @property
    def live(self) -> bool:
        """True while its page is worth asking for again."""
        return self.open or self.restoring or self.being_archived

    @property
    def phase(self) -> str:
        """While this stays the same, only the state at the top of the page changes."""
        if self.restoring:
            return f"RESTORING-{self.back_by or 0}"
        return "ARCHIVED" if self.archived else f"{self.status.value}-{self.attempt}"

    @property
    def sentence(self) -> str:
        """The status, and where the results are, in a sentence."""
        if self.restoring:
            return "Your results are being restored from the archive."
        return f"{ARCHIVED_FILES[:1].upper()}{ARCHIVED_FILES[1:]} are archived." if self.archived else (
            self.words.sentence)

    @property
    def has_log(self) -> bool:
        """True when there is a log to read."""
        return any(file.kind == LOG for file in self.files)

    @property
    def has_variants(self) -> bool:
        """True when there is a table of variants to look into."""
        return not self.archived and any(file.kind == VARIANTS for file in self.files)

    def explore(self, site: Site) -> ExploreView:
        """Where the table of variants finds what it shows."""
        here = f"/annotations/{self.job_id}"
        return ExploreView(links=site.path(f"{here}/links"), reference=site.path(f"{here}/reference"),
                           name=base_name(self.file_name), terms=self.summary.terms if self.summary else (),
                           gene_example=self.summary.gene_example if self.summary else "",
                           region_example=self.summary.region_example if self.summary else "")

    @property
    def announcement(self) -> str:
        """What a screen reader says when the status changes."""
        return f"{self.file_name}: {self.words.label}. {self.sentence}"

    @classmethod
    def of(cls, job: Job, now: int, owner: Profile, plans: Plans) -> JobView:
        """The job as its owner sees it at `now` (epoch seconds)."""
        progress = job.run.progress if job.job_status is JobStatus.RUNNING else None
        retention = plans.of(owner.role).retention
        back_by = job.archive.restore_expected_time if job.archived else None
        stays = retention is not None and job.job_status is JobStatus.COMPLETED and not job.archived
        archived_from = max((job.complete_time or now) + (retention or 0), owner.grace_until or 0) if stays else None
        kept_until = owner.grace_until if not owner.premium and owner.grace_until else 0
        began = job.run.start_time if job.run.start_time is not None else (job.complete_time or now)
        return cls(
            job_id=job.job_id, file_name=job.input.name, file_size=job.input.size,
            submitted=job.submit_time, started=job.run.start_time, completed=job.complete_time,
            waited=max(0, began - job.submit_time),
            took=None if job.run.start_time is None else max(0, (job.complete_time or now) - job.run.start_time),
            status=job.job_status, words=STATUS_WORDS[job.job_status], reference=reference_words(job),
            reference_name=job.reference, placement=write_shift_3prime(job.shift_3prime),
            layer=LayerView.of(job), stage=STAGE_WORDS[progress.stage] if progress else "Starting",
            stages=_stages(progress.stage) if progress else (),
            records=progress.records if progress else 0, total=progress.total if progress else None,
            percent=progress.percent if progress else None, warnings=progress.warnings if progress else 0,
            attempt=job.run.attempt, error=job.error, files=tuple(FileView.of(file) for file in job_files(job)),
            steps=timeline(job, owner, retention),
            summary=SummaryView.of(job.summary) if job.summary else None, archived=job.archived,
            restoring=job.archived and (job.archive.restore_status is not None or owner.premium), back_by=back_by,
            late=back_by is not None and back_by < now, retention=retention,
            kept_until=kept_until if kept_until > max(now, (job.complete_time or now) + (retention or 0)) else None,
            archived_from=archived_from, due=archived_from is not None and archived_from <= now,
            being_archived=archived_from is not None and 0 <= now - archived_from < ARCHIVED_WITHIN,
            live_in=archived_from - now if archived_from is not None and archived_from > now else None,
            seen=str(job.version))


def job_json(job: Job, site: Site) -> dict[str, Any]:
    """A job for programs. Times are epoch seconds, sizes bytes; links are relative to the site."""
    return {
        "job_id": job.job_id,
        "job_status": job.job_status.value,
        "input_file_name": job.input.name,
        "input_file_size": job.input.size,
        "layer_file_name": job.layer.name,
        "layer_file_size": job.layer.size,
        "reference": job.reference,
        "reference_title": job.reference_title,
        "reference_found": job.reference_found,
        "shift_3prime": job.shift_3prime,
        "submit_time": job.submit_time,
        "start_time": job.run.start_time,
        "complete_time": job.complete_time,
        "progress": progress_record(job.run.progress) if job.run.progress else None,
        "error": msgspec.to_builtins(job.error) if job.error else None,
        "summary": job.summary,
        "archived": job.archived,
        "restore_status": job.archive.restore_status.value if job.archive.restore_status else None,
        "restore_expected_time": job.archive.restore_expected_time,
        "files": [{"kind": file.kind, "name": file.name, "size": file.size,
                   "href": site.path(f"/annotations/{job.job_id}/files/{file.kind}")}
                  for file in job_files(job)],
        "href": site.path(f"/annotations/{job.job_id}"),
    }
