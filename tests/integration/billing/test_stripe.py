"""Subscriptions, cancellations and signed messages as `localstripe` has them.

It has no Checkout, no prices (but plans) and no customer portal: `tests/unit/billing/test_stripe_billing.py` tests
those in the form that Stripe documents.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.billing.service import SubscriptionState
from chalicelib.billing.stripe_billing import StripeBilling
from chalicelib.domain.credentials import StripeKeys
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.account.erase_account import request_erasure
from chalicelib.usecases.billing.payments import end_premium, settle
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA
from tests.integration.support.stripe_process import SECRET_KEY, WEBHOOK_SECRET, LocalStripe, local_stripe


@pytest.fixture(scope="module")
def stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    with local_stripe(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@pytest.fixture
def billing(stripe: LocalStripe, clock: HeldClock) -> StripeBilling:
    return StripeBilling(lambda: StripeKeys(SECRET_KEY, WEBHOOK_SECRET), "price_1", clock, stripe.address)


@pytest.fixture
def subscription(stripe: LocalStripe) -> dict[str, Any]:
    """Ada's, as Checkout leaves it: paid, and with her id on it."""
    card = stripe.post("tokens", **{"card[number]": "4242424242424242", "card[exp_month]": "12",
                                    "card[exp_year]": "2040", "card[cvc]": "123"})
    customer = stripe.post("customers", email="ada@example.org", source=card["id"])
    product = stripe.post("products", name="Premium", type="service")
    plan = stripe.post("plans", amount="900", currency="eur", interval="month", product=product["id"])
    return stripe.post("subscriptions", customer=customer["id"], **{
        "items[0][plan]": plan["id"], "metadata[user_id]": ADA})


def test_premium_follows_the_subscription(stripe: LocalStripe, billing: StripeBilling, subscription: dict[str, Any],
                                          services: Services, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    paid = replace(services, billing=billing)
    billing_id = subscription["id"]

    created = stripe.await_message("customer.subscription.created")
    assert billing.billing_id_of(*created) == billing_id
    for _ in range(2):  # delivered twice
        profile = settle(paid, billing_id)
    assert profile is not None
    assert (profile.premium, profile.billing_id, profile.premium_until) == (True, billing_id, None)

    cancelled = end_premium(paid, profile)
    assert cancelled.premium
    assert cancelled.premium_until is not None
    assert 27 * 86_400 < cancelled.premium_until - subscription["start_date"] < 32 * 86_400
    billing.keep(billing_id)
    kept = settle(paid, billing_id)
    assert kept is not None
    assert kept.premium_until is None

    billing.end_at_once(billing_id)
    assert billing.billing_id_of(*stripe.await_message("customer.subscription.deleted")) == billing_id
    assert json.loads(created[0])["data"]["object"]["status"] == "active"  # what the late message still says
    settle(paid, billing_id)
    ended = services.profiles.get(ADA)
    assert ended is not None
    assert not ended.premium
    seen = billing.subscription(billing_id)
    assert seen is not None
    assert seen.standing is SubscriptionState.OVER


def test_no_subscription_outlives_its_account(billing: StripeBilling, subscription: dict[str, Any],
                                              services: Services, make_profile: Callable[..., Profile]) -> None:
    profile = make_profile()
    paid = replace(services, billing=billing)
    request_erasure(paid, profile)
    assert settle(paid, subscription["id"]) is None
    seen = billing.subscription(subscription["id"])
    assert seen is not None
    assert seen.standing is SubscriptionState.OVER


def test_what_it_does_not_have(billing: StripeBilling) -> None:
    assert billing.subscription("sub_nothing") is None
    assert not billing.cancel("sub_nothing")
