"""Uploading: the form that goes straight to S3, and the page that S3 sends the browser back to."""
from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from chalice import Blueprint

from chalicelib.domain.job_note import LONGEST_NOTE
from chalicelib.domain.layers import LAYER_EXTENSIONS
from chalicelib.domain.names import LONGEST_NAME, METADATA_FIELD, VCF_EXTENSIONS, InputKey
from chalicelib.exceptions import BadRequestError, JobFailure, NotFoundError
from chalicelib.usecases.quotas import usage
from chalicelib.usecases.references import AUTO, available
from chalicelib.usecases.upload import multipart_upload
from chalicelib.usecases.upload.prepare_upload import (
    NOTE,
    REFERENCE,
    SHIFT_3PRIME,
    UploadForm,
    find_uploaded_job,
    prepare_upload,
    uploaded_layer,
)
from chalicelib.web import monitoring
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, no_content, redirect
from chalicelib.web.http.routing import action, page
from chalicelib.web.views.jobs import PLACEMENT_WORDS

blueprint = Blueprint(__name__)

AFTER_UPLOAD = "/annotate/job"
SLOW_AFTER_SECONDS = 60
"""Seconds after which the page says that an upload takes longer than usual to become a job."""
MOST_CONTIGS = 300
"""Contigs of a reference whose names the form has, so that it can warn of a file that has none of them."""


@page(blueprint, "/annotate")
def annotate(request: WebRequest) -> WebResponse:
    """The upload form, or as JSON what a program needs for an upload.

    With `redirect=no` S3 answers 201 instead of a redirect, which scripts in a page cannot follow.
    """
    scripted = request.wants_json and request.query("redirect") == "no"
    used = usage(request.services, request.profile)
    job_id, layer = _uploaded_layer(request)
    after, after_layer = ("", "") if scripted else map(request.site.absolute, (AFTER_UPLOAD, "/annotate"))
    try:
        form = prepare_upload(request.services, request.profile, after, used, job_id, after_layer)
    except JobFailure as refused:
        if request.wants_json:
            raise
        return render(request, "annotate_later.html", refused=refused, used=used,
                      plan=request.services.plans.of(request.profile.role))
    monitoring.count("UploadsPrepared")
    if request.wants_json:
        return json_response({
            "job_id": form.job_id, "upload": {"url": form.url, "fields": form.fields}, "limit": form.limit,
            "file_field": form.file_field, "expires": form.expires,
            "layer": {"url": form.layer.url, "fields": form.layer.fields},
            "waiting": request.site.path(AFTER_UPLOAD, key=form.fields["key"])})
    origin = storage_origin(form)
    profile, now = request.profile, request.services.clock()
    kept_until = profile.grace_until if not profile.premium and (profile.grace_until or 0) > now else None
    return render(request, "annotate.html", connect=(origin,), forms=(origin,), form=form,
                  plan=request.services.plans.of(profile.role), extensions=VCF_EXTENSIONS,
                  longest_name=LONGEST_NAME, longest_note=LONGEST_NOTE, note_field=METADATA_FIELD + NOTE,
                  reference_field=METADATA_FIELD + REFERENCE, references=reference_choices(request),
                  placement_field=METADATA_FIELD + SHIFT_3PRIME, placements=PLACEMENT_WORDS, kept_until=kept_until,
                  used=used, opened=now, layer=layer, layer_extensions=LAYER_EXTENSIONS)


def _uploaded_layer(request: WebRequest) -> tuple[str, str | None]:
    """The user's own annotations that were uploaded without a script: the job that they wait for, and their name.

    S3 sends the browser here with their key, after the form for them.

    Raises:
        NotFoundError: The key is not one of this user's, or its job is there already.
    """
    key = request.query("key")
    if not key:
        return "", None
    parts = InputKey.parse(key)
    if parts is None or parts.user_id != request.profile.identity_id:
        raise NotFoundError()
    return parts.job_id, uploaded_layer(request.services, parts.user_id, parts.job_id)


def storage_origin(form: UploadForm) -> str:
    """The origin that a page's upload goes to, which its content policy must allow."""
    address = urlsplit(form.url)
    return f"{address.scheme}://{address.netloc}"


@dataclass(frozen=True)
class ReferenceChoice:
    """A reference as the form offers it.

    Attributes:
        contigs: Names of its contigs; none where there are too many for a page.
    """

    name: str
    title: str
    assembly: str
    contigs: tuple[str, ...] = ()


def reference_choices(request: WebRequest) -> list[ReferenceChoice]:
    """What the form offers: first of all to determine the reference from the file."""
    return [ReferenceChoice(AUTO, "Detect from the file", ""),
            *(ReferenceChoice(one.name, one.label, one.assembly,
                              tuple(one.contigs) if len(one.contigs) <= MOST_CONTIGS else ())
              for one in available(request.services))]


@action(blueprint, "/annotate/parts")
def sign_part_request(request: WebRequest) -> WebResponse:
    """Begin an upload in parts, or give a link for one request about it, which the page's script sends to S3.

    Raises:
        BadRequestError: The form does not say which request.
    """
    form = request.form
    try:
        wanted = multipart_upload.PartRequest(form.get("request", ""))
        if wanted is multipart_upload.PartRequest.BEGIN:
            begun = multipart_upload.begin(request.services, request.profile, form.get("name", ""),
                                           int(form.get("size", "")), form.get(NOTE, ""), form.get(REFERENCE, ""),
                                           form.get(SHIFT_3PRIME, ""), form.get("job_id", ""))
            monitoring.count("UploadsInPartsPrepared")
            return json_response({"key": begun.key, "upload_id": begun.upload_id,
                                  "waiting": request.site.path(AFTER_UPLOAD, key=begun.key)})
        link = multipart_upload.sign(request.services, request.profile, wanted, form.get("key", ""),
                                     form.get("upload_id", ""), int(form.get("number") or 0),
                                     int(form.get("length") or 0))
    except ValueError as error:
        raise BadRequestError("The form does not name an upload.") from error
    return json_response({"url": link})


@page(blueprint, AFTER_UPLOAD)
def uploaded(request: WebRequest) -> WebResponse:
    """Where S3 sends the browser: on to the job, as soon as there is one. Nothing depends on coming here."""
    key = request.query("key")
    if not key:
        raise BadRequestError("The address does not name an upload.",
                              "See your list of jobs.", field="key")
    job = find_uploaded_job(request.services, request.profile.identity_id, key)
    if job is not None:
        monitoring.logger.append_keys(job_id=job.job_id)
    address = request.site.path(f"/annotations/{job.job_id}") if job is not None else None
    if request.wants_json:
        return json_response({"job_id": job.job_id if job else None, "href": address}, 200 if job else 202)
    if address is not None:
        return no_content({"HX-Redirect": address}) if request.wants_fragment else redirect(address)
    return _wait(request, key)


def _wait(request: WebRequest, key: str) -> WebResponse:
    """The page that waits for the job; its live part announces once that it takes long."""
    now = request.services.clock()
    given = request.query("since") or ""
    since = int(given) if given.isdecimal() and len(given) <= 12 else now
    slow = now - since > SLOW_AFTER_SECONDS
    if request.wants_fragment and (not slow or request.query("slow") == "yes"):
        return no_content()
    template = "_uploaded.html" if request.wants_fragment else "uploaded.html"
    return render(request, template, key=key, file_name=key.rpartition("/")[2], since=since, slow=slow)
