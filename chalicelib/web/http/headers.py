"""Security headers. Every response gets them, in one place."""
from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.web.site import Site

HSTS_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class ContentPolicy:
    """What a page may do beyond the strict default: own scripts, styles, fonts and pictures, and nothing inline.

    Attributes:
        connect: Origins that scripts of the page may speak to.
        styles: Hashes of style sheets that a library puts into the page.
        forms: Origins that forms of the page may be sent or redirected to.
    """

    connect: tuple[str, ...] = field(default=())
    forms: tuple[str, ...] = field(default=())
    styles: tuple[str, ...] = field(default=())

    def header(self) -> str:
        """The Content-Security-Policy header."""
        return "; ".join((
            "default-src 'none'",
            "script-src 'self'",
            " ".join(("style-src 'self'", *self.styles)),
            "font-src 'self'",
            "img-src 'self' data:",
            " ".join(("connect-src 'self'", *self.connect)),
            " ".join(("form-action 'self'", *self.forms)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ))


def add_security_headers(headers: MutableMapping[str, Any], policy: ContentPolicy, site: Site) -> None:
    """Add what every response of ours must say to browsers."""
    fixed: Mapping[str, str] = {
        "Content-Security-Policy": policy.header(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    headers.update(fixed)
    if site.tls:
        headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
