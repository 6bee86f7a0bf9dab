"""Uploading: the form that goes straight to S3, and the page that S3 sends the browser back to."""
from __future__ import annotations

from urllib.parse import urlsplit

from chalice import Blueprint

from chalicelib.domain.names import LONGEST_NAME, VCF_EXTENSIONS
from chalicelib.exceptions import BadRequestError
from chalicelib.usecases.uploads import find_uploaded_job, prepare_upload
from chalicelib.web import monitoring
from chalicelib.web.pages import render
from chalicelib.web.requests import WebRequest
from chalicelib.web.responses import WebResponse, json_response, no_content, redirect
from chalicelib.web.routing import page
from chalicelib.web.views.jobs import reference_title

blueprint = Blueprint(__name__)

AFTER_UPLOAD = "/annotate/job"


@page(blueprint, "/annotate")
def annotate(request: WebRequest) -> WebResponse:
    """The upload form, or for a program what it needs to upload by itself.

    With `redirect=no` S3 answers 201 instead of a redirect, which scripts in a page cannot follow.
    """
    scripted = request.wants_json and request.query("redirect") == "no"
    form = prepare_upload(request.services, request.profile,
                          "" if scripted else request.site.absolute(AFTER_UPLOAD))
    monitoring.count("UploadsPrepared")
    if request.wants_json:
        return json_response({
            "job_id": form.job_id, "upload": {"url": form.url, "fields": form.fields}, "limit": form.limit,
            "file_field": form.file_field, "expires": form.expires,
            "waiting": request.site.path(AFTER_UPLOAD, key=form.fields["key"])})
    address = urlsplit(form.url)
    origin = f"{address.scheme}://{address.netloc}"
    return render(request, "annotate.html", connect=(origin,), forms=(origin,), form=form,
                  plan=request.services.plans.of(request.profile.role), extensions=VCF_EXTENSIONS,
                  longest_name=LONGEST_NAME, reference=reference_title(request.services.settings.default_reference))


@page(blueprint, AFTER_UPLOAD)
def uploaded(request: WebRequest) -> WebResponse:
    """Where S3 sends the browser: on to the job, as soon as there is one. Nothing depends on coming here."""
    key = request.query("key")
    if not key:
        raise BadRequestError("The address does not say which upload is meant.",
                              "Look among your annotations.", field="key")
    job = find_uploaded_job(request.services, request.profile.identity_id, key)
    if job is not None:
        monitoring.logger.append_keys(job_id=job.job_id)
    address = request.site.path(f"/annotations/{job.job_id}") if job is not None else None
    if request.wants_json:
        return json_response({"job_id": job.job_id if job else None, "href": address}, 200 if job else 202)
    if request.wants_fragment:
        return no_content({"HX-Redirect": address} if address is not None else None)
    if address is not None:
        return redirect(address)
    return render(request, "uploaded.html", key=key, file_name=key.rpartition("/")[2])
