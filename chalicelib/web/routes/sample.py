"""A real result for visitors to look into: the sample file, annotated when the site was built."""
from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalice import Blueprint

from chalicelib.domain.names import base_name
from chalicelib.domain.result_files import INDEX, LOG, RESULT_FILES, RESULTS, SUMMARY, VARIANTS, result_name
from chalicelib.exceptions import NotFoundError
from chalicelib.usecases.references import find_reference
from chalicelib.web.http.assets import AssetsMissingError
from chalicelib.web.http.pages import render
from chalicelib.web.http.ranges import ranged
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response
from chalicelib.web.http.routing import page
from chalicelib.web.routes.genome import IGV_STYLES, reference_json
from chalicelib.web.views.jobs import ExploreView
from chalicelib.web.views.summary import SummaryView

blueprint = Blueprint(__name__)

DIRECTORY = Path(__file__).parents[1] / "static" / "sample"
NAME = "sample.vcf"
REFERENCE = "rCRS"
LINK_SECONDS = 3600


@cache
def sample_summary() -> dict[str, Any]:
    """The counts of the sample.

    Raises:
        AssetsMissingError: It was not annotated when the site was built.
    """
    try:
        summary: dict[str, Any] = json.loads(_path(SUMMARY).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetsMissingError("the sample's results are missing: run `python -m infra package`") from error
    return summary


@page(blueprint, "/sample", signed_in=False)
def show_sample(request: WebRequest) -> WebResponse:
    """The result as its owner would see it, without signing in."""
    files = [(kind, path.name, path.stat().st_size) for kind, path in _made().items()]
    log = _path(LOG).read_text(encoding="utf-8")
    summary = SummaryView.of(sample_summary())
    explore = ExploreView(links=request.site.path("/sample/links"), reference=request.site.path("/sample/reference"),
                          name=base_name(NAME), terms=summary.terms) if VARIANTS in _made() else None
    return render(request, "sample.html", styles=IGV_STYLES, summary=summary, files=files, log=log, name=NAME,
                  explore=explore)


@page(blueprint, "/sample/links", signed_in=False)
def sample_links(request: WebRequest) -> WebResponse:
    """The addresses of the sample's files for the page's script, like `/annotations/{id}/links` of a user's job."""
    made = _made()
    if VARIANTS not in made:
        raise NotFoundError()

    def link(kind: str) -> str:
        return request.site.path(f"/sample/files/{kind}")

    return json_response({"seconds": LINK_SECONDS, "variants": {"url": link(VARIANTS),
                                                                "size": made[VARIANTS].stat().st_size},
                          "results": {"url": link(RESULTS)}, "index": {"url": link(INDEX)}})


@page(blueprint, "/sample/reference", signed_in=False)
def sample_reference(request: WebRequest) -> WebResponse:
    """Where the genome view finds the sample's reference."""
    reference = find_reference(request.services, REFERENCE)
    if reference is None:
        raise NotFoundError()
    return json_response(reference_json(request.services, reference, request.site))


@page(blueprint, "/sample/files/{kind}", signed_in=False)
def sample_file(request: WebRequest, kind: str) -> WebResponse:
    """One of its files, or the part of it that is asked for."""
    path = _made().get(kind)
    if path is None:
        raise NotFoundError()
    return ranged(path.read_bytes(), request.headers.get("range"), {
        "Content-Type": "application/octet-stream", "Cache-Control": "public, max-age=3600",
        "Content-Disposition": f'attachment; filename="{path.name}"'})


def _path(kind: str) -> Path:
    return DIRECTORY / result_name(NAME, kind)


def _made() -> dict[str, Path]:
    """The files that the annotation of the sample left."""
    return {kind: path for kind in RESULT_FILES if (path := _path(kind)).is_file()}
