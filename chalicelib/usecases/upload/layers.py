"""The user's own annotations of a job: found when its input file arrives, and deleted where no job takes them."""
from __future__ import annotations

from aws_lambda_powertools import Logger

from chalicelib.aws.s3.files import UploadedFile
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import LayerFile
from chalicelib.domain.layers import check_layer_name
from chalicelib.domain.names import InputKey, layer_prefix
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services

logger = Logger(child=True)

WAITS_FOR_INPUT = 86_400
"""Seconds after which a file whose input file has not come is deleted: a page may stay open for that long."""


def find_layer(services: Services, parts: InputKey) -> LayerFile:
    """The file that lies beside an input file that has arrived. Browsers send it first.

    Args:
        parts: The key of the input file.
    """
    files, prefix = services.files, layer_prefix(parts.user_id, parts.job_id)
    key = files.first_below(files.inputs_bucket, prefix)
    file = None if key is None else files.describe(files.inputs_bucket, key)
    if key is None or file is None:
        return LayerFile()
    return LayerFile(name=key.removeprefix(prefix), size=file.size, key=key, version=file.version_id)


def refusal_of_layer(layer: LayerFile) -> JobReason | None:
    """Why a file cannot be the user's own annotations, None where it can."""
    if layer.name is None:
        return None
    try:
        check_layer_name(layer.name)
    except JobFailure as failure:
        return failure.reason
    if layer.size == 0:
        return JobReason("empty_layer", f"“{layer.name}”, with your own annotations, is empty.",
                         "Check the file on your computer, or upload without it.")
    return None


def remove_unused_layer(services: Services, parts: InputKey, file: UploadedFile) -> None:
    """Delete a file that no job takes: its job has another one or none, or its input file did not come.

    Args:
        parts: Its key.
        file: The version that S3 reports.
    """
    job = services.jobs.get(parts.job_id)
    if job is None:
        unused = services.clock() - file.modified > WAITS_FOR_INPUT
    else:
        unused = (job.layer.key, job.layer.version) != (parts.key, file.version_id)
    if unused:
        logger.info("A file of annotations that no job takes is deleted", extra={"key": parts.key})
        services.files.delete_version(services.files.inputs_bucket, parts.key, file.version_id)
