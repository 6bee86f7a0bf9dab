"""The home page."""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.domain.profiles import Role
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse
from chalicelib.web.http.routing import page
from chalicelib.web.routes.sample import sample_summary
from chalicelib.web.samples import SAMPLES
from chalicelib.web.views.summary import SummaryView

blueprint = Blueprint(__name__)


@page(blueprint, "/", signed_in=False)
def home(request: WebRequest) -> WebResponse:
    """What GAS does, in ten seconds."""
    summary = sample_summary(next(iter(SAMPLES)))
    terms = SummaryView.of(summary).consequences[:5]
    return render(request, "home.html", summary=summary, terms=terms, samples=SAMPLES.values(),
                  free=request.services.plans.of(Role.FREE), premium=request.services.plans.of(Role.PREMIUM))
