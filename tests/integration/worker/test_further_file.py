"""A further result file is one row in the service's table and one in the engine's: everything else follows."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from annotator.engine.indexes import ENDINGS
from annotator.engine.output.files import OUTPUT_FILES, VCF_SUFFIX
from annotator.worker.engine_process import EngineRun
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import RESULT_FILES, ResultFile
from chalicelib.services import Services
from chalicelib.usecases.jobs.checksums import checksums
from chalicelib.usecases.jobs.user_jobs import delete_job, download_link
from tests.conftest import HeldClock
from tests.integration.support.cold import RETENTION, Functions, names_in, reload, request, restored_event
from tests.integration.support.jobs_made import ADA, keys_in, make_job

VCF = (b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
       b"MT\t73\t.\tA\tG\t.\t.\t.\nMT\t263\t.\tA\tG\t.\t.\t.\n")
GENES = ResultFile(kind="genes", suffix=".genes.tsv", content_type="text/tab-separated-values", archived=True,
                   title="Genes with variants", description="A line for each gene")
NAME = "free_1.genes.tsv"
ENGINE = """
import runpy
from annotator.engine.output.files import OUTPUT_FILES, OutputFile
row = OutputFile(".genes.tsv", lambda annotated, path: path.write_text(f"records\\t{annotated.summary['records']}\\n"))
OUTPUT_FILES["genes"] = row
runpy.run_module("annotator", run_name="__main__")
"""
"""The engine, with one row more."""


@pytest.fixture
def further_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESULT_FILES, GENES.kind, GENES)
    command = EngineRun.command.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(EngineRun, "command", property(lambda run: [sys.executable, "-c", ENGINE, *command(run)[3:]]))


def annotate(services: Services, folder: Path) -> None:
    worker = Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url),
                    WorkerSettings(work_dir=folder, lease=60, pause=0, time_limit=60), "w1")
    try:
        assert worker.work_once(0)
    finally:
        worker.workspace.close()


def test_both_tables_have_the_same_files() -> None:
    engine = {"results": (VCF_SUFFIX,), "index": tuple(VCF_SUFFIX + ending for ending in ENDINGS),
              **{kind: (file.suffix,) for kind, file in OUTPUT_FILES.items()}}
    assert {kind: file.suffixes for kind, file in RESULT_FILES.items()} == engine


@pytest.mark.usefixtures("further_file")
@pytest.mark.writes_once("sqs", "sns")
def test_a_further_file_is_annotated_kept_archived_thawed_and_deleted(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        tmp_path: Path) -> None:
    make_profile()
    job = make_job(services, content=VCF)
    services.topics.request_job(JobRequest(job_id=job.job_id, user_id=ADA))
    annotate(services, tmp_path)

    live = reload(services, job).file("genes").key
    assert live == f"{ADA}/{job.job_id}/{NAME}"
    stored = boto3.client("s3").get_object(Bucket=services.files.results_bucket, Key=live)
    assert (stored["Body"].read(), stored["ContentType"]) == (b"records\t2\n", GENES.content_type)
    assert f"/{NAME}?" in download_link(services, ADA, job.job_id, "genes")
    assert NAME in [file.name for file in checksums(services, ADA, job.job_id)]

    clock.advance(RETENTION)
    cold = functions.archive(job)
    assert cold.file("genes").key is None
    assert cold.file("genes").archive_id in keys_in(services.files.archive_bucket)
    assert NAME not in names_in(services.files.results_bucket)

    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request("restore", job_id=job.job_id)) == []
    assert functions.deliver("thaw", restored_event(str(cold.archive_id))) == []
    assert reload(services, job).file("genes").key == live
    assert live in keys_in(services.files.results_bucket)
    assert keys_in(services.files.archive_bucket) == []

    delete_job(services, ADA, job.job_id)
    assert keys_in(services.files.results_bucket) == []
