"""Addresses: under a domain of its own, under API Gateway's stage, behind a base path."""
from __future__ import annotations

import pytest

from chalicelib.web.site import Site


def event(path: str, resource: str, parameters: dict[str, str] | None = None, domain: str = "") -> dict[str, object]:
    context = {"path": path, "resourcePath": resource, **({"domainName": domain} if domain else {})}
    return {"requestContext": context, "pathParameters": parameters}


@pytest.mark.parametrize(("path", "resource", "parameters", "prefix"), [
    ("/gas/", "/", None, "/gas"),
    ("/gas", "/", None, "/gas"),
    ("/", "/", None, ""),
    ("/annotations", "/annotations", None, ""),
    ("/gas/annotations/abc/log", "/annotations/{id}/log", {"id": "abc"}, "/gas"),
    ("/gas/a/b/c", "/{proxy+}", {"proxy": "a/b/c"}, "/gas"),
    ("/tools/gas/annotations", "/annotations", None, "/tools/gas"),
])
def test_prefix_is_what_comes_before_the_route(path: str, resource: str, parameters: dict[str, str] | None,
                                               prefix: str) -> None:
    site = Site.of_request("", event(path, resource, parameters), {"host": "x.execute-api.amazonaws.com",
                                                                  "x-forwarded-proto": "https"})
    assert site == Site("https://x.execute-api.amazonaws.com", prefix)


def test_configured_address_wins_for_its_own_host() -> None:
    site = Site.of_request("http://gas.localhost:8080", event("/gas/annotations", "/annotations"),
                           {"host": "gas.localhost:8080"})
    assert site.absolute("/authcallback") == "http://gas.localhost:8080/authcallback"
    assert not site.tls


def test_configured_address_may_have_a_path() -> None:
    site = Site.of_request("https://example.org/gas", event("/gas/annotations", "/annotations"),
                           {"host": "example.org"})
    assert site.path("/annotations", cursor="a b") == "/gas/annotations?cursor=a+b"


@pytest.mark.parametrize("host", [
    "gas.example.org:9200@evil.example", "evil.example/", "evil.example#gas", "a b", "[::1", "evil.example\n"])
def test_what_is_no_host_is_passed_over(host: str) -> None:
    for domain, origin in (("", "https://gas.example.org"), ("x.execute-api.test", "https://x.execute-api.test")):
        site = Site.of_request("https://gas.example.org", event("/gas/login", "/login", domain=domain), {"host": host})
        assert site.origin == origin


def test_other_host_is_answered_under_its_own_address() -> None:
    site = Site.of_request("https://gas.example.org", event("/gas/login", "/login", domain="x.execute-api.test"),
                           {"host": "x.execute-api.test"})
    assert site == Site("https://x.execute-api.test", "/gas")
    assert site.path("/login", next=None) == "/gas/login"
