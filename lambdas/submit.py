"""Queue `uploads` (S3's ObjectCreated events, and requests to annotate a file again) -> jobs."""
from __future__ import annotations

import json
import urllib.parse
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import CopyRequest
from chalicelib.services import Services
from chalicelib.usecases.upload.annotate_again import copy_input
from chalicelib.usecases.upload.submit_job import submit_job
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("submit")


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """One message: a request to copy a file, an S3 event with, as S3 documents, one or more records, or S3's test event
    without any."""
    copy = CopyRequest.from_json(record.body)
    if copy is not None:
        if copy_input(services, copy):
            metrics.add_metric(name="FilesCopied", unit=MetricUnit.Count, value=1)
        return
    event = json.loads(record.body)
    if event.get("Event") == "s3:TestEvent":
        logger.info("S3 tried the queue")
        return
    for s3_record in event["Records"]:
        # Keys come form-encoded in events: a space is "+".
        uploaded = s3_record["s3"]["object"]
        key = urllib.parse.unquote_plus(uploaded["key"])
        if submit_job(services, key, uploaded.get("versionId")) is not None:
            metrics.add_metric(name="JobsSubmitted", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    return process(event, context, logger, record_handler)
