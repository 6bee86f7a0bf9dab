"""The SQS, SNS and SES in memory: messages come in any order, and again once they have been hidden for their time."""
from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from typing import Any

from tests.conftest import real_template
from tests.integration.support.memory_call import call, refused

HIDDEN = 120
"""Seconds that a message which was received stays hidden, as the queue `job-requests` has it."""


@dataclass
class Message:
    """A message of the SQS in memory."""

    queue: str
    body: str
    visible: int
    receipt: str = ""
    received: int = 0


class MemorySqs:
    """What the project uses of SQS.

    Args:
        aws: The `MemoryAws` that it belongs to.
    """

    order = random.Random(0)
    """Of the choice which message comes next; a test sets its seed."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    @call
    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        self._aws.messages.append(Message(QueueUrl, MessageBody, self._aws.now + DelaySeconds))

    @call
    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._aws.messages += [Message(QueueUrl, entry["MessageBody"], self._aws.now) for entry in Entries]
        return {}

    @call
    def receive_message(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        visible = [message for message in self._aws.messages
                   if message.queue == QueueUrl and message.visible <= self._aws.now]
        if not visible:
            return {}
        message = self.order.choice(visible)
        message.received += 1
        message.receipt, message.visible = f"{id(message)}-{message.received}", self._aws.now + HIDDEN
        return {"Messages": [{"Body": message.body, "ReceiptHandle": message.receipt,
                              "Attributes": {"ApproximateReceiveCount": str(message.received)}}]}

    @call
    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        for message in self._aws.messages:
            if message.receipt == ReceiptHandle and message.visible > self._aws.now:
                message.visible = self._aws.now + VisibilityTimeout
                return
        raise refused("MessageNotInflight")

    @call
    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self._aws.messages[:] = [message for message in self._aws.messages if message.receipt != ReceiptHandle]


@functools.cache
def subscriptions() -> list[tuple[str, str, dict[str, list[str]]]]:
    """The template's: a topic's logical name, the last word of a queue's name, and the filter policy."""
    resources = real_template()["Resources"]
    return [(properties["TopicArn"]["Ref"],
             resources[properties["Endpoint"]["Fn::GetAtt"][0]]["Properties"]["QueueName"]["Fn::Sub"]
             .removeprefix("gas-${Stage}-"), properties.get("FilterPolicy", {}))
            for resource in resources.values() if resource.get("Type") == "AWS::SNS::Subscription"
            for properties in [resource["Properties"]] if properties["Protocol"] == "sqs"]


class MemorySns:
    """What the project uses of SNS; topics are called by their names in the template.

    Args:
        aws: The `MemoryAws` that it belongs to.
    """

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    @call
    def publish(self, TopicArn: str, Message: str,  # noqa: N803
                MessageAttributes: dict[str, dict[str, str]] | None = None) -> None:  # noqa: N803
        given = {name: value["StringValue"] for name, value in (MessageAttributes or {}).items()}
        for topic, queue, policy in subscriptions():
            if topic == TopicArn and all(given.get(name) in values for name, values in policy.items()):
                self._aws.messages.append(_message(queue, Message, self._aws.now))


def _message(queue: str, body: str, visible: int) -> Message:
    return Message(queue, body, visible)


class MemorySesV2:
    """What the project uses of SES.

    Args:
        aws: The `MemoryAws` that it belongs to.
    """

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    @call
    def send_email(self, **arguments: Any) -> None:
        self._aws.mails.append(arguments)
