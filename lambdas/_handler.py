"""What the functions behind queues share: one message after the other, partial failures, logs, traces and metrics."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.clock import Clock, system_clock

logger = Logger()
tracer = Tracer()
metrics = Metrics()

M = TypeVar("M")
UseCase = Callable[[M, LambdaContext], Enum]
LambdaHandler = Callable[[dict[str, Any], LambdaContext], PartialItemFailureResponse]


def queue_handler(read: Callable[[str], Iterable[M]], metric_names: Mapping[Enum, Iterable[str]],
                  clock: Clock = system_clock) -> Callable[[UseCase[M]], LambdaHandler]:
    """Make the function that Lambda calls of one that deals with a single message of ours.

    Records that fail are reported one by one and come again. Unlike powertools' default, a batch that fails as a whole
    is reported, too, and raises nothing: every record has a delivery count of its own, and the alarm on the
    dead-letter queue reports those that never succeed.

    Args:
        read: Reads the body of an SQS record, which may hold several messages, or none.
        metric_names: Metrics that count one for a message with this outcome.
    """
    def decorate(use_case: UseCase[M]) -> LambdaHandler:
        @tracer.capture_method(capture_response=False)
        def handle_record(record: SQSRecord, context: LambdaContext) -> None:
            for message in read(record.body):
                outcome = use_case(message, context)
                logger.info("Message dealt with", extra={"outcome": outcome.value})
                for name in metric_names.get(outcome, ()):
                    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)

        def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
            def handle_logged(record: SQSRecord) -> None:
                logger.append_keys(message_id=record.message_id)
                _count_age(record, clock())
                try:
                    handle_record(record, context)
                except Exception:
                    logger.exception("A message could not be dealt with; it will come again")
                    raise
                finally:
                    logger.remove_keys(["message_id", "job_id", "user_id", "archive_id"])

            processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
            return process_partial_response(event=event, record_handler=handle_logged, processor=processor,
                                            context=context)

        traced = tracer.capture_lambda_handler(metrics.log_metrics(handler), capture_response=False)
        lambda_handler: LambdaHandler = logger.inject_lambda_context(traced)
        return lambda_handler

    return decorate


def _count_age(record: SQSRecord, now: int) -> None:
    """Metric `MessageAge`: how long after it was sent a message is dealt with, requested delays included.

    SQS's own metric of a queue's oldest message sleeps when nothing has moved for six hours.
    """
    sent = record.raw_event.get("attributes", {}).get("SentTimestamp")
    if sent is not None:
        metrics.add_metric(name="MessageAge", unit=MetricUnit.Seconds, value=max(0, now - int(sent) // 1000))
