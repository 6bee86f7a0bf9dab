"""Dead letters: `python -m infra redrive --stage prod` shows them, `--queue thaw` sends those of one queue again.

Consumers are idempotent, so a message that comes twice does no harm; one that is lost would. Each is therefore sent
before it is deleted.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra.aws.service_stack import Deployment
from infra.errors import OperatorError

_DEAD = "DeadLetterQueueUrl"
_TAKE_SECONDS = 30
"""How long a message that was taken stays hidden from others: time enough to send it again."""


def dead_letter_queues(place: Deployment) -> dict[str, tuple[str, str]]:
    """Addresses of the dead-letter queues and of the queues that they belong to, by the latter's short names.

    Raises:
        OperatorError: The stage is not deployed.
    """
    try:
        stack = place.client("cloudformation").describe_stacks(StackName=place.stack_name)["Stacks"][0]
    except ClientError as error:
        raise OperatorError(f"There is no stack {place.stack_name} here: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return {url.rsplit("/", 1)[1].removeprefix(f"{place.stack_name}-").removesuffix("-dead"):
            (url, outputs[name.replace(_DEAD, "QueueUrl")])
            for name, url in outputs.items() if name.endswith(_DEAD)}


def show(place: Deployment, say: Callable[[str], None], most: int = 10) -> int:
    """Say how many dead letters each queue has, and what the first ones are; returns how many there are in all."""
    sqs, total = place.client("sqs"), 0
    for name, (dead, _) in sorted(dead_letter_queues(place).items()):
        attributes = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
        count = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
        total += count
        say(f"{name}: {count}")
        if count:
            for message in _take(sqs, dead, min(most, 10)):
                say(f"  {message['Body'][:300]}")
                sqs.change_message_visibility(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"],
                                              VisibilityTimeout=0)  # a look takes nothing
    return total


def redrive(place: Deployment, queue: str, say: Callable[[str], None]) -> int:
    """Send the dead letters of one queue again.

    Args:
        queue: The short name, as "thaw".

    Returns:
        How many were sent.

    Raises:
        OperatorError: There is no such queue.
    """
    queues = dead_letter_queues(place)
    if queue not in queues:
        raise OperatorError(f"There is no queue “{queue}”.", f"There are: {', '.join(sorted(queues))}.")
    dead, source = queues[queue]
    sqs, sent = place.client("sqs"), 0
    while messages := _take(sqs, dead, 10):
        for message in messages:
            sqs.send_message(QueueUrl=source, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            sent += 1
    say(f"{queue}: {sent} sent again")
    return sent


def _take(sqs: Any, url: str, most: int) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, VisibilityTimeout=_TAKE_SECONDS,
                                 WaitTimeSeconds=0)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages
