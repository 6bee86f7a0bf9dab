"""Jobs for tests, made from the attributes of their records."""
from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.job_record import UNANNOUNCED, from_record, to_record
from chalicelib.domain.jobs import Job, JobProgress, progress_record
from chalicelib.domain.result_files import RESULT_FILES, StoredFile, result_name


def job_of(*, unannounced: bool = False, **attributes: Any) -> Job:
    """A job whose record has these attributes; None stands for one that it lacks."""
    record = {name: _plain(value) for name, value in attributes.items() if value is not None}
    return from_record({"job_status": "PENDING", **record, **({"open": UNANNOUNCED} if unannounced else {})})


def job_with(job: Job, **attributes: Any) -> Job:
    """A job with other attributes."""
    return job_of(unannounced=job.unannounced, **{**to_record(job), **attributes})


def result_names(input_file_name: str, **suffixes: str) -> dict[str, str]:
    """The names of a job's results, by kind.

    Args:
        suffixes: By kind of file, where it is not the usual one.
    """
    return {kind: result_name(input_file_name, kind, suffixes.get(kind, "")) for kind in RESULT_FILES}


def stored_files(prefix: str, input_file_name: str = "free_1.vcf", **suffixes: str) -> dict[str, StoredFile]:
    """Every result of a job, under the usual keys."""
    return {kind: StoredFile(prefix + name) for kind, name in result_names(input_file_name, **suffixes).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, JobProgress):
        return progress_record(value)
    return msgspec.to_builtins(value) if isinstance(value, JobReason) else value
