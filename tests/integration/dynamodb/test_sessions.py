"""A sign-in that has begun is no session, and is good for one answer."""
from __future__ import annotations

from chalicelib.domain.sessions import LoginAttempt
from chalicelib.services import Services


def begun(services: Services) -> LoginAttempt:
    attempt = LoginAttempt(session_id="s", state="x", nonce="n", code_verifier="v", next_path="/",
                           expires=services.clock() + 600)
    services.sessions.put(attempt)
    return attempt


def test_a_sign_in_that_has_begun_is_no_session(services: Services) -> None:
    """Its token, as the cookie of a session, signs nobody in."""
    begun(services)
    assert services.sessions.get_session("s", services.clock()) is None


def test_a_sign_in_is_taken_once(services: Services) -> None:
    attempt = begun(services)
    assert services.sessions.take_login("s", services.clock()) == attempt
    assert services.sessions.take_login("s", services.clock()) is None
