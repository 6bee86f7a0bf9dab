"""A job's note: a few words of its owner to distinguish it from other jobs."""
from __future__ import annotations

import urllib.parse
from email.errors import HeaderParseError
from email.header import decode_header, make_header

LONGEST_NOTE = 120
"""Characters. Percent-encoded, so many fit into the 2 KB that S3 takes as metadata of an object."""
_ENCODED = "UTF-8''"
"""Begins a value that is percent-encoded, as RFC 8187 writes it: headers hold no other letters safely."""


def write_note(note: str) -> str:
    """A note as metadata of a file that `read_note` reads: plain ASCII."""
    return _ENCODED + urllib.parse.quote(note, safe="")


def read_note(value: str | None) -> str | None:
    """A note as it came with an upload: a form's field that S3 keeps as metadata of the file.

    The page's script sends it percent-encoded after `UTF-8''`. Without the script it comes as typed, and S3 gives
    letters beyond ASCII back as RFC 2047 writes them.

    Returns:
        One line of `LONGEST_NOTE` characters at most, None when there is nothing in it.
    """
    if not value:
        return None
    if value.upper().startswith(_ENCODED):
        text = urllib.parse.unquote(value[len(_ENCODED):], errors="replace")
    else:
        text = _from_header(value)
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())[
        :LONGEST_NOTE].strip() or None


def _from_header(value: str) -> str:
    try:
        text = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value
    try:
        return text.encode("latin-1").decode()  # UTF-8 that was read as Latin-1 on its way
    except ValueError:
        return text
