"""Queue `erase` -> accounts deleted, with everything that belongs to them."""
from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import FileRequest
from chalicelib.services import Services
from chalicelib.usecases.account.erase_account import Erased, erase_account
from lambdas._handler import process

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("erase")

STOP_BEFORE_END = 60_000
"""Milliseconds that are left for one annotation, the last files and the end of the function."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """What Lambda calls."""
    def record_handler(record: SQSRecord) -> None:
        user_id = FileRequest.from_json(record.body).user_id
        logger.append_keys(user_id=user_id)
        outcome = erase_account(services, user_id,
                                lambda: context.get_remaining_time_in_millis() > STOP_BEFORE_END)
        logger.info("Account dealt with", extra={"outcome": outcome.value})
        if outcome is Erased.WHOLLY:
            metrics.add_metric(name="AccountsErased", unit=MetricUnit.Count, value=1)

    return process(event, context, logger, record_handler)
