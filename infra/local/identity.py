"""The development identity provider's server: `python -m infra.local.identity --help`.

Real endpoints of Globus Auth, served on 127.0.0.1. Nothing in a deployed stage can lead to it: only the local
stack points the site's function here, after deploying. Beside it, at `/outbox`, are the mails that the local service
has sent.
"""
from __future__ import annotations

import argparse
import json
import logging
import socketserver
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.clock import random_token, system_clock
from infra.local.identity_pages import choice_page, logout_page, page, refusal_page
from infra.local.identity_provider import (
    Client,
    IdentityProvider,
    OAuthError,
    UnsafeRedirectError,
    redirect_address,
)
from infra.local.outbox import PATH as OUTBOX
from infra.local.outbox import outbox_page, read_outbox
from infra.local.people import PEOPLE

logger = logging.getLogger("identity")

LARGEST_FORM = 64 * 1024
"""Bytes of a request's body that are read: every real one is far smaller."""

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_STATUS = {200: "200 OK", 303: "303 See Other", 400: "400 Bad Request", 401: "401 Unauthorized",
           403: "403 Forbidden", 404: "404 Not Found", 405: "405 Method Not Allowed",
           413: "413 Content Too Large", 500: "500 Internal Server Error",
           502: "502 Bad Gateway"}
_PAGE_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    # No form-action: browsers apply it also to the redirect after the form, and that leads to the site.
    ("Content-Security-Policy",
     "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"),
]


class _Response(Exception):  # noqa: N818 - not an error: a way out of a handler
    """An answer that is ready."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body.encode()


def _page(status: int, body: str) -> _Response:
    return _Response(status, _PAGE_HEADERS, body)


def _json(status: int, body: dict[str, Any]) -> _Response:
    return _Response(status, [("Content-Type", "application/json")], json.dumps(body))


def _redirect(address: str) -> _Response:
    return _Response(303, [("Location", address)], "")


class Application:
    """The provider as a WSGI application.

    Args:
        emulator: Address of the emulator, whose mails are shown; "" for none.
    """

    def __init__(self, provider: IdentityProvider, emulator: str = "") -> None:
        self._provider = provider
        self._emulator = emulator
        self._routes: dict[str, dict[str, Callable[[Environ], _Response]]] = {
            "/v2/oauth2/authorize": {"GET": self._authorize, "POST": self._chosen},
            "/v2/oauth2/token": {"POST": self._token},
            "/v2/oauth2/userinfo": {"GET": self._userinfo, "POST": self._userinfo},
            "/v2/oauth2/token/introspect": {"POST": self._introspect},
            "/v2/oauth2/token/revoke": {"POST": self._revoke},
            "/v2/web/logout": {"GET": self._logout},
            "/.well-known/openid-configuration": {"GET": lambda _: _json(200, provider.configuration())},
            "/jwk.json": {"GET": lambda _: _json(200, provider.keys())},
            "/health": {"GET": lambda _: _json(200, {"status": "ok"})},
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        response = self._answer(environ)
        headers = [*response.headers, ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
                   ("Referrer-Policy", "no-referrer"), ("Content-Length", str(len(response.body)))]
        start_response(_STATUS[response.status], headers)
        return [response.body]

    def _answer(self, environ: Environ) -> _Response:
        if self._emulator and f"{environ['PATH_INFO']}/".startswith(f"{OUTBOX}/"):
            return self._outbox(environ)
        methods = self._routes.get(environ["PATH_INFO"])
        if methods is None:
            return _json(404, {"error": "not_found"})
        handler = methods.get(environ["REQUEST_METHOD"])
        if handler is None:
            return _json(405, {"error": "method_not_allowed"})
        try:
            return handler(environ)
        except _Response as response:
            return response
        except UnsafeRedirectError as error:
            return _page(400, refusal_page(str(error)))
        except OAuthError as error:
            logger.warning("%s answered with %s", environ["PATH_INFO"], error)
            return _json(error.status, {"error": error.error, "error_description": error.description})

    def _outbox(self, environ: Environ) -> _Response:
        if environ["REQUEST_METHOD"] != "GET":
            return _json(405, {"error": "method_not_allowed"})
        try:
            shown = outbox_page(environ["PATH_INFO"], read_outbox(self._emulator))
        except requests.RequestException as error:
            logger.warning("the emulator does not say which mails were sent: %s", error)
            return _page(502, page("The mails cannot be read", "<p>The AWS emulator, which keeps them, does not "
                                                               "answer. Load this page again in a moment.</p>"))
        return _page(200, shown) if shown is not None else _page(404, page(
            "There is no such mail", f'<p><a href="{OUTBOX}">All sent mails</a></p>'))

    def _authorize(self, environ: Environ) -> _Response:
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        try:
            interaction, scopes = self._provider.begin(query)
        except OAuthError as error:
            return _redirect(redirect_address(query["redirect_uri"], {
                "error": error.error, "error_description": error.description,
                "state": query.get("state", "")}))
        return _page(200, choice_page(interaction, PEOPLE, scopes))

    def _chosen(self, environ: Environ) -> _Response:
        form = _form(environ)
        return _redirect(self._provider.choose(form.get("interaction", ""), form.get("identity", "")))

    def _token(self, environ: Environ) -> _Response:
        self._provider.authenticate_client(environ.get("HTTP_AUTHORIZATION", ""))
        return _json(200, self._provider.token(_form(environ)))

    def _userinfo(self, environ: Environ) -> _Response:
        return _json(200, self._provider.userinfo(environ.get("HTTP_AUTHORIZATION", "")))

    def _introspect(self, environ: Environ) -> _Response:
        self._provider.authenticate_client(environ.get("HTTP_AUTHORIZATION", ""))
        return _json(200, self._provider.introspect(_form(environ).get("token", "")))

    def _revoke(self, environ: Environ) -> _Response:
        self._provider.authenticate_client(environ.get("HTTP_AUTHORIZATION", ""))
        return _json(200, self._provider.revoke(_form(environ).get("token", "")))

    def _logout(self, environ: Environ) -> _Response:
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        back = query.get("redirect_uri", "")
        known = query.get("client_id") == self._provider.client.client_id
        return _page(200, logout_page(back if known and self._provider.client.may_return_to(back) else "",
                                      query.get("redirect_name", "")))


def _form(environ: Environ) -> dict[str, str]:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = -1
    if length < 0:
        raise _json(400, {"error": "invalid_request"})
    if length > LARGEST_FORM:
        raise _json(413, {"error": "invalid_request", "error_description": "the form is too large"})
    return dict(parse_qsl(environ["wsgi.input"].read(length).decode("utf-8", "replace")))


def load_key(path: Path) -> rsa.RSAPrivateKey:
    """The key pair kept in a file; it is made when there is none.

    Args:
        path: A PEM file that only its owner can read.
    """
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError(f"{path} holds no RSA key: delete it, and a new one is made")
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    return key


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10  # seconds: a connection that a browser opens ahead and does not use ends by itself

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


def serve(provider: IdentityProvider, port: int, emulator: str = "") -> None:
    """Serves until the process is ended.

    Args:
        port: TCP port on 127.0.0.1.
        emulator: As `Application` takes it.
    """
    with make_server("127.0.0.1", port, Application(provider, emulator), server_class=_Server,
                     handler_class=_Handler) as server:
        server.serve_forever()


def main(arguments: list[str] | None = None) -> None:
    """The command line. The client comes from a JSON file: `client_id`, `client_secret`, `redirect_uris`."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.identity", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--client", type=Path, required=True, help="JSON file that registers the application")
    parser.add_argument("--key", type=Path, required=True, help="PEM file of the signing key")
    parser.add_argument("--emulator", default="", help="address of the AWS emulator, whose mails are shown at /outbox")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    registered = json.loads(options.client.read_text())
    client = Client(client_id=registered["client_id"], client_secret=registered["client_secret"],
                    redirect_uris=tuple(registered["redirect_uris"]))
    provider = IdentityProvider(issuer=f"http://127.0.0.1:{options.port}", client=client,
                                key=load_key(options.key), clock=system_clock, new_token=random_token)
    serve(provider, options.port, options.emulator)


if __name__ == "__main__":
    main()
