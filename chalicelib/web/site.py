"""Where the site is: addresses that hold under a domain of its own, and under API Gateway's stage prefix."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?", re.IGNORECASE)
"""A host name or IPv4 address, and a port."""


@dataclass(frozen=True)
class Site:
    """The site as this request's browser sees it.

    Attributes:
        origin: Scheme and host, as "https://gas.example.org".
        prefix: What comes before every path of ours, as "/gas", or "".
    """

    origin: str
    prefix: str

    @property
    def tls(self) -> bool:
        """True when browsers speak to the site over TLS."""
        return self.origin.startswith("https://")

    def path(self, path: str, **query: str | int | None) -> str:
        """One of our paths as a link, with query parameters (those that are None are left out)."""
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.prefix}{path}" + (f"?{urlencode(given)}" if given else "")

    def absolute(self, path: str, **query: str | int | None) -> str:
        """One of our paths as a whole URL."""
        return self.origin + self.path(path, **query)

    @classmethod
    def of_request(cls, site_url: str, event: Mapping[str, Any], headers: Mapping[str, str]) -> Site:
        """The site behind one API Gateway event.

        A configured address is trusted whatever host the request names: behind CloudFront or another proxy that is the
        proxy's origin, which browsers never see. Without one, the request says where it came.

        Args:
            site_url: The configured address, or "".
            event: API Gateway's proxy event (payload format 1.0).
            headers: The request's headers by lower-case name.
        """
        context = event.get("requestContext", {})
        if site_url:
            configured = urlsplit(site_url)
            return cls(f"{configured.scheme}://{configured.netloc}", configured.path.rstrip("/"))
        host = headers.get("host", "")
        if not _HOST.fullmatch(host):  # API Gateway lets none through; "gas.example.org:80@evil.example" is an address
            host = str(context.get("domainName") or "")
        # API Gateway speaks TLS only, and says which domain it answered for; what stands in for it may not.
        protocol = headers.get("x-forwarded-proto") or ("https" if context.get("domainName") else "http")
        scheme = "http" if protocol == "http" else "https"
        return cls(f"{scheme}://{host or 'localhost'}", _prefix(context, event.get("pathParameters") or {}))


def _prefix(context: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
    """What the requested path has before the route's own segments: the stage, or a domain's base path."""
    wanted = [part for part in str(context.get("path", "")).split("/") if part]
    own = 0
    for part in str(context.get("resourcePath", "")).split("/"):
        if part.endswith("+}"):
            own += len([piece for piece in parameters.get(part[1:-2], "").split("/") if piece])
        elif part:
            own += 1
    return "".join(f"/{part}" for part in wanted[: max(0, len(wanted) - own)])
