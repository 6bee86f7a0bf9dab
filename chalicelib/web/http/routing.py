"""Routes: a view is a function of a request, and `errors` turns every error that it raises into a response."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice import Blueprint, Chalice

from chalicelib.exceptions import NotFoundError
from chalicelib.web import monitoring
from chalicelib.web.http import csrf, errors
from chalicelib.web.http.middleware import current_request
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, redirect

View = Callable[..., WebResponse]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNKNOWN_PATH = "/{proxy+}"


def page(blueprint: Blueprint, path: str, *, signed_in: bool = True) -> Callable[[View], View]:
    """Register a view for GET and HEAD.

    Args:
        signed_in: False for pages that anybody may see.
    """
    return _register(blueprint, path, ("GET", "HEAD"), signed_in)


def action(blueprint: Blueprint, path: str) -> Callable[[View], View]:
    """Register a view for POST: a form of ours, sent by somebody who is signed in."""
    return _register(blueprint, path, ("POST",), True)


def hook(blueprint: Blueprint, path: str) -> Callable[[View], View]:
    """Register a view for POST by a machine, which has no session and no form of ours. The view asks for its proof."""
    return _register(blueprint, path, ("POST",), False)


def register_missing_methods(app: Chalice) -> None:
    """Give every path the methods that no view takes, and unknown paths a page that says so.

    API Gateway would answer these with JSON about a missing token.
    """
    for path, taken in list(app.routes.items()):
        allowed = tuple(method for method in METHODS if method in taken)
        missing = [method for method in METHODS if method not in taken]
        app.route(path, methods=missing, content_types=[])(_handler(_refuser(allowed), False))
    app.route(UNKNOWN_PATH, methods=list(METHODS), content_types=[])(_handler(_nothing_here, False))


def _register(blueprint: Blueprint, path: str, methods: tuple[str, ...], signed_in: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        blueprint.route(path, methods=list(methods), content_types=[])(_handler(view, signed_in))
        return view

    return decorate


def _handler(view: View, signed_in: bool) -> Callable[..., WebResponse]:
    def handle(**arguments: Any) -> WebResponse:
        request = current_request()
        try:
            return _answer(view, request, signed_in, arguments)
        except Exception as error:  # noqa: BLE001 - nothing may leave untold; `errors` logs what it does not know
            return _tell(error, request)

    handle.__name__ = view.__name__
    return handle


def _answer(view: View, request: WebRequest, signed_in: bool, arguments: dict[str, Any]) -> WebResponse:
    if "id" in arguments:
        monitoring.logger.append_keys(job_id=arguments["id"])
    if signed_in:
        monitoring.logger.append_keys(user_id=request.profile.identity_id)
        if request.method == "POST" and request.session is not None:
            csrf.check(request, request.session)
    return view(request, **arguments)


def _tell(error: Exception, request: WebRequest) -> WebResponse:
    try:
        return errors.respond(error, request)
    except Exception as worse:  # noqa: BLE001 - telling it failed as well, as when the tables do not answer
        request.failed = True
        return errors.respond(worse, request)


def _refuser(allowed: tuple[str, ...]) -> View:
    def refuse(request: WebRequest, **_: Any) -> WebResponse:
        raise errors.MethodNotAllowedError(allowed)

    return refuse


def _nothing_here(request: WebRequest, **_: Any) -> WebResponse:
    asked = request.path
    if asked.endswith("/") and request.method in ("GET", "HEAD") and asked.strip("/") and "//" not in asked:
        return redirect(request.site.path(asked.rstrip("/")), 308)  # a link that somebody typed with a slash
    raise NotFoundError(hint="Check the address, or start from the home page.")
