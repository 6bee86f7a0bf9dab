"""A real result for visitors to look into: the sample file, annotated when the site was built."""
from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalice import Blueprint

from chalicelib.exceptions import NotFoundError
from chalicelib.usecases.annotations import FileKind
from chalicelib.web.assets import AssetsMissingError
from chalicelib.web.pages import render
from chalicelib.web.requests import WebRequest
from chalicelib.web.responses import WebResponse
from chalicelib.web.routing import page
from chalicelib.web.views.summary import SummaryView

blueprint = Blueprint(__name__)

DIRECTORY = Path(__file__).parent / "static" / "sample"
NAME = "sample.vcf"
FILES = {FileKind.RESULTS: "sample.annot.vcf.gz", FileKind.INDEX: "sample.annot.vcf.gz.tbi",
         FileKind.LOG: "sample.count.log", FileKind.SUMMARY: "sample.summary.json"}


@cache
def sample_summary() -> dict[str, Any]:
    """The counts of the sample.

    :raises AssetsMissingError: it was not annotated when the site was built
    """
    try:
        summary: dict[str, Any] = json.loads((DIRECTORY / FILES[FileKind.SUMMARY]).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetsMissingError("the sample's results are missing: run `python -m infra.package`") from error
    return summary


@page(blueprint, "/sample", signed_in=False)
def show_sample(request: WebRequest) -> WebResponse:
    """The result as its owner would see it, without signing in."""
    files = [(kind.value, name, (DIRECTORY / name).stat().st_size) for kind, name in FILES.items()]
    log = (DIRECTORY / FILES[FileKind.LOG]).read_text(encoding="utf-8")
    return render(request, "sample.html", summary=SummaryView.of(sample_summary()), files=files, log=log, name=NAME)


@page(blueprint, "/sample/files/{kind}", signed_in=False)
def sample_file(request: WebRequest, kind: str) -> WebResponse:
    """One of its files."""
    name = next((name for known, name in FILES.items() if known.value == kind), None)
    if name is None:
        raise NotFoundError()
    return WebResponse((DIRECTORY / name).read_bytes(), headers={
        "Content-Type": "application/octet-stream", "Cache-Control": "public, max-age=3600",
        "Content-Disposition": f'attachment; filename="{name}"'})
