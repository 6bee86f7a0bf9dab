"""What happens around every request: it gets an id in the logs, and leaves with the headers that all answers have."""
from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from chalice.app import CaseInsensitiveMapping, Request, Response

from chalicelib.web import monitoring
from chalicelib.web.http import runtime
from chalicelib.web.http.headers import add_security_headers
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse

logger = monitoring.logger
_current: ContextVar[WebRequest] = ContextVar("current_request")


def current_request() -> WebRequest:
    """The request being answered.

    Raises:
        LookupError: Outside of one.
    """
    return _current.get()


def answer(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: prepare the request, have it answered, finish the response."""
    begun = time.perf_counter()
    event = request.to_original_event()
    if "accept" not in request.headers:
        # Chalice refuses clients that do not say what they accept, once every type may be binary.
        request.headers = CaseInsensitiveMapping({**request.headers, "accept": ""})
    request_id = event["requestContext"].get("requestId") or getattr(request.lambda_context, "aws_request_id", "")
    web = WebRequest(event, runtime.services(), request_id)
    logger.set_correlation_id(request_id)
    token = _current.set(web)
    try:
        with monitoring.traced(web.method, web.route):
            response = _ours(get_response(request))
            _finish(response, web)
        logger.info("answered", method=web.method, route=web.route, status=response.status_code,
                    milliseconds=round((time.perf_counter() - begun) * 1000, 1))
        return response
    finally:
        _current.reset(token)
        monitoring.flush_counts()
        logger.remove_keys(["user_id", "job_id"])
        logger.set_correlation_id(None)


def _ours(response: Response) -> WebResponse:
    """Chalice's own answers, as to a request that it cannot route, in our form."""
    if isinstance(response, WebResponse):
        return response
    body: Any = response.body
    text = body if isinstance(body, str) else json.dumps(body)
    return WebResponse(text, response.status_code, {"Content-Type": "application/json", **response.headers})


def _finish(response: WebResponse, request: WebRequest) -> None:
    add_security_headers(response.headers, response.policy, request.site)
    # API Gateway decodes base64 only for clients that say what they accept.
    if request.headers.get("accept"):
        response.compress(request.headers.get("accept-encoding", ""))
    if request.method == "HEAD":
        response.body = ""
