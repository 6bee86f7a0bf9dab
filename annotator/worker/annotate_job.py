"""One job's work: download its input, annotate it, upload the results, the large ones while they are produced."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import structs

from annotator.engine.files import sha256_of
from annotator.engine.output.streaming import STREAMED
from annotator.worker.choose_reference import LIMITS as LOOK_LIMITS
from annotator.worker.choose_reference import choose_reference
from annotator.worker.engine_process import EngineCrashedError, EngineRun, EngineStoppedError, run_engine
from annotator.worker.lease import Lease
from annotator.worker.limited_process import ProcessLimits
from annotator.worker.reference_store import ReferenceStore
from annotator.worker.settings import WorkerSettings
from annotator.worker.streamed_upload import StreamedUpload
from annotator.worker.user_layer import download_layer
from annotator.worker.workspace import Workspace
from chalicelib.aws.s3.result_upload import ResultUpload
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobProgress, Stage
from chalicelib.domain.names import key_prefix
from chalicelib.domain.plans import Plan
from chalicelib.domain.profiles import Role
from chalicelib.domain.result_files import RESULT_FILES, RESULTS, SUMMARY, JobOutputs, StoredFile, result_name
from chalicelib.domain.size_limits import LARGEST_SUMMARY, LONGEST_TEXT, LONGEST_WORD, shortened
from chalicelib.exceptions import JobFailure, LeaseLostError
from chalicelib.services import Services

# The key figures that the job's record keeps for the pages; the summary file has everything.
KEY_FIGURES = ("records", "alleles", "snvs", "indels", "mnvs", "other", "multi_allelic", "ti", "tv", "titv", "known",
               "novel", "samples", "skipped", "contigs", "consequences", "most_severe", "impacts", "genes",
               "genes_hit", "density", "warnings", "reference", "layers")
BASE = "results"
"""What the names of the results begin with on disk."""
OTHER_REFERENCE = ("no_known_contig", "wrong_build")
"""Codes of the engine's errors about a file that was called on another reference."""
MOST_ENTRIES = 40
"""Entries of one figure in the record. Where they are too long for `LARGEST_SUMMARY`, fewer are kept."""


def annotate_job(services: Services, job: Job, lease: Lease, workspace: Workspace, settings: WorkerSettings,
                 stopping: Callable[[], bool]) -> JobOutputs:
    """Do the work of a job that is held by `lease`. Nothing is left on disk, however it ends.

    Args:
        stopping: Asked often; True ends the work.

    Raises:
        JobFailure: The file cannot be annotated.
        LeaseLostError: The job is no longer ours.
        EngineStoppedError: The worker was asked to stop.
        EngineCrashedError: The engine died.
        WorkerOutOfDiskError: No room for the job's files, or for its reference, now.
        ReferenceUnavailableError: The reference cannot be had now.
    """
    store = ReferenceStore(services.references, settings.references_dir)
    store.make_room(workspace.room_for(job.uploaded_size), workspace.path)
    workspace.require_room(job.uploaded_size)
    with workspace.job_folder(job.job_id) as folder:
        # Neutral names on disk: the user's name may be one that a file system or a command line minds.
        source = folder / "input"

        def check(_: int = 0) -> None:
            if lease.lost:
                raise LeaseLostError()
            if stopping():
                raise EngineStoppedError()

        lease.report(JobProgress(stage=Stage.DOWNLOADING))
        if not services.files.download(job.input.bucket, job.input.key, source, on_bytes=check,
                                       version_id=job.input.version):
            raise JobFailure(JobReason("input_missing", "The uploaded file no longer exists.", "Upload it again."))
        check()
        layer = download_layer(services, job, folder, check)
        plan, better = _plans(services, job)
        limits = ProcessLimits(wall=settings.time_limit, processor=plan.processor_limit, memory=settings.memory_limit)
        choice = choose_reference(job.reference, source, store, services.clock(), check,
                                  replace(LOOK_LIMITS, memory=settings.memory_limit))
        name, title = choice.info.name, choice.info.label
        if job.run.lease_owner is not None and (job.reference, job.reference_title) != (name, title):
            services.jobs.note_reference(job.job_id, job.run.lease_owner, name, title, choice.found)
        uploads = {kind: services.files.begin_result(_key(job, kind), RESULT_FILES[kind].content_type)
                   for kind in STREAMED}
        with store.opened(choice.info, check) as reference, StreamedUpload(uploads) as stream:
            run = EngineRun(input_file=source, name=job.input.name, reference=str(reference),
                            results=made_file(folder, RESULTS), stream=stream.writing, limits=limits, plan=plan,
                            better=better, shift_3prime=job.shift_3prime, layer=layer)
            try:
                run_engine(run, lease.report, lambda: stopping() or stream.refused)
            except (EngineStoppedError, EngineCrashedError):
                check()
                stream.raise_refusal()
                raise
            except JobFailure as failure:
                if failure.code in OTHER_REFERENCE:
                    raise JobFailure(structs.replace(failure.reason, references=choice.others)) from failure
                raise
            stream.finish()
            check()
            lease.report(JobProgress(stage=Stage.UPLOADING))
            return _upload(services, job, folder, uploads, check)


def _plans(services: Services, job: Job) -> tuple[Plan, Plan | None]:
    """The plan of a job's owner, whose limits hold, and the plan with higher ones."""
    profile = services.profiles.get(job.user_id)
    role = profile.role if profile else Role.FREE
    return services.plans.of(role), None if role is Role.PREMIUM else services.plans.of(Role.PREMIUM)


def _upload(services: Services, job: Job, folder: Path, streamed: Mapping[str, ResultUpload],
            check: Callable[[], None]) -> JobOutputs:
    """Upload the files that are on disk, and complete those that were streamed."""
    stored = {}
    for kind, file in RESULT_FILES.items():
        check()
        if kind in streamed:
            upload = streamed[kind]
            upload.complete()
            stored[kind] = StoredFile(key=upload.key, size=upload.size, sha256=upload.sha256 if file.measured else None)
            continue
        path = made_file(folder, kind)
        key = _key(job, kind, path.name.removeprefix(BASE))
        services.files.upload_result(path, key, file.content_type)
        stored[kind] = StoredFile(key=key, size=path.stat().st_size, sha256=sha256_of(path) if file.measured else None)
    summary = json.loads(made_file(folder, SUMMARY).read_text())
    return JobOutputs(services.files.results_bucket, stored, key_figures(summary))


def _key(job: Job, kind: str, suffix: str = "") -> str:
    """Where a file of the result is stored."""
    return key_prefix(job.user_id, job.job_id) + result_name(job.input.name, kind, suffix)


def made_file(folder: Path, kind: str) -> Path:
    """Where the engine leaves a file of the result; where it is to be, as long as it is not there."""
    places = [folder / f"{BASE}{suffix}" for suffix in RESULT_FILES[kind].suffixes]
    return next((path for path in places if path.exists()), places[0])


def key_figures(summary: dict[str, Any]) -> dict[str, Any]:
    """The part of a summary file that the job's record keeps."""
    most = MOST_ENTRIES
    while True:
        figures = {name: _bounded(summary[name], most) for name in KEY_FIGURES if summary.get(name) is not None}
        if most == 0 or len(json.dumps(figures)) <= LARGEST_SUMMARY:
            return figures
        most //= 2


def _bounded(value: Any, most: int) -> Any:
    """A figure with `most` entries at most, and with texts that fit into a record: names come from the user's file.

    Lists inside an entry, as the densities of one contig, stay whole: the engine bounds them.
    """
    if isinstance(value, dict):
        return {shortened(str(name), LONGEST_WORD): _short(inner) for name, inner in list(value.items())[:most]}
    if isinstance(value, list):
        return [_short(inner) for inner in value[:most]]
    return _short(value)


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return shortened(value, LONGEST_TEXT)
    if isinstance(value, dict):
        return {shortened(str(name), LONGEST_WORD): _short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    return value
