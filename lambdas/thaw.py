"""Queue `thaw` (topic `job_thaw`: retrievals that are through, from either store) -> the results bucket."""
from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.aws.archive.base import Retrieval
from chalicelib.domain.messages import FileRequest
from chalicelib.domain.names import InputKey
from chalicelib.services import Services
from chalicelib.usecases.archive.thaw_results import Thawed, thaw_results
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("thaw")


def retrievals(body: str) -> Iterator[Retrieval]:
    """The retrievals that a message tells of.

    S3 sends events (`s3:ObjectRestore:Completed`), Glacier the description of its job, and the restore function a
    request of ours where the bytes were out already. S3's test event and other events tell of none.

    :raises ValueError: the message is none of these
    """
    message = json.loads(body)
    match message:
        case {"Event": "s3:TestEvent"}:
            return
        case {"Records": list(records)}:
            for record in records:
                if record["eventName"].removeprefix("s3:") == "ObjectRestore:Completed":
                    key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
                    parts = InputKey.parse(key)
                    yield Retrieval(archive_id=key, job_id=parts.job_id if parts else "")
        case {"Action": "ArchiveRetrieval", "ArchiveId": str(archive_id), "JobId": str(retrieval_id)}:
            if message.get("StatusCode") != "Succeeded":
                raise ValueError(f"Glacier could not retrieve: {message.get('StatusMessage')}")
            description = json.loads(message.get("JobDescription") or "{}")
            yield Retrieval(archive_id=archive_id, retrieval_id=retrieval_id, job_id=description.get("job_id", ""))
        case {"user_id": str(), "job_id": str(job_id)}:
            request = FileRequest.from_json(body)
            job = services.jobs.get(job_id)
            if job is not None and job.user_id == request.user_id and job.archive_id is not None:
                yield Retrieval(archive_id=job.archive_id, job_id=job_id)
        case _:
            raise ValueError(f"not a message about a retrieval: {body[:200]}")


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """One message: bring back what the archive has brought out."""
    for retrieval in retrievals(record.body):
        outcome = thaw_results(services, retrieval, owner=services.new_id())
        logger.info("Retrieval dealt with", extra={"outcome": outcome.value, "archive_id": retrieval.archive_id})
        if outcome is Thawed.THAWED:
            metrics.add_metric(name="ResultsThawed", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    return process(event, context, logger, record_handler)
