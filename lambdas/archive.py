"""Queue `archive` (completed jobs of free users; users whose premium ended) -> the archive."""
from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import FileRequest
from chalicelib.services import Services
from chalicelib.usecases.archive.archive_results import Archived, archive_results
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("archive")


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """One message: archive a job's results file, or all of a user's."""
    request = FileRequest.from_json(record.body)
    outcome = archive_results(services, request, owner=services.new_id())
    logger.info("Archive request dealt with", extra={"outcome": outcome.value})
    if outcome is Archived.ARCHIVED:
        metrics.add_metric(name="ResultsArchived", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    return process(event, context, logger, record_handler)
