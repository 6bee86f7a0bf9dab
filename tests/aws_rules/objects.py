"""What S3 refuses. moto itself refuses small parts and reads of objects in Glacier; test_aws_rules.py shows it."""
from __future__ import annotations

from tests.aws_rules.rule import Arguments, Rule

LONGEST_KEY = 1024
"""Bytes of UTF-8."""
MOST_METADATA = 2048
"""Bytes of names and values of user-defined metadata."""


def _long_key(operation: str, arguments: Arguments) -> str | None:
    return "Your key is too long" if len(arguments.get("Key", "").encode()) > LONGEST_KEY else None


def _much_metadata(operation: str, arguments: Arguments) -> str | None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in arguments.get("Metadata", {}).items())
    return "Your metadata headers exceed the maximum allowed metadata size" if size > MOST_METADATA else None


def _foreign_metadata(operation: str, arguments: Arguments) -> str | None:
    for name, value in arguments.get("Metadata", {}).items():
        if not (name + value).isascii():
            return f"Non ascii characters found in S3 metadata for key {name}"
    return None


def _many_deleted(operation: str, arguments: Arguments) -> str | None:
    count = len(arguments.get("Delete", {}).get("Objects", [])) if operation == "DeleteObjects" else 1
    return None if 1 <= count <= 1000 else "The XML you provided was not well-formed"


def _part_number(operation: str, arguments: Arguments) -> str | None:
    return None if 1 <= arguments.get("PartNumber", 1) <= 10_000 else "Part number must be between 1 and 10000"


_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_API = "https://docs.aws.amazon.com/AmazonS3/latest/API"
_ONE = ("s3",)
RULES = (
    Rule("no key over 1,024 bytes", _ONE, "KeyTooLongError", f"{_GUIDE}/object-keys.html", _long_key),
    Rule("no metadata over 2 KB", _ONE, "MetadataTooLarge", f"{_GUIDE}/UsingMetadata.html", _much_metadata),
    Rule("metadata is ASCII", _ONE, "InvalidArgument", f"{_GUIDE}/UsingMetadata.html", _foreign_metadata),
    Rule("1 to 1,000 keys are deleted at once", _ONE, "MalformedXML", f"{_API}/API_DeleteObjects.html", _many_deleted),
    Rule("parts are numbered 1 to 10,000", _ONE, "InvalidArgument", f"{_GUIDE}/qfacts.html", _part_number),
)
