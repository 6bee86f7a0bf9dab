"""The queues by which functions of GAS give work to each other and to themselves later."""
from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from chalicelib.aws.clients import client
from chalicelib.domain.messages import Message

LONGEST_DELAY = 900
"""Seconds; SQS delays a message no longer."""
_BATCH = 10


class WorkQueue:
    """Sends messages to one queue.

    Args:
        url: The queue's URL, "" for a function that may not send to it.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: Message, delay: int = 0) -> None:
        """Send one message, to be delivered after `delay` seconds (at most 15 minutes)."""
        self.send_text(message.to_json(), delay)

    def send_text(self, body: str, delay: int = 0) -> None:
        """Send a message that is none of ours, as an S3 event."""
        client("sqs").send_message(QueueUrl=self.url, MessageBody=body,
                                   DelaySeconds=max(0, min(delay, LONGEST_DELAY)))

    def send_many(self, messages: Iterable[Message]) -> int:
        """Send messages, ten a call; returns how many.

        Raises:
            RuntimeError: SQS did not take one of them.
        """
        remaining, count = iter(messages), 0
        while batch := list(islice(remaining, _BATCH)):
            answer = client("sqs").send_message_batch(QueueUrl=self.url, Entries=[
                {"Id": str(number), "MessageBody": message.to_json()} for number, message in enumerate(batch)])
            if answer.get("Failed"):
                raise RuntimeError(f"SQS did not take {len(answer['Failed'])} messages: {answer['Failed'][0]}")
            count += len(batch)
        return count
