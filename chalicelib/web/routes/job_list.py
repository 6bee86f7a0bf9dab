"""My annotations: the list, what of it is wanted, and deleting several."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

from chalice import Blueprint

from chalicelib.domain.job_query import JobQuery, Order, StatusFilter
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.throughput import Throughput
from chalicelib.exceptions import BadRequestError
from chalicelib.usecases.jobs import job_list as usecases
from chalicelib.usecases.jobs.queue_estimate import queue_places
from chalicelib.usecases.upload.prepare_upload import prepare_upload
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, no_content, redirect
from chalicelib.web.http.routing import action, page
from chalicelib.web.routes.uploads import storage_origin
from chalicelib.web.samples import FILE_NAME, SAMPLES
from chalicelib.web.views.job_list import ORDER_WORDS, STANDING_WORDS, JobListView, UploadedBatch, listing_query
from chalicelib.web.views.jobs import job_json

blueprint = Blueprint(__name__)

PAGE_SIZE = 20
LONGEST_TEXT = 200
LIST_QUERY = ("q", "status", "from", "to", "zone", "sort", "cursor")
"""Parameters of the list's address that say what is shown."""
MOST_UPLOADED = 1000
"""Files of one upload that the list waits for."""
LONGEST_ZONE = 14 * 60
"""Minutes: the largest difference that a zone's time has from UTC."""


@page(blueprint, "/annotations")
def list_annotations(request: WebRequest) -> WebResponse:
    """The user's jobs that are wanted, in the order that is wanted: all of them, newest first, if nothing else is."""
    listing, days, cursor = _listing(request), _days(request), request.query("cursor")
    services, profile = request.services, request.profile
    found = usecases.find_jobs(services, profile.identity_id, listing, PAGE_SIZE, cursor)
    if request.wants_json:
        following = (request.site.path("/annotations", **listing_query(listing, days), cursor=found.next_cursor)
                     if found.next_cursor else None)
        return json_response({"jobs": [job_json(job, request.site) for job in found.jobs], "next": following,
                              "cut_short": found.cut_short})
    moving = any(job.job_status in (JobStatus.PENDING, JobStatus.RUNNING) for job in found.jobs)
    view = JobListView.of(
        found, listing, days, cursor, services.clock(), profile, services.plans, queue_places(services, found.jobs),
        services.throughput.get() if moving else Throughput(), request.site,
        _uploaded_batch(request) if listing.whole and listing.order is Order.NEWEST and cursor is None else None)
    if request.wants_fragment:
        return no_content() if request.query("seen") == view.seen else render(request, "_job_rows.html", view=view)
    # A user who has nothing yet may send a sample from here, straight to the storage like any other file.
    origins = (storage_origin(prepare_upload(services, profile)),) if view.empty else ()
    return render(request, "annotations.html", connect=origins, view=view, orders=ORDER_WORDS,
                  standings=STANDING_WORDS, samples=SAMPLES.values(), sample_name=FILE_NAME)


def _uploaded_batch(request: WebRequest) -> UploadedBatch | None:
    """The files that the upload page sent just before, and how many of them are not jobs yet; None without any.

    S3 reports an upload within seconds, and `submit` makes it a job: the list is usually shown before.
    """
    given = [request.query(name) or "" for name in ("uploaded", "since", "shown")]
    if not all(text.isdecimal() and len(text) <= 12 for text in given[:2]):
        return None
    now = request.services.clock()
    files, since = min(int(given[0]), MOST_UPLOADED), int(given[1])
    shown = int(given[2]) if given[2].isdecimal() and len(given[2]) <= 12 else now
    found = request.services.jobs.count_since(request.profile.identity_id, since, files) if files else 0
    return UploadedBatch(files, since, shown, max(0, files - found))


@page(blueprint, "/annotations/delete")
def confirm_deletion(request: WebRequest) -> WebResponse:
    """Ask whether the jobs whose boxes were ticked are to be deleted, with their names."""
    jobs = usecases.chosen_jobs(request.services, request.profile.identity_id, request.queries("job")[:PAGE_SIZE])
    if not jobs:
        return redirect(_back_to_list(request, request.query("back"), done="none"))
    return render(request, "delete_several.html", jobs=jobs, back=_list_page(request.query("back")),
                  running=sum(not job.ended for job in jobs), archived=sum(job.archived for job in jobs))


@action(blueprint, "/annotations/delete")
def delete_several(request: WebRequest) -> WebResponse:
    """Delete the jobs that were confirmed.

    Raises:
        BadRequestError: Nobody confirmed it.
    """
    if request.form.get("confirmed") != "yes":
        raise BadRequestError("The form does not confirm that the annotations are to be deleted.",
                              "Use the button below the list of annotations.", field="confirmed")
    done = usecases.delete_jobs(request.services, request.profile.identity_id, request.form_values("job")[:PAGE_SIZE])
    if request.wants_json:
        return json_response({"deleted": done.deleted, "moving": done.moving})
    return redirect(_back_to_list(request, request.form.get("back"), done="deleted", deleted=done.deleted,
                                  moving=done.moving or None))


def _list_page(query: str | None) -> dict[str, str]:
    """The search and page of the list that somebody came from, by the query of its address."""
    given = dict(parse_qsl(query or ""))
    return {name: value for name, value in given.items() if name in LIST_QUERY}


def _back_to_list(request: WebRequest, query: str | None, **outcome: str | int | None) -> str:
    return request.site.path("/annotations", **_list_page(query), **outcome)


def _listing(request: WebRequest) -> JobQuery:
    """What is wanted of the list, by the query.

    Raises:
        BadRequestError: For a status, an order or a day that there is not.
    """
    days = _days(request)
    zone = _zone(days["zone"])
    since, before = _midnight(days["from"], zone, "from"), _midnight(days["to"], zone, "to")
    if since is not None and before is not None and before < since:
        raise BadRequestError("The last day is before the first one.", "Exchange the two days.", field="to")
    try:
        standing = StatusFilter(request.query("status") or "") if request.query("status") else None
        order = Order(request.query("sort") or Order.NEWEST.value)
    except ValueError as error:
        raise BadRequestError(
            "Unknown status or sort order.", "Select one in the form above the list of jobs.") from error
    return JobQuery(
        text=" ".join((request.query("q") or "").split())[:LONGEST_TEXT],
        standing=standing,
        since=since,
        before=before + 86_400 if before is not None else None,
        order=order,
    )


def _days(request: WebRequest) -> dict[str, str]:
    """First and last day as the form has them, and by how many minutes UTC is ahead of the reader's clock."""
    days = {name: request.query(name) or "" for name in ("from", "to")}
    return {**days, "zone": (request.query("zone") or "") if any(days.values()) else ""}


def _zone(text: str) -> int:
    """Minutes; nonsense is passed over, as the field is filled in by the page's script."""
    try:
        return max(-LONGEST_ZONE, min(LONGEST_ZONE, int(text)))
    except ValueError:
        return 0


def _midnight(text: str, zone: int, field: str) -> int | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=zone)).timestamp())
    except (ValueError, OverflowError) as error:
        raise BadRequestError(f"“{text[:20]}” is not a valid date.", "Use the format YYYY-MM-DD.",
                              field=field) from error
