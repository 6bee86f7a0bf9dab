"""Who is signed in, under which plan, and which emails they want."""
from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.domain.plans import Plans
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError
from chalicelib.usecases.account.personal_data import used_space
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, redirect
from chalicelib.web.http.routing import action, page

blueprint = Blueprint(__name__)

MAIL_FIELD = "mail_wanted"
_WANTED = {"yes": True, "no": False}


@page(blueprint, "/profile")
def show_profile(request: WebRequest) -> WebResponse:
    """The signed-in person's profile."""
    profile = request.profile
    if request.wants_json:
        return json_response(profile_json(profile, request.services.plans))
    now, grace = request.services.clock(), request.services.settings.downgrade_grace
    kept_until = profile.grace_until if profile.grace_until is not None and profile.grace_until > now else None
    plan = request.services.plans.of(profile.role)
    return render(request, "profile.html", plan=plan, grace=grace,
                  open_jobs=request.services.jobs.count_open(profile.identity_id, plan.open_limit + 1),
                  space=used_space(request.services, profile.identity_id), ends=now + grace, kept_until=kept_until,
                  charges=request.services.billing.charges,
                  forms=request.services.billing.origins)


@action(blueprint, "/profile/mail")
def want_mail(request: WebRequest) -> WebResponse:
    """Turn job emails on or off.

    Raises:
        BadRequestError: The form says neither yes nor no.
    """
    wanted = _WANTED.get(request.form.get(MAIL_FIELD, ""))
    if wanted is None:
        raise BadRequestError("The form does not say whether you want emails.", "Use the button in your profile.",
                              field=MAIL_FIELD)
    profile = request.services.profiles.want_mail(request.profile.identity_id, wanted)
    if request.wants_json:
        return json_response(profile_json(profile, request.services.plans))
    return redirect(request.site.path("/profile", done="mail"))


def profile_json(profile: Profile, plans: Plans) -> dict[str, Any]:
    """A profile for programs. Times are epoch seconds, sizes bytes; `retention` is None where results stay."""
    plan = plans.of(profile.role)
    return {"identity_id": profile.identity_id, "name": profile.name, "email": profile.email,
            "institution": profile.institution, "role": profile.role.value, "mail_wanted": profile.mail_wanted,
            "grace_until": profile.grace_until, "premium_until": profile.premium_until,
            "upload_limit": plan.upload_limit, "retention": plan.retention}
