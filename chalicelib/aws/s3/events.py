"""S3's messages about objects, as S3 sends them to queues and topics.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""
from __future__ import annotations

import urllib.parse
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.domain.messages import convert


class ObjectEvent(Struct, frozen=True):
    """Something happened to an object.

    Attributes:
        key: The object's key.
        version_id: Its version, None in a bucket that keeps none.
        name: What happened, such as "ObjectCreated:Post"; "" in an event of ours.
    """

    key: str
    version_id: str | None = None
    name: str = ""


class _Object(Struct, rename="camel", omit_defaults=True):
    key: str  # as HTML forms encode it: a space is "+"
    version_id: str | None = None


class _Entity(Struct):
    object: _Object


class _Record(Struct, rename="camel", omit_defaults=True):
    s3: _Entity
    event_name: str = ""


class _Event(Struct, rename="pascal"):
    records: list[_Record]


def object_events(message: Any) -> list[ObjectEvent] | None:
    """Read a message of S3's.

    Args:
        message: The parsed JSON.

    Returns:
        What it reports, nothing for S3's test of a new queue; None for a message that is not of S3.

    Raises:
        InvalidMessageError: It is not as S3 documents it.
    """
    match message:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"Records": _}:
            event: _Event = convert(message, _Event)
            return [ObjectEvent(urllib.parse.unquote_plus(record.s3.object.key), record.s3.object.version_id,
                                record.event_name.removeprefix("s3:")) for record in event.records]
    return None


def created_event(key: str) -> str:
    """Returns the message that S3 would have sent when an object came, without its version."""
    created = _Object(urllib.parse.quote_plus(key, safe="/"))
    return msgspec.json.encode(_Event([_Record(_Entity(created))])).decode()
