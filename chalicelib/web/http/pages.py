"""Pages: templates made into responses."""
from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from chalicelib.domain import amounts
from chalicelib.domain.result_files import ARCHIVED_FILES
from chalicelib.exceptions import GasError
from chalicelib.web.globus import globus_origin
from chalicelib.web.http import assets, csrf
from chalicelib.web.http.headers import ContentPolicy
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse

_TEMPLATES = Path(__file__).parents[1] / "templates"


def render(request: WebRequest, template: str, *, status_code: int = 200, connect: tuple[str, ...] = (),
           forms: tuple[str, ...] = (), styles: tuple[str, ...] = (), **context: Any) -> WebResponse:
    """A page, or a part of one.

    Args:
        template: File name under `templates/`.
        connect: Origins that the page's scripts may speak to, beside our own.
        styles: Hashes of style sheets that a library puts into the page.
        forms: Origins that the page's forms may be sent to, beside our own.
        context: What the template shows.
    """
    visitor = _known_visitor(request)
    if visitor is not None:
        forms = (*forms, globus_origin())  # the sign-out form is on every page, and ends at Globus
    body = _environment().get_template(template).render(
        request=request, site=request.site, visitor=visitor, asset=_Assets(request), csrf_field=_CsrfField(request),
        **context)
    return WebResponse(body, status_code, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"},
                       ContentPolicy(connect=connect, forms=forms, styles=styles))


def _known_visitor(request: WebRequest) -> Any:
    """Who is signed in, as far as it can be found out: an error page must come out when the tables do not answer."""
    if "visitor" in request.__dict__:
        return request.visitor
    if request.failed:
        return None
    return request.visitor


class _Assets:
    """In templates: `asset("site.css")` is the link to a built file."""

    def __init__(self, request: WebRequest) -> None:
        self._site = request.site

    def __call__(self, name: str) -> str:
        return self._site.path(f"/static/{assets.manifest()[name]}")


class _CsrfField:
    """In templates: `csrf_field()` is the hidden field that every form of ours carries."""

    def __init__(self, request: WebRequest) -> None:
        self._request = request

    def __call__(self) -> Markup:
        session = self._request.session
        if session is None:
            raise GasError("a page with a form was rendered for nobody")
        value = csrf.form_token(session, self._request.services.new_token)
        return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, value)


def _icon(name: str) -> Markup:
    """An icon, hidden from screen readers: the text beside it says the same."""
    drawing = Markup(assets.icons()[name])
    return Markup('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>').format(drawing)


def _breakable(term: str) -> Markup:
    """A term of many words joined by underscores, which may be broken after each of them."""
    return escape(term).replace("_", Markup("_<wbr>"))


def _sentence(text: str) -> str:
    """A text as the beginning of a sentence; what is capital in it stays so."""
    return text[:1].upper() + text[1:]


def _code(text: str) -> Markup:
    """A text in which backticks enclose code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    environment.globals["icon"] = _icon
    environment.filters.update(size=amounts.size, count=amounts.count, iso=amounts.iso, utc=amounts.utc,
                               duration=amounts.duration, breakable=_breakable, code=_code, sentence=_sentence)
    environment.globals["archived_files"] = ARCHIVED_FILES
    return environment
