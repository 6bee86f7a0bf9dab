"""What every function behind a queue shares: partial failures, one log context a message, metrics."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.clock import Clock, system_clock

RecordHandler = Callable[[SQSRecord], None]


def process(event: dict[str, Any], context: LambdaContext, logger: Logger,
            handle: RecordHandler, clock: Clock = system_clock) -> PartialItemFailureResponse:
    """Give each message to `handle`; those that fail are reported one by one and come again.

    Unlike powertools' default, a batch that fails as a whole is reported too and not raised: every message has its
    own count of deliveries, and the alarm on the dead-letter queue tells of those that never succeed.
    """
    def record_handler(record: SQSRecord) -> None:
        logger.append_keys(message_id=record.message_id)
        _tell_age(record, clock())
        try:
            handle(record)
        except Exception:
            logger.exception("A message could not be dealt with; it will come again")
            raise
        finally:
            logger.remove_keys(["message_id", "job_id", "user_id"])

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)


def _tell_age(record: SQSRecord, now: int) -> None:
    """Metric `MessageAge`: how long after it was sent a message is dealt with, delays that were asked for included.

    SQS's own metric of a queue's oldest message sleeps when nothing has moved for six hours.
    """
    sent = record.raw_event.get("attributes", {}).get("SentTimestamp")
    if sent is not None:
        Metrics().add_metric(name="MessageAge", unit=MetricUnit.Seconds, value=max(0, now - int(sent) // 1000))
