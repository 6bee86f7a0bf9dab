"""How long the texts of a record can be. DynamoDB takes 400 KB a record, and refuses a larger one for good."""
from __future__ import annotations

LONGEST_TEXT = 2000
"""Bytes of a sentence that a record keeps, as a job's reason."""
LONGEST_WORD = 300
"""Bytes of a name or of a quoted piece of a file."""
LONGEST_EMAIL = 320
"""Characters of an email address: 64 before the @, 255 after it (RFC 5321)."""
LARGEST_SUMMARY = 64 * 1024
"""Bytes (as JSON) of the key figures that a job's record keeps; the summary file has all of them."""
LARGEST_RECORD = 400 * 1024
"""Bytes of a DynamoDB item, names of attributes included."""

_ELLIPSIS = "…"


def shortened(text: str, most: int) -> str:
    """The text, cut to `most` bytes of UTF-8 with an ellipsis at the end where it is longer."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text
    return encoded[:most - len(_ELLIPSIS.encode())].decode(errors="ignore") + _ELLIPSIS
