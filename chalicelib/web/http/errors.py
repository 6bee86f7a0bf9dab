"""The one place where an error becomes a page or problem+json (RFC 9457)."""
from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from botocore.exceptions import ClientError

from chalicelib.exceptions import (
    BadRequestError,
    ConflictError,
    FileNotAvailableError,
    ForbiddenError,
    GasError,
    JobFailure,
    NotFoundError,
    NotSignedInError,
    PaymentServiceError,
    SignInCancelledError,
    SignInFailedError,
    TooManyRequestsError,
)
from chalicelib.web import monitoring
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, no_content, redirect

logger = monitoring.logger

_THROTTLED = frozenset({
    "ThrottlingException", "Throttling", "ThrottledException", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "TooManyRequestsException",
    "LimitExceededException", "BandwidthLimitExceeded",
})
"""Error codes that AWS services use for throttling."""

_STATUS: tuple[tuple[type[GasError], HTTPStatus], ...] = (
    (NotSignedInError, HTTPStatus.UNAUTHORIZED),
    (SignInCancelledError, HTTPStatus.FORBIDDEN),
    (SignInFailedError, HTTPStatus.BAD_REQUEST),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (BadRequestError, HTTPStatus.BAD_REQUEST),
    (JobFailure, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConflictError, HTTPStatus.CONFLICT),
    (TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (PaymentServiceError, HTTPStatus.SERVICE_UNAVAILABLE),
)

_TITLES = {
    HTTPStatus.BAD_REQUEST: "Invalid request",
    HTTPStatus.UNAUTHORIZED: "Sign in first",
    HTTPStatus.FORBIDDEN: "Access denied",
    HTTPStatus.NOT_FOUND: "Page not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method not allowed",
    HTTPStatus.CONFLICT: "Not possible right now",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This file cannot be accepted",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
}


class MethodNotAllowedError(GasError):
    """The address is right, the method is not.

    Args:
        allowed: The methods that the address takes.
    """

    code = "method_not_allowed"
    default_message = "This address does not accept this kind of request."
    default_hint = "Use the links and buttons on the site instead of this address."

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__()
        self.allowed = allowed


@dataclass(frozen=True)
class Problem:
    """An error as the client sees it."""

    status: HTTPStatus
    title: str
    error: GasError


def respond(error: Exception, request: WebRequest) -> WebResponse:
    """The response for `error`, in the form that the client asked for."""
    problem = _problem(error)
    request.failed = request.failed or problem.status >= HTTPStatus.TOO_MANY_REQUESTS
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request failed", exc_info=error)
        monitoring.count("Errors")
    else:
        logger.info("request refused", code=problem.error.code, status=problem.status.value)
    response = _rendered(problem, request)
    if isinstance(error, MethodNotAllowedError):
        response.headers["Allow"] = ", ".join(error.allowed)
    if isinstance(problem.error, TooManyRequestsError):
        response.headers["Retry-After"] = str(problem.error.retry_after)
    return response


def _problem(error: Exception) -> Problem:
    if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _THROTTLED:
        error = TooManyRequestsError()
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if isinstance(error, MethodNotAllowedError):
        status = HTTPStatus.METHOD_NOT_ALLOWED
    if status is None or not isinstance(error, GasError):
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, _TITLES[HTTPStatus.INTERNAL_SERVER_ERROR], GasError(
            "GAS could not answer this request.",
            "Your data is safe. Try again in a minute. If the problem persists, contact support with the request ID "
            "below."))
    title = _TITLES[status]
    if isinstance(error, FileNotAvailableError):
        title = "This file is not available"
    if isinstance(error, SignInFailedError):
        title = "Sign-in cancelled" if isinstance(error, SignInCancelledError) else "Sign-in failed"
    return Problem(status, title, error)


def _rendered(problem: Problem, request: WebRequest) -> WebResponse:
    if request.wants_json:
        return _as_json(problem, request)
    if problem.status is HTTPStatus.UNAUTHORIZED:
        back = request.address if request.method in ("GET", "HEAD") else _page_of_form(request)
        address = request.site.path("/login", next=back)
        # A part of a page cannot show the login: htmx moves the whole page there.
        return no_content({"HX-Redirect": address}) if request.wants_fragment else redirect(address)
    return render(request, "error.html", status_code=problem.status.value, problem=problem)


def _page_of_form(request: WebRequest) -> str:
    """Our own page that a form was sent from, which can be sent again there after signing in."""
    here = request.site.absolute("/")
    page = request.headers.get("referer", "")
    return f"/{page.removeprefix(here)}" if page.startswith(here) else "/annotations"


def _as_json(problem: Problem, request: WebRequest) -> WebResponse:
    body = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.error.message,
        "hint": problem.error.hint,
        "code": problem.error.code if problem.status != HTTPStatus.INTERNAL_SERVER_ERROR else "internal_error",
        "request_id": request.request_id,
    }
    if isinstance(problem.error, BadRequestError) and problem.error.field:
        body["field"] = problem.error.field
    return json_response(body, problem.status.value, content_type="application/problem+json")
