"""Sessions of signed-in browsers, and logins under way: cookies here, records in the table.

A cookie holds 256 random bits; the table knows only their SHA-256, so what leaks from it signs nobody in.
"""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chalicelib.domain.sessions import LoginAttempt, Session
from chalicelib.services import Services
from chalicelib.web.site import Site

if TYPE_CHECKING:
    from chalicelib.web.http.request import WebRequest

SESSION_SECONDS = 12 * 3600
"""A session ends this long after sign-in, however busy it is."""
LOGIN_SECONDS = 600
"""How long signing in at Globus may take."""

_SESSION, _LOGIN = "gas_session", "gas_login"


def current(request: WebRequest) -> Session | None:
    """The session that the browser's cookie stands for, None when there is none or it has ended."""
    token = request.cookies.get(_cookie_name(request.site, _SESSION))
    if not token:
        return None
    return request.services.sessions.get_session(_digest(token), request.services.clock())


def begin(request: WebRequest, user_id: str) -> str:
    """Begin a session under a new token; a session that the browser had before ends.

    Returns:
        The Set-Cookie header.
    """
    services = request.services
    if request.session is not None:
        services.sessions.delete(request.session.session_id)
    token = services.new_token()
    now = services.clock()
    services.sessions.put(Session(session_id=_digest(token), user_id=user_id, csrf_token=services.new_token(),
                                  created=now, expires=now + SESSION_SECONDS))
    return _cookie(request.site, _SESSION, token, SESSION_SECONDS)


def end(request: WebRequest) -> str:
    """End the browser's session, if it has one.

    Returns:
        The Set-Cookie header that takes the cookie away.
    """
    if request.session is not None:
        request.services.sessions.delete(request.session.session_id)
    return _cookie(request.site, _SESSION, "", 0)


def begin_login(services: Services, site: Site, next_path: str) -> tuple[LoginAttempt, str]:
    """Begin a login with fresh state, nonce and PKCE verifier.

    Args:
        next_path: Our own path to go to after it.

    Returns:
        The attempt, and the Set-Cookie header that ties it to this browser.
    """
    token = services.new_token()
    attempt = LoginAttempt(session_id=_digest(token), state=services.new_token(), nonce=services.new_token(),
                           code_verifier=services.new_token(), next_path=next_path,
                           expires=services.clock() + LOGIN_SECONDS)
    services.sessions.put(attempt)
    return attempt, _cookie(site, _LOGIN, token, LOGIN_SECONDS)


def take_login(request: WebRequest) -> tuple[LoginAttempt | None, str]:
    """The login that this browser began, which cannot be taken again.

    Returns:
        The attempt or None, and the Set-Cookie header that takes its cookie away.
    """
    token = request.cookies.get(_cookie_name(request.site, _LOGIN))
    attempt = request.services.sessions.take_login(_digest(token), request.services.clock()) if token else None
    return attempt, _cookie(request.site, _LOGIN, "", 0)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _cookie_name(site: Site, name: str) -> str:
    """Over TLS the name says that no other host or path can have set the cookie (RFC 6265bis)."""
    return f"__Host-{name}" if site.tls else name


def _cookie(site: Site, name: str, value: str, max_age: int) -> str:
    secure = "; Secure" if site.tls else ""
    return f"{_cookie_name(site, name)}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}"
