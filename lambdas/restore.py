"""Queue `restore` (users who subscribed) -> retrievals of everything of theirs that is archived."""
from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import FileRequest
from chalicelib.services import Services
from chalicelib.usecases.archive.restore_results import Restored, restore_results
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("restore")


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """One message: send for a job's results file, or for all of a user's."""
    outcome = restore_results(services, FileRequest.from_json(record.body))
    logger.info("Restore request dealt with", extra={"outcome": outcome.value})
    if outcome in (Restored.REQUESTED, Restored.REQUESTED_STANDARD, Restored.READY):
        metrics.add_metric(name="RetrievalsRequested", unit=MetricUnit.Count, value=1)
    if outcome is Restored.REQUESTED_STANDARD:
        metrics.add_metric(name="StandardFallbacks", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    return process(event, context, logger, record_handler)
