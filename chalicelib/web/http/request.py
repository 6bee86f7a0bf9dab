"""One request, as the views see it."""
from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from chalicelib.domain.profiles import Profile
from chalicelib.domain.sessions import Session
from chalicelib.exceptions import AccountErasingError, BadRequestError, NotSignedInError
from chalicelib.services import Services
from chalicelib.web.http import sessions
from chalicelib.web.site import Site

LARGEST_FORM = 64 * 1024
"""Bytes of a form's body that are read; our forms have a few hundred."""
MOST_FIELDS = 150


class WebRequest:
    """A request with its site, session and profile, each found out when first asked for.

    Args:
        event: API Gateway's proxy event.
        services: What use cases work with.
        request_id: Names the request in logs and on error pages.
    """

    def __init__(self, event: Mapping[str, Any], services: Services, request_id: str) -> None:
        self.event = event
        self.services = services
        self.request_id = request_id
        self.method: str = event["requestContext"]["httpMethod"]
        self.route: str = event["requestContext"]["resourcePath"]
        self.headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        self.site = Site.of_request(services.settings.site_url, event, self.headers)
        self.failed = False
        """Set once GAS itself has failed: the error page must not read the tables again."""

    def query(self, name: str) -> str | None:
        """The value of a query parameter, None when it is not there."""
        values = self.queries(name)
        return values[-1] if values else None

    def queries(self, name: str) -> list[str]:
        """Every value of a query parameter that may come several times."""
        return list((self.event.get("multiValueQueryStringParameters") or {}).get(name) or ())

    @property
    def path(self) -> str:
        """Our own path that was asked for, without the site's prefix."""
        path = self.route.replace("+}", "}")
        for name, value in (self.event.get("pathParameters") or {}).items():
            path = path.replace(f"{{{name.removesuffix('+')}}}", quote(value))
        return path

    @property
    def address(self) -> str:
        """Our own path with its query."""
        query = self.event.get("multiValueQueryStringParameters") or {}
        return self.path + (f"?{urlencode(query, doseq=True)}" if query else "")

    @property
    def wants_json(self) -> bool:
        """True when a program asks: JSON comes before HTML in its Accept header."""
        accepted = [kind.partition(";")[0].strip() for kind in self.headers.get("accept", "").lower().split(",")]
        for kind in accepted:
            if kind in ("application/json", "application/problem+json"):
                return True
            if kind in ("text/html", "application/xhtml+xml"):
                return False
        return False

    @property
    def wants_fragment(self) -> bool:
        """True when htmx asks for a part of a page."""
        return self.headers.get("hx-request") == "true"

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The browser's cookies."""
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def form(self) -> dict[str, str]:
        """The fields of a submitted form.

        Raises:
            BadRequestError: As `form_fields`.
        """
        return dict(self.form_fields)

    def form_values(self, name: str) -> list[str]:
        """Every value that a form gives a field, such as the boxes that were ticked.

        Raises:
            BadRequestError: As `form_fields`.
        """
        return [value for field, value in self.form_fields if field == name]

    @cached_property
    def form_fields(self) -> list[tuple[str, str]]:
        """Names and values of a submitted form, in their order.

        Raises:
            BadRequestError: When the body is not a form, or far too large for one of ours.
        """
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise BadRequestError("The request is not a form.")
        body = self.body
        if len(body) > LARGEST_FORM:
            raise BadRequestError("The form is too large.")
        try:
            return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise BadRequestError("The form cannot be read.") from error

    @property
    def body(self) -> bytes:
        """The request's body as it was sent."""
        body = self.event.get("body") or b""
        if self.event.get("isBase64Encoded"):
            return base64.b64decode(body)
        return body if isinstance(body, bytes) else str(body).encode()

    @cached_property
    def session(self) -> Session | None:
        """The browser's session, None when it is not signed in."""
        return sessions.current(self)

    @cached_property
    def visitor(self) -> Profile | None:
        """Who is signed in, None when nobody is."""
        if self.session is None:
            return None
        return self.services.profiles.get(self.session.user_id)

    @property
    def profile(self) -> Profile:
        """Who is signed in.

        Raises:
            NotSignedInError: When nobody is.
            AccountErasingError: Their account is being deleted.
        """
        if self.visitor is None:
            raise NotSignedInError()
        if self.visitor.erasing_since is not None:
            raise AccountErasingError()
        return self.visitor
