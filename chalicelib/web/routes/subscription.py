"""Premium: what it gives, what it costs, how it begins, how it ends."""
from __future__ import annotations

from chalice import Blueprint

from chalicelib.billing.service import WayBack
from chalicelib.domain.jobs import RestoreTier
from chalicelib.domain.profiles import Role
from chalicelib.usecases.billing import payments
from chalicelib.usecases.billing import subscription as usecases
from chalicelib.web import monitoring
from chalicelib.web.http.pages import render
from chalicelib.web.http.request import WebRequest
from chalicelib.web.http.response import WebResponse, json_response, redirect
from chalicelib.web.http.routing import action, hook, page
from chalicelib.web.routes.profile import profile_json

blueprint = Blueprint(__name__)

PATH = "/subscribe"


@page(blueprint, PATH, signed_in=False)
def show_plans(request: WebRequest) -> WebResponse:
    """What premium gives and costs, and what it would bring back for who is signed in."""
    visitor, services = request.visitor, request.services
    archived = usecases.count_archived(services, visitor.identity_id) if visitor is not None else None
    plans, price = services.plans, payments.price(services)
    if request.wants_json:
        return json_response({
            "role": visitor.role.value if visitor is not None else None,
            "archived": {"count": archived.count, "more": archived.more} if archived is not None else None,
            "price": {"amount": price.amount, "currency": price.currency, "interval": price.interval,
                      "intervals": price.intervals} if price is not None else None,
            "plans": [{"role": plan.role.value, "upload_limit": plan.upload_limit, "retention": plan.retention}
                      for plan in (plans.of(Role.FREE), plans.of(Role.PREMIUM))]})
    paid = visitor is not None and visitor.checkout_id is not None and request.query("done") == "paid"
    return render(request, "subscribe.html", free=plans.of(Role.FREE), premium=plans.of(Role.PREMIUM),
                  archived=archived, usual=RestoreTier.EXPEDITED.expected_seconds,
                  longest=RestoreTier.STANDARD.expected_seconds, grace=services.settings.downgrade_grace,
                  charges=services.billing.charges, price=price, paid=paid, forms=services.billing.origins)


@action(blueprint, PATH)
def subscribe(request: WebRequest) -> WebResponse:
    """Make the signed-in person premium, or lead them to where it is paid.

    Who is premium already goes the same way: it may be the second try after one that did not send for the results, or
    take back the end of premium.
    """
    site = request.site
    begun = payments.begin_premium(request.services, request.profile, WayBack(
        paid=site.absolute(PATH, done="paid"), left=site.absolute(PATH, done="left")))
    if begun.profile.premium:
        monitoring.count("Subscriptions")
    if request.wants_json:
        return json_response({**profile_json(begun.profile, request.services.plans), "payment": begun.address})
    return redirect(begun.address or site.path(PATH, done="subscribed" if begun.profile.premium else "paid"))


@action(blueprint, "/unsubscribe")
def unsubscribe(request: WebRequest) -> WebResponse:
    """End the signed-in person's premium; a form that is sent twice ends it once."""
    profile = request.profile
    if profile.premium:
        profile = payments.end_premium(request.services, profile)
        monitoring.count("Unsubscriptions")
    if request.wants_json:
        return json_response(profile_json(profile, request.services.plans))
    return redirect(request.site.path("/profile", done="unsubscribed"))


@action(blueprint, "/billing/portal")
def show_payments(request: WebRequest) -> WebResponse:
    """Lead the signed-in person to their payments and invoices.

    Raises:
        NotFoundError: They pay nothing.
    """
    address = payments.payments_page(request.services, request.profile, request.site.absolute("/profile"))
    return json_response({"address": address}) if request.wants_json else redirect(address)


@hook(blueprint, "/billing/stripe")
def take_billing_message(request: WebRequest) -> WebResponse:
    """The payment service says that a subscription has changed. Its signature stands for session and form token.

    Raises:
        BadRequestError: The message is not the payment service's own.
    """
    billing_id = request.services.billing.billing_id_of(request.body, request.headers.get("stripe-signature", ""))
    if billing_id is not None:
        payments.settle(request.services, billing_id)
    return json_response({"received": True})
