"""Queue `notify` (topic `job_results`, and requests for other mails) -> SES."""
from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import MailRequest
from chalicelib.services import Services
from chalicelib.usecases.mail.notify_user import Notified, notify_user
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("notify")


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """One message: a mail to be written, once."""
    outcome = notify_user(services, MailRequest.from_json(record.body))
    logger.info("Mail request dealt with", extra={"outcome": outcome.value})
    if outcome is Notified.SENT:
        metrics.add_metric(name="MailsSent", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    return process(event, context, logger, record_handler)
