"""Premium: what it gives, how it begins, how it ends.

Nothing is paid: the form is the subscription.
"""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.domain.jobs import RestoreTier
from chalicelib.domain.profiles import Role
from chalicelib.usecases import subscribe as usecases
from chalicelib.web import monitoring
from chalicelib.web.pages import render
from chalicelib.web.profile import profile_json
from chalicelib.web.requests import WebRequest
from chalicelib.web.responses import WebResponse, json_response, redirect
from chalicelib.web.routing import action, page

blueprint = Blueprint(__name__)

PATH = "/subscribe"


@page(blueprint, PATH, signed_in=False)
def show_plans(request: WebRequest) -> WebResponse:
    """What premium gives, and what it would bring back for who is signed in."""
    visitor = request.visitor
    archived = usecases.count_archived(request.services, visitor.identity_id) if visitor is not None else None
    plans = request.services.plans
    if request.wants_json:
        return json_response({
            "role": visitor.role.value if visitor is not None else None,
            "archived": {"count": archived.count, "more": archived.more} if archived is not None else None,
            "plans": [{"role": plan.role.value, "upload_limit": plan.upload_limit, "retention": plan.retention}
                      for plan in (plans.of(Role.FREE), plans.of(Role.PREMIUM))]})
    return render(request, "subscribe.html", free=plans.of(Role.FREE), premium=plans.of(Role.PREMIUM),
                  archived=archived, usual=RestoreTier.EXPEDITED.expected_seconds,
                  longest=RestoreTier.STANDARD.expected_seconds, grace=request.services.settings.downgrade_grace)


@action(blueprint, PATH)
def subscribe(request: WebRequest) -> WebResponse:
    """Make the signed-in person premium.

    Who is premium already goes the same way: it may be the second try after one that did not send for the results.
    """
    profile = usecases.subscribe(request.services, request.profile.identity_id)
    monitoring.count("Subscriptions")
    if request.wants_json:
        return json_response(profile_json(profile, request.services.plans))
    return redirect(request.site.path(PATH, done="subscribed"))


@action(blueprint, "/unsubscribe")
def unsubscribe(request: WebRequest) -> WebResponse:
    """End the signed-in person's premium; a form that is sent twice ends it once."""
    profile = request.profile
    if profile.premium:
        profile = usecases.unsubscribe(request.services, profile.identity_id) or profile
        monitoring.count("Unsubscriptions")
    if request.wants_json:
        return json_response(profile_json(profile, request.services.plans))
    return redirect(request.site.path("/profile", done="unsubscribed"))
