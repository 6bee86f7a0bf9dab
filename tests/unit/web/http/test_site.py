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


def test_the_configured_address_is_the_site() -> None:
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
    for site_url, origin in (("https://gas.example.org", "https://gas.example.org"), ("", "https://x.execute-api.test")):
        site = Site.of_request(site_url, event("/gas/login", "/login", domain="x.execute-api.test"), {"host": host})
        assert site.origin == origin


def test_behind_a_proxy_the_configured_address_is_the_site() -> None:
    """CloudFront asks API Gateway by API Gateway's own name and stage; browsers know neither."""
    site = Site.of_request("https://gas.example.org", event("/gas/login", "/login", domain="x.execute-api.test"),
                           {"host": "x.execute-api.test"})
    assert site == Site("https://gas.example.org", "")
    assert site.absolute("/login", next=None) == "https://gas.example.org/login"
