"""Where the next page of a user's list begins, as a text that goes into an address and comes back from anywhere."""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.aws.dynamodb.items import from_item, to_item
from chalicelib.domain.job_record import LONGEST_KEY
from chalicelib.domain.names import is_job_id
from chalicelib.exceptions import BadRequestError


def cursor_of(item: Mapping[str, Any], sorted_by: str) -> str:
    """The cursor after an item.

    Args:
        item: The last one of a page, or its key, in wire form.
        sorted_by: The attribute by which the index sorts a user's jobs.
    """
    record = from_item(item)
    text = json.dumps([record["job_id"], record[sorted_by]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def start_key(cursor: str, user_id: str, sorted_by: str, kind: type) -> dict[str, Any]:
    """The key after which a page begins, in wire form.

    Args:
        cursor: As `cursor_of` made it, or anything else.
        user_id: Of the session, never of the cursor: no cursor leads into another user's jobs.
        sorted_by: The attribute by which the index sorts a user's jobs.
        kind: `int` or `str`, the type of that attribute.

    Raises:
        BadRequestError: No page of such a list gave this cursor.
    """
    try:
        job_id, value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not is_job_id(job_id) or not _is_key(value, kind):
            raise ValueError(sorted_by)
        return to_item({"job_id": job_id, sorted_by: value, "user_id": user_id})
    except (ValueError, TypeError) as error:
        raise BadRequestError("This page of the list does not exist.", "Go back to the first page.",
                              field="cursor") from error


def _is_key(value: object, kind: type) -> bool:
    """Whether DynamoDB takes a value from outside as a key: a number of 38 digits, or a text of 1 to 1,024 bytes."""
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    if isinstance(value, str):
        try:
            return 0 < len(value.encode()) <= LONGEST_KEY
        except UnicodeEncodeError:  # half of a surrogate pair
            return False
    return isinstance(value, int) and 0 <= value < 10**38
