"""Taking one's data away, and deleting one's account."""
from __future__ import annotations

import json
from dataclasses import asdict

from chalice import Blueprint

from chalicelib.exceptions import BadRequestError
from chalicelib.usecases.account import personal_data
from chalicelib.usecases.account.erase_account import request_erasure
from chalicelib.web import monitoring
from chalicelib.web.http import sessions
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, no_content, redirect
from chalicelib.web.http.routing import action, page

blueprint = Blueprint(__name__)

CONFIRMATION = "delete my account"
"""What is typed to say that it is meant."""


@page(blueprint, "/profile/export")
def export(request: WebRequest) -> WebResponse:
    """A part of everything that GAS has of the user: records, and links to all files that are good for an hour."""
    part = personal_data.export_part(request.services, request.profile.identity_id, request.query("cursor"))
    body = {
        "profile": personal_data.profile_record(request.profile), "annotations": part.records,
        "files": [asdict(file) for file in part.files],
        "links_expire": request.services.clock() + personal_data.LINK_SECONDS,
        "next": request.site.path("/profile/export", cursor=part.next_cursor) if part.next_cursor else None}
    if request.wants_json:
        return json_response(body)
    return WebResponse(json.dumps(body, ensure_ascii=False, indent=1), headers={
        "Content-Type": "application/json", "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="gas-data.json"'})


@page(blueprint, "/profile/export/files")
def export_files(request: WebRequest) -> WebResponse:
    """The links of a part as a list that aria2c reads, which fetches the files into a directory for each annotation."""
    part = personal_data.export_part(request.services, request.profile.identity_id, request.query("cursor"))
    lines = [f"{file.link}\n  out={file.path}\n" for file in part.files]
    if part.next_cursor:
        following = request.site.absolute("/profile/export/files", cursor=part.next_cursor)
        lines.append(f"# There are more: open {following}\n")
    return WebResponse("".join(lines), headers={
        "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="gas-files.txt"'})


@page(blueprint, "/profile/delete")
def ask_to_delete(request: WebRequest) -> WebResponse:
    """What deleting the account means, and the form that does it."""
    return render(request, "delete_account.html", space=personal_data.used_space(request.services,
                  request.profile.identity_id), confirmation=CONFIRMATION, wrong=False,
                  charges=request.services.billing.charges)


@action(blueprint, "/profile/delete")
def delete_account(request: WebRequest) -> WebResponse:
    """Begin to delete the account, once the words are typed; the session ends at once."""
    if " ".join(request.form.get("confirmation", "").split()).casefold() != CONFIRMATION:
        if request.wants_json:
            raise BadRequestError("The confirmation text is missing.", f"Type “{CONFIRMATION}”.",
                                  field="confirmation")
        return render(request, "delete_account.html", status_code=400, wrong=True, confirmation=CONFIRMATION,
                      space=personal_data.used_space(request.services, request.profile.identity_id),
                      charges=request.services.billing.charges)
    request_erasure(request.services, request.profile)
    monitoring.count("AccountErasuresRequested")
    answer = no_content() if request.wants_json else redirect(request.site.path("/profile/deleted"))
    return answer.add_cookie(sessions.end(request))


@page(blueprint, "/profile/deleted", signed_in=False)
def deleted(request: WebRequest) -> WebResponse:
    """What happens now."""
    return render(request, "account_deleted.html")
