"""Signing in and out with Globus."""
from __future__ import annotations

import hmac
import re

from chalice import Blueprint

from chalicelib.exceptions import SignInCancelledError, SignInFailedError
from chalicelib.usecases.account.profiles import register_sign_in
from chalicelib.web import monitoring
from chalicelib.web.globus import GlobusSignIn
from chalicelib.web.http import sessions
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, redirect
from chalicelib.web.http.routing import action, page

blueprint = Blueprint(__name__)

AFTER_SIGN_IN = "/annotations"
CALLBACK = "/authcallback"
# One slash, then anything that no browser reads as another host or as the end of a header.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def own_path(address: str | None) -> str:
    """`address` when it is a path of ours, and the usual one when it leads anywhere else."""
    if address and len(address) <= 2048 and _OWN_PATH.fullmatch(address):
        return address
    return AFTER_SIGN_IN


@page(blueprint, "/login", signed_in=False)
def login(request: WebRequest) -> WebResponse:
    """Send the browser to Globus. Who is signed in already goes straight on."""
    next_path = own_path(request.query("next"))
    if request.visitor is not None:
        return redirect(request.site.path(next_path))
    attempt, cookie = sessions.begin_login(request.services, request.site, next_path)
    globus = GlobusSignIn(request.services.secrets.globus_client())
    return redirect(globus.login_url(attempt, request.site.absolute(CALLBACK))).add_cookie(cookie)


@page(blueprint, CALLBACK, signed_in=False)
def authcallback(request: WebRequest) -> WebResponse:
    """Globus sends the browser back: check that it answers a login of this browser, and begin a session."""
    attempt, forget_login = sessions.take_login(request)
    if request.query("error") == "access_denied":
        raise SignInCancelledError()
    if attempt is None:
        raise SignInFailedError("This sign-in attempt expired or was started in another browser.")
    state, code = request.query("state") or "", request.query("code")
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        raise SignInFailedError()
    if request.query("error") or not code:
        monitoring.logger.warning("Globus ended the sign-in", answer=request.query("error"))
        raise SignInFailedError()
    identity = GlobusSignIn(request.services.secrets.globus_client()).finish(
        attempt, code, request.site.absolute(CALLBACK))
    profile = register_sign_in(request.services, identity)
    monitoring.logger.append_keys(user_id=profile.identity_id)
    monitoring.count("SignIns")
    cookie = sessions.begin(request, profile.identity_id)
    return redirect(request.site.path(attempt.next_path)).add_cookie(cookie).add_cookie(forget_login)


@page(blueprint, "/logout", signed_in=False)
def confirm_logout(request: WebRequest) -> WebResponse:
    """Ask before signing out: a link or a picture elsewhere must not be able to do it."""
    if request.visitor is None:
        return redirect(request.site.path("/"))
    return render(request, "logout.html")


@action(blueprint, "/logout")
def logout(request: WebRequest) -> WebResponse:
    """End the session, and go through Globus's own sign-out."""
    forget_session = sessions.end(request)
    globus = GlobusSignIn(request.services.secrets.globus_client())
    return redirect(globus.logout_url(request.site.absolute("/"))).add_cookie(forget_session)
