"""What SQS, SNS and SES refuse."""
from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parseaddr

from tests.aws_rules.rule import Arguments, Rule

LARGEST_MESSAGE = 256 * 1024
"""Bytes: SNS's limit. SQS takes more by now, but what goes through SNS does not."""
LONGEST_DELAY = 900
LONGEST_INVISIBILITY = 43_200
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GROUP = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")


def _messages(arguments: Arguments) -> Iterator[Arguments]:
    yield arguments
    yield from arguments.get("Entries", [])


def _bodies(arguments: Arguments) -> list[str]:
    return [one[name] for one in _messages(arguments) for name in ("MessageBody", "Message") if name in one]


def _large_message(operation: str, arguments: Arguments) -> str | None:
    size = sum(len(body.encode()) for body in _bodies(arguments))
    return f"Message must be shorter than {LARGEST_MESSAGE} bytes" if size > LARGEST_MESSAGE else None


def _unfit_characters(operation: str, arguments: Arguments) -> str | None:
    for body in _bodies(arguments):
        if not body or _UNFIT.search(body):
            return "Invalid characters found" if body else "The request must contain the parameter MessageBody"
    return None


def _unfit_batch(operation: str, arguments: Arguments) -> str | None:
    if not operation.endswith("Batch"):
        return None
    ids = [entry["Id"] for entry in arguments["Entries"]]
    if not 1 <= len(ids) <= 10:
        return "Maximum number of entries per request are 10"
    return "Id repeated" if len(set(ids)) < len(ids) else None


def _unfit_times(operation: str, arguments: Arguments) -> str | None:
    for one in _messages(arguments):
        if not 0 <= one.get("DelaySeconds", 0) <= LONGEST_DELAY:
            return "DelaySeconds must be between 0 and 900"
        if not 0 <= one.get("VisibilityTimeout", 0) <= LONGEST_INVISIBILITY:
            return "VisibilityTimeout must be between 0 and 43200"
    if not 0 <= arguments.get("WaitTimeSeconds", 0) <= 20:
        return "WaitTimeSeconds must be between 0 and 20"
    return None


def _unfit_group(operation: str, arguments: Arguments) -> str | None:
    for one in _messages(arguments):
        if "MessageGroupId" in one and not _GROUP.fullmatch(one["MessageGroupId"]):
            return "MessageGroupId can only include alphanumeric and punctuation characters"
    return None


def _addresses(arguments: Arguments) -> list[str]:
    return [address for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in arguments.get("Destination", {}).get(kind, [])]


def _unfit_recipients(operation: str, arguments: Arguments) -> str | None:
    if operation != "SendEmail":
        return None
    if not 1 <= len(_addresses(arguments)) <= 50:
        return "Recipient count must be between 1 and 50"
    for address in _addresses(arguments):
        if not address.isascii():
            return "Local address contains control or whitespace" if " " in address else \
                "The address has characters that are not ASCII"
        if "@" not in parseaddr(address)[1]:
            return "Missing final '@domain'"
    return None


def _lines_in_subject(operation: str, arguments: Arguments) -> str | None:
    subject = arguments.get("Content", {}).get("Simple", {}).get("Subject", {}).get("Data", "")
    return "Header value must not contain line breaks" if re.search(r"[\r\n]", subject) else None


_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest"
_SNS = "https://docs.aws.amazon.com/general/latest/gr/sns.html"
_SES = "https://docs.aws.amazon.com/ses/latest"
_INVALID = "InvalidParameterValue"
RULES = (
    Rule("no message over 256 KB", ("sqs", "sns"), _INVALID, _SNS, _large_message),
    Rule("messages are text that XML can hold", ("sqs", "sns"), "InvalidMessageContents",
         f"{_SQS}/SQSDeveloperGuide/quotas-messages.html", _unfit_characters),
    Rule("batches have 1 to 10 entries", ("sqs", "sns"), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
         f"{_SQS}/APIReference/API_SendMessageBatch.html", _unfit_batch),
    Rule("delays end after 15 minutes, and messages reappear after 12 hours", ("sqs",), _INVALID,
         f"{_SQS}/SQSDeveloperGuide/quotas-messages.html", _unfit_times),
    Rule("groups of messages have short names in ASCII", ("sqs", "sns"), _INVALID,
         f"{_SQS}/SQSDeveloperGuide/quotas-messages.html", _unfit_group),
    Rule("emails have 1 to 50 addresses in ASCII", ("sesv2",), "BadRequestException",
         f"{_SES}/APIReference-V2/API_Destination.html", _unfit_recipients),
    Rule("no line break in a subject", ("sesv2",), "BadRequestException",
         f"{_SES}/APIReference-V2/API_Content.html", _lines_in_subject),
)
