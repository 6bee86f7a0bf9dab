"""The record of a job: how the table `annotations` keeps it, an item with the key `job_id` and flat attributes.

Attributes that would be None are left out, as the table's sparse indexes need it.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import (
    Archive,
    InputFile,
    Job,
    JobProgress,
    JobStatus,
    LayerFile,
    RestoreStatus,
    RestoreTier,
    Run,
    SentEmails,
    Stage,
    progress_record,
)
from chalicelib.domain.result_files import RESULT_FILES, RESULTS, StoredFile

OPEN = "yes"
"""Value of a record's `open` while its job is PENDING or RUNNING."""
UNANNOUNCED = "unannounced"
"""Value of a record's `open` from the update that ends its job until that end has been published. The attribute is gone
afterwards, so that the index that the sweep reads holds only jobs that still need something done."""
LONGEST_KEY = 1024
"""Bytes of a key of an index in DynamoDB."""

_PARTS: dict[str, type] = {"input": InputFile, "layer": LayerFile, "run": Run, "archive": Archive, "mail": SentEmails}
"""The parts of a job whose fields are attributes of its record."""
_APART = {*_PARTS, "files", "unannounced"}
"""Fields of a job that are no attributes themselves."""
_RENAMED = {
    "results_bucket": "s3_results_bucket",
    "input.name": "input_file_name", "input.size": "input_file_size", "input.bucket": "s3_inputs_bucket",
    "input.key": "s3_key_input_file", "input.version": "s3_version_input_file", "input.deleted": "input_deleted",
    "layer.name": "layer_file_name", "layer.size": "layer_file_size", "layer.key": "s3_key_layer_file",
    "layer.version": "s3_version_layer_file",
    "archive.upload": "archive_upload", "archive.hold_owner": "file_hold_owner",
    "archive.hold_expires": "file_hold_expires"}
"""Attributes that are not named like their fields."""
_JOB = {one.name: _RENAMED.get(one.name, one.name) for one in fields(Job) if one.name not in _APART}
"""Attributes of the job itself, by field."""
_OF_PARTS = {name: {one.name: _RENAMED.get(f"{name}.{one.name}", one.name) for one in fields(part)}
             for name, part in _PARTS.items()}
"""Attributes of each part, by field."""
_READ: dict[str, Callable[[Any], Any]] = {
    "job_status": JobStatus, "restore_status": RestoreStatus, "restore_tier": RestoreTier,
    "progress": lambda record: JobProgress(**{**record, "stage": Stage(record["stage"])}),
    "error": lambda record: msgspec.convert(record, JobReason)}
"""How attributes are read that are not plain values."""


class FileAttributes(NamedTuple):
    """The attributes of a record that describe one of the job's files: the fields of `StoredFile`."""

    key: str
    archive_id: str
    size: str
    sha256: str

    @classmethod
    def of(cls, kind: str) -> FileAttributes:
        """Their names for a kind of file. Those of the results file are older than the others, and keys of indexes."""
        key, archive_id = ("s3_key_result_file", "results_file_archive_id") if kind == RESULTS else (
            f"s3_key_{kind}_file", f"s3_key_archived_{kind}_file")
        return cls(key, archive_id, f"{kind}_file_size", f"{kind}_file_sha256")


def files_record(files: Mapping[str, StoredFile]) -> dict[str, str | int]:
    """Files, by kind, as attributes of their job's record."""
    return {attribute: value for kind, stored in files.items()
            for attribute, value in zip(FileAttributes.of(kind), astuple(stored), strict=True)
            if value is not None}


def to_record(job: Job) -> dict[str, Any]:
    """A job as plain types."""
    record = {attribute: _written(getattr(part, name)) for part, attributes in (
        (job, _JOB), *((getattr(job, part), attributes) for part, attributes in _OF_PARTS.items()))
        for name, attribute in attributes.items()}
    record |= {"listed_as": searchable(f"{job.input.name}\n{job.note or ''}".rstrip()), **files_record(job.files)}
    record["searched"] = record["listed_as"]
    record["input_file_size"] = job.uploaded_size  # what indexes project: quotas and turns count all that was uploaded
    record["open"] = OPEN if not job.ended else UNANNOUNCED if job.unannounced else None
    return {name: value for name, value in record.items() if value is not None}


def from_record(record: Mapping[str, Any]) -> Job:
    """The job that `to_record` described; attributes that nobody knows (any more, or yet) are passed over."""
    record = {**record, "input_file_size": record["input_file_size"] - record.get("layer_file_size", 0)}
    parts = {name: part(**_values(_OF_PARTS[name], record)) for name, part in _PARTS.items()}
    files = {kind: StoredFile(*map(record.get, FileAttributes.of(kind))) for kind in RESULT_FILES}
    return Job(**_values(_JOB, record), **parts, unannounced=record.get("open") == UNANNOUNCED,
               files={kind: stored for kind, stored in files.items() if stored != StoredFile()})


def searchable(text: str) -> str:
    """A text without its case, as lists are searched and sorted by; shortened to what a key of an index takes."""
    return text.casefold().encode()[:LONGEST_KEY].decode(errors="ignore")


def _written(value: Any) -> Any:
    if isinstance(value, JobProgress):
        return progress_record(value)
    if isinstance(value, JobReason):
        return msgspec.to_builtins(value)
    return value.value if isinstance(value, Enum) else value


def _values(attributes: Mapping[str, str], record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of the fields of a job, or of a part of one."""
    found = {name: record.get(attribute) for name, attribute in attributes.items()}
    return {name: _READ[name](value) if name in _READ else value for name, value in found.items() if value is not None}
