"""Built styles, scripts and fonts. Their names hold a hash of their content, so browsers keep them for good."""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.exceptions import NotFoundError
from chalicelib.web.http import assets
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, takes_gzip
from chalicelib.web.http.routing import page

blueprint = Blueprint(__name__)

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".fa": "text/plain; charset=utf-8",
    ".gff3": "text/plain; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vcf": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


@page(blueprint, "/static/{name}", signed_in=False)
def static_file(request: WebRequest, name: str) -> WebResponse:
    """One built file, compressed beforehand where that helps."""
    if name not in assets.manifest().values():
        raise NotFoundError()
    path = assets.DIRECTORY / name
    headers: dict[str, str | list[str]] = {
        "Content-Type": _TYPES[path.suffix],
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
    }
    compressed = path.with_name(f"{name}.gz")
    asked = bool(request.headers.get("accept"))  # API Gateway decodes base64 only for clients that say what they accept
    if asked and takes_gzip(request.headers.get("accept-encoding", "")) and compressed.exists():
        return WebResponse(compressed.read_bytes(), headers={**headers, "Content-Encoding": "gzip"})
    if asked or path.suffix in (".woff2", ".png"):
        return WebResponse(path.read_bytes(), headers=headers)
    return WebResponse(path.read_text(encoding="utf-8"), headers=headers)
