"""Real results for visitors to look into: samples of the bundled references, annotated when it was built."""
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
from chalicelib.web.samples import FILE_NAME, SAMPLES, Sample
from chalicelib.web.views.jobs import ExploreView
from chalicelib.web.views.summary import SummaryView

blueprint = Blueprint(__name__)

DIRECTORY = Path(__file__).parents[1] / "static" / "sample"
LINK_SECONDS = 3600


@cache
def sample_summary(reference: str) -> dict[str, Any]:
    """The counts of the sample of a bundled reference.

    Raises:
        AssetsMissingError: It was not annotated when the site was built.
    """
    try:
        summary: dict[str, Any] = json.loads(_path(reference, SUMMARY).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetsMissingError("the sample's results are missing: run `python -m infra package`") from error
    return summary


@page(blueprint, "/sample", signed_in=False)
def show_first_sample(request: WebRequest) -> WebResponse:
    """The first of the samples."""
    return _show(request, next(iter(SAMPLES.values())))


@page(blueprint, "/sample/{reference}", signed_in=False)
def show_sample(request: WebRequest, reference: str) -> WebResponse:
    """The sample of a bundled reference."""
    return _show(request, _sample(reference))


def _show(request: WebRequest, sample: Sample) -> WebResponse:
    """A result as its owner would see it, without signing in."""
    made, here = _made(sample.reference), f"/sample/{sample.reference}"
    files = [(kind, path.name, path.stat().st_size) for kind, path in made.items()]
    log = _path(sample.reference, LOG).read_text(encoding="utf-8")
    summary = SummaryView.of(sample_summary(sample.reference))
    explore = ExploreView(links=request.site.path(f"{here}/links"), reference=request.site.path(f"{here}/reference"),
                          name=base_name(FILE_NAME), terms=summary.terms, gene_example=summary.gene_example,
                          region_example=summary.region_example) if VARIANTS in made else None
    return render(request, "sample.html", styles=IGV_STYLES, summary=summary, files=files, log=log, name=FILE_NAME,
                  sample=sample, samples=SAMPLES.values(), explore=explore)


@page(blueprint, "/sample/{reference}/links", signed_in=False)
def sample_links(request: WebRequest, reference: str) -> WebResponse:
    """The addresses of a sample's files for the page's script, like `/annotations/{id}/links` of a user's job."""
    made = _made(_sample(reference).reference)
    if VARIANTS not in made:
        raise NotFoundError()

    def link(kind: str) -> str:
        return request.site.path(f"/sample/{reference}/files/{kind}")

    return json_response({"seconds": LINK_SECONDS, "variants": {"url": link(VARIANTS),
                                                                "size": made[VARIANTS].stat().st_size},
                          "results": {"url": link(RESULTS)}, "index": {"url": link(INDEX)}})


@page(blueprint, "/sample/{reference}/reference", signed_in=False)
def sample_reference(request: WebRequest, reference: str) -> WebResponse:
    """Where the genome view finds a sample's reference."""
    found = find_reference(request.services, _sample(reference).reference)
    if found is None:
        raise NotFoundError()
    return json_response(reference_json(request.services, found, request.site))


@page(blueprint, "/sample/{reference}/files/{kind}", signed_in=False)
def sample_file(request: WebRequest, reference: str, kind: str) -> WebResponse:
    """One of its files, or the part of it that is asked for."""
    path = _made(_sample(reference).reference).get(kind)
    if path is None:
        raise NotFoundError()
    return ranged(path.read_bytes(), request.headers.get("range"), {
        "Content-Type": "application/octet-stream", "Cache-Control": "public, max-age=3600",
        "Content-Disposition": f'attachment; filename="{path.name}"'})


def _sample(reference: str) -> Sample:
    if reference not in SAMPLES:
        raise NotFoundError()
    return SAMPLES[reference]


def _path(reference: str, kind: str) -> Path:
    return DIRECTORY / reference / result_name(FILE_NAME, kind)


def _made(reference: str) -> dict[str, Path]:
    """The files that the annotation of a sample left."""
    return {kind: path for kind in RESULT_FILES if (path := _path(reference, kind)).is_file()}
