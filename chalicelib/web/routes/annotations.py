"""A user's annotations: one job, its log and files, cancelling and deleting."""
from __future__ import annotations

from dataclasses import asdict

from chalice import Blueprint

from chalicelib.domain.layers import LAYER
from chalicelib.domain.placement import read_shift_3prime
from chalicelib.domain.result_files import INPUT, RESULT_FILES
from chalicelib.exceptions import FileNotAvailableError
from chalicelib.usecases.jobs import user_jobs as usecases
from chalicelib.usecases.jobs.checksums import checksums
from chalicelib.usecases.jobs.result_links import reading_links, reference_of
from chalicelib.usecases.upload.annotate_again import annotate_again
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, no_content, redirect
from chalicelib.web.http.routing import action, page
from chalicelib.web.routes.genome import IGV_STYLES, genome_connections, reference_json
from chalicelib.web.routes.uploads import AFTER_UPLOAD, reference_choices
from chalicelib.web.views.jobs import PLACEMENT_WORDS, JobView, job_json

blueprint = Blueprint(__name__)


@page(blueprint, "/annotations/{id}")
def show_job(request: WebRequest, id: str) -> WebResponse:
    """One job. Its live part asks again and again, and is answered only when something has changed."""
    job = usecases.get_job(request.services, request.profile.identity_id, id)
    if request.wants_json:
        return json_response(job_json(job, request.site))
    view = JobView.of(job, request.services.clock(), request.profile, request.services.plans)
    references = reference_choices(request) if job.ended and not job.input.deleted else []
    once = request.services.new_token() if references else ""
    if not request.wants_fragment:
        # Also while the job runs: its page turns into that of a completed one without a reload.
        return render(request, "job.html", connect=genome_connections(request.services), styles=IGV_STYLES,
                      job=view, references=references, placements=PLACEMENT_WORDS, once=once)
    if request.query("seen") == view.seen:
        return no_content()
    if request.query("phase") == view.phase:
        return render(request, "_job_state.html", job=view)
    response = render(request, "_job.html", job=view, references=references, placements=PLACEMENT_WORDS, once=once)
    response.headers.update({"HX-Retarget": "#job", "HX-Reswap": "outerHTML"})
    return response


@page(blueprint, "/annotations/{id}/log")
def show_log(request: WebRequest, id: str) -> WebResponse:
    """The log file, on a page of its own or inside the job's."""
    user_id = request.profile.identity_id
    text = usecases.read_log(request.services, user_id, id)
    if request.wants_json:
        return json_response({"log": text})
    if request.wants_fragment:
        return render(request, "_log.html", log=text)
    job = usecases.get_job(request.services, user_id, id)
    return render(request, "log.html", log=text, job=job)


@page(blueprint, "/annotations/{id}/links")
def links(request: WebRequest, id: str) -> WebResponse:
    """Links by which the job's page reads parts of the results; they are good for minutes."""
    found = reading_links(request.services, request.profile.identity_id, id)
    return json_response({"seconds": found.seconds, "variants": {"url": found.variants, "size": found.variants_size},
                          "results": {"url": found.results}, "index": {"url": found.index}})


@page(blueprint, "/annotations/{id}/reference")
def show_reference(request: WebRequest, id: str) -> WebResponse:
    """Where the genome view finds the job's reference."""
    found = reference_of(request.services, request.profile.identity_id, id)
    return json_response(reference_json(request.services, found, request.site))


@page(blueprint, "/annotations/{id}/files/{kind}")
def download(request: WebRequest, id: str, kind: str) -> WebResponse:
    """On to a link that downloads one file and is good for a minute."""
    if kind not in (INPUT, LAYER, *RESULT_FILES):
        usecases.get_job(request.services, request.profile.identity_id, id)
        raise FileNotAvailableError()
    try:
        link = usecases.download_link(request.services, request.profile.identity_id, id, kind)
    except FileNotAvailableError as error:
        job = usecases.get_job(request.services, request.profile.identity_id, id)
        if job.archived and kind in RESULT_FILES and RESULT_FILES[kind].archived:  # a link that somebody kept
            raise FileNotAvailableError("This file is archived.", _archive_hint(request)) from error
        raise
    return redirect(link, 302)


def _archive_hint(request: WebRequest) -> str:
    if request.profile.premium:
        return "It is being restored; the job page shows when it is available."
    return "Subscribe to Premium to restore archived results."


@page(blueprint, "/annotations/{id}/checksums")
def show_checksums(request: WebRequest, id: str) -> WebResponse:
    """SHA-256 of the job's files, inside its page or as a file that `sha256sum --check` reads."""
    found = checksums(request.services, request.profile.identity_id, id)
    if request.wants_fragment:
        return render(request, "_checksums.html", files=found, address=request.site.path(request.path))
    if request.wants_json:
        return json_response({"files": [asdict(file) for file in found]})
    lines = "".join(f"{file.sha256}  {file.name}\n" for file in found if file.sha256)
    return WebResponse(lines, headers={"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
                                       "Content-Disposition": 'attachment; filename="SHA256SUMS"'})


@action(blueprint, "/annotations/{id}/again")
def again(request: WebRequest, id: str) -> WebResponse:
    """Annotate the job's file once more, as a job of its own."""
    reference = request.form.get("reference") or request.services.settings.default_reference
    placement = request.form.get("shift_3prime")
    key = annotate_again(request.services, request.profile, id, reference, request.form.get("once", ""),
                         None if placement is None else read_shift_3prime(placement),
                         request.form.get("layer") != "no")
    address = request.site.path(AFTER_UPLOAD, key=key)
    if request.wants_json:
        return json_response({"waiting": address}, 202)
    return redirect(address)


@action(blueprint, "/annotations/{id}/cancel")
def cancel(request: WebRequest, id: str) -> WebResponse:
    """Stop a waiting or running job."""
    job = usecases.cancel_job(request.services, request.profile.identity_id, id)
    if request.wants_json:
        return json_response(job_json(job, request.site))
    return redirect(request.site.path(f"/annotations/{id}"))


@action(blueprint, "/annotations/{id}/delete")
def delete(request: WebRequest, id: str) -> WebResponse:
    """Delete a job with everything that belongs to it."""
    usecases.delete_job(request.services, request.profile.identity_id, id)
    if request.wants_json:
        return no_content()
    return redirect(request.site.path("/annotations", done="deleted"))
