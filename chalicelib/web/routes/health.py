"""The address that monitors and the local stack ask whether the site answers."""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response
from chalicelib.web.http.routing import page

blueprint = Blueprint(__name__)


@page(blueprint, "/health", signed_in=False)
def health(request: WebRequest) -> WebResponse:
    """The function runs. It asks no table: a monitor must not cost, nor fail for, more than that."""
    return json_response({"status": "ok", "stage": request.services.settings.stage})
