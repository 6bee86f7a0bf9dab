"""Documentation for users: input, output, limits, privacy."""
from __future__ import annotations

from dataclasses import dataclass

from chalice import Blueprint
from markupsafe import Markup

from chalicelib.domain.job_note import LONGEST_NOTE
from chalicelib.domain.jobs import RestoreTier
from chalicelib.domain.layers import LAYER_EXTENSIONS
from chalicelib.domain.names import LONGEST_NAME, VCF_EXTENSIONS
from chalicelib.domain.profiles import Role
from chalicelib.domain.result_files import RESULT_FILES, RESULTS, result_name
from chalicelib.exceptions import NotFoundError
from chalicelib.usecases.references import available
from chalicelib.usecases.upload.prepare_upload import UPLOAD_FORM_SECONDS
from chalicelib.web.http import assets, sessions
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse
from chalicelib.web.http.routing import page

blueprint = Blueprint(__name__)


@dataclass(frozen=True)
class Chapter:
    """A page of the documentation.

    Attributes:
        template: Its template, "" for one made of the project's documentation.
    """

    name: str
    title: str
    summary: str
    template: str = ""


EXAMPLE = "calls.vcf.gz"
"""The input file of the documentation's examples."""
CHAPTERS = (
    Chapter("formats", "Files", "Input formats, output files, and how to use them", "docs_formats.html"),
    Chapter("annotation", "Understanding your results",
            "What the fields, the variant table and the messages mean, with examples"),
    Chapter("limits", "Limits", "Sizes, times and retention, by plan", "docs_limits.html"),
    Chapter("privacy", "Privacy", "What data we collect, who has access, and how it is deleted", "docs_privacy.html"),
)


@page(blueprint, "/docs", signed_in=False)
def contents(request: WebRequest) -> WebResponse:
    """The index of the documentation."""
    return render(request, "docs.html", chapters=CHAPTERS)


@page(blueprint, "/docs/{name}", signed_in=False)
def chapter(request: WebRequest, name: str) -> WebResponse:
    """One page of it."""
    found = next((chapter for chapter in CHAPTERS if chapter.name == name), None)
    if found is None:
        raise NotFoundError(hint="See the documentation index.")
    if not found.template:
        made = assets.documentation()[found.name]
        # Our own text, made into HTML when the site was built.
        return render(request, "docs_made.html", chapters=CHAPTERS, chapter=found, sections=made["sections"],
                      text=Markup(made["html"]))
    plans = request.services.plans
    return render(
        request, found.template, chapters=CHAPTERS, chapter=found, free=plans.of(Role.FREE),
        premium=plans.of(Role.PREMIUM), extensions=VCF_EXTENSIONS, layer_extensions=LAYER_EXTENSIONS,
        longest_name=LONGEST_NAME,
        longest_note=LONGEST_NOTE, results=result_name(EXAMPLE, RESULTS),
        files=[(result_name(EXAMPLE, kind), file.description) for kind, file in RESULT_FILES.items()],
        references=available(request.services),
        usual=RestoreTier.EXPEDITED.expected_seconds, longest=RestoreTier.STANDARD.expected_seconds,
        grace=request.services.settings.downgrade_grace, session=sessions.SESSION_SECONDS,
        form=UPLOAD_FORM_SECONDS, paid=request.services.settings.billing_provider != "none")
