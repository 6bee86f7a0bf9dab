"""Who is signed in, and under which plan."""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.web.pages import render
from chalicelib.web.requests import WebRequest
from chalicelib.web.responses import WebResponse, json_response
from chalicelib.web.routing import page

blueprint = Blueprint(__name__)


@page(blueprint, "/profile")
def show_profile(request: WebRequest) -> WebResponse:
    """The signed-in person's profile."""
    profile = request.profile
    plan = request.services.plans.of(profile.role)
    if request.wants_json:
        return json_response({
            "identity_id": profile.identity_id, "name": profile.name, "email": profile.email,
            "institution": profile.institution, "role": profile.role.value,
            "upload_limit": plan.upload_limit, "retention": plan.retention})
    return render(request, "profile.html", plan=plan)
