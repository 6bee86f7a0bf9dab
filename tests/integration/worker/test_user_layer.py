"""A job with the user's own annotations, from the queue to its end."""
from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from annotator.worker.loop import Worker
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.services import Services
from tests.integration.support.jobs_made import ADA, job_id, make_job, put_input
from tests.integration.worker.test_worker import VCF, make_worker, now, request

__all__ = ["make_worker"]
LAYER = f"{ADA}/{job_id()}/layer/my targets.bed"


def job_with_layer(services: Services, content: bytes) -> Job:
    version = put_input(services, LAYER, content)
    return make_job(services, content=VCF, layer_file_name="my targets.bed", layer_file_size=len(content),
                    s3_key_layer_file=LAYER, s3_version_layer_file=version)


def test_own_annotations_are_in_the_results(services: Services, make_worker: Callable[..., Worker]) -> None:
    job = job_with_layer(services, b"chrM\t0\t16569\tall of it\n")
    request(services, job)
    assert make_worker().work_once(0)
    ended = now(services, job)
    assert ended.job_status is JobStatus.COMPLETED
    assert ended.summary is not None
    (layer,) = ended.summary["layers"]
    assert (layer["name"], layer["file"], layer["kind"]) == ("my_targets", "my_targets.bed", "regions")
    assert layer["matched"] == ended.summary["records"]
    key = ended.file("summary").key
    assert key is not None
    assert json.loads(services.files.read_text(services.files.results_bucket, key, 10**6) or "")["layers"] == [layer]


@pytest.mark.parametrize(("content", "code", "words"), [
    (b"MT\t1\t9\nMT\tx\t9\n", "unusable_layer", "my_targets.bed, line 2: "),
    (b"chr7\t1\t9\n", "unusable_layer", "my_targets.bed: "), (None, "layer_missing", "“my targets.bed”")])
def test_unusable_annotations_fail_the_job_and_keep_the_input(
        services: Services, make_worker: Callable[..., Worker], content: bytes | None, code: str,
        words: str) -> None:
    job = job_with_layer(services, content or b"MT\t1\t9\n")
    if content is None:
        services.files.purge_below(services.files.inputs_bucket, LAYER)
    request(services, job)
    assert make_worker().work_once(0)
    ended = now(services, job)
    assert (ended.job_status, ended.input.deleted) == (JobStatus.FAILED, False)
    assert ended.error is not None
    assert (ended.error.code, ended.error.line) == (code, None)
    assert ended.error.message.startswith(words)
    assert ended.error.hint
    assert services.files.size(services.files.inputs_bucket, job.input.key) == len(VCF)
