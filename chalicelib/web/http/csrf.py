"""Against forged requests: a token in every form, and a look at where the browser says that the form came from.

The token is masked differently in each page: pages are compressed, and a secret that is the same in each could be
guessed from their lengths (the BREACH attack).
"""
from __future__ import annotations

import base64
import binascii
import hmac
from itertools import cycle

from chalicelib.clock import NewToken
from chalicelib.domain.sessions import Session
from chalicelib.exceptions import CsrfRejectedError
from chalicelib.web.http.request import WebRequest

FIELD = "csrf_token"


def form_token(session: Session, new_token: NewToken) -> str:
    """The value of the form field for one page of this session."""
    secret = session.csrf_token.encode()
    pad = _stretched(new_token().encode(), len(secret))
    return base64.urlsafe_b64encode(pad + _xor(pad, secret)).decode()


def check(request: WebRequest, session: Session) -> None:
    """Check that one of our own pages sent this form.

    Raises:
        CsrfRejectedError: When it did not, or cannot have.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin != request.site.origin:
        raise CsrfRejectedError()
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CsrfRejectedError()
    if not hmac.compare_digest(_unmasked(request.form.get(FIELD, "")), session.csrf_token.encode()):
        raise CsrfRejectedError()


def _unmasked(value: str) -> bytes:
    try:
        both = base64.urlsafe_b64decode(value)
    except (binascii.Error, ValueError):
        return b""
    half = len(both) // 2
    return _xor(both[:half], both[half:])


def _stretched(pad: bytes, length: int) -> bytes:
    return bytes(byte for byte, _ in zip(cycle(pad), range(length), strict=False))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
