"""The SQS queue `job_requests`, as the worker uses it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client

LONG_POLL_SECONDS = 5
"""Short enough that a worker stops soon when asked to: a poll cannot be cancelled without risk to its message."""
LONGEST_INVISIBLE = 43_200
"""SQS's limit: 12 hours, in seconds."""


@dataclass(frozen=True)
class ReceivedMessage:
    """One delivery of a message.

    Attributes:
        receive_count: How often SQS has delivered it, this time included.
    """

    body: str
    receipt: str
    receive_count: int


class JobRequestsQueue:
    """Takes job requests, one at a time.

    Args:
        url: The queue's URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> tuple[int, int]:
        """Ask how many messages wait and how many are in an annotator's hands.

        The question itself keeps the queue's metrics coming: SQS publishes none for a queue that nothing has touched
        for six hours
        (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html).
        """
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        waiting, in_flight = (int(attributes[name]) for name in names)
        return waiting, in_flight

    @property
    def _sqs(self) -> Any:
        return client("sqs", read_timeout=LONG_POLL_SECONDS + 15)

    def receive(self, wait_seconds: int = LONG_POLL_SECONDS) -> ReceivedMessage | None:
        """Wait for a message, at most `wait_seconds`; None when none came."""
        answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1, WaitTimeSeconds=wait_seconds,
                                           MessageSystemAttributeNames=["ApproximateReceiveCount"])
        for message in answer.get("Messages", []):
            return ReceivedMessage(body=message["Body"], receipt=message["ReceiptHandle"],
                                   receive_count=int(message["Attributes"]["ApproximateReceiveCount"]))
        return None

    def hide(self, message: ReceivedMessage, seconds: int) -> None:
        """Keep the message from other workers for `seconds` from now; 0 shows it to them at once."""
        try:
            self._sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=message.receipt,
                                                VisibilityTimeout=max(0, min(seconds, LONGEST_INVISIBLE)))
        except ClientError as error:
            # The delivery ran out before: the message is visible already, which is what the lease is for.
            if error.response["Error"]["Code"] not in ("MessageNotInflight", "ReceiptHandleIsInvalid",
                                                       "InvalidParameterValue",
                                                       "AWS.SimpleQueueService.MessageNotInflight"):
                raise

    def done(self, message: ReceivedMessage) -> None:
        """Take the message off the queue."""
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)
