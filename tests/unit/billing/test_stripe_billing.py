"""What GAS says to Stripe and understands of it, in the wire form that Stripe documents."""
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses
from stripe import WebhookSignature

from chalicelib.billing.service import Checkout, PaidSubscription, Price, SubscriptionState, WayBack
from chalicelib.billing.stripe_billing import PRICE_SECONDS, StripeBilling
from chalicelib.domain.credentials import StripeKeys
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError, PaymentServiceError
from tests.conftest import HeldClock

API = "https://api.stripe.com/v1"
KEYS = StripeKeys(secret_key="sk_test_1", webhook_secret="whsec_1")
ADA = Profile(identity_id="11111111-1111-4111-8111-111111111111", name="Ada", email="ada@example.org", institution="",
              created=0)
BACK = WayBack(paid="https://gas.example.org/subscribe?done=paid", left="https://gas.example.org/subscribe?done=left")
SESSION = {"id": "cs_1", "object": "checkout.session", "status": "open", "url": "https://checkout.stripe.com/c/pay/cs_1",
           "subscription": None, "payment_status": "unpaid"}
SUBSCRIPTION = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active",
                "metadata": {"user_id": ADA.identity_id}, "cancel_at_period_end": False, "cancel_at": None,
                "items": {"object": "list", "data": [{"id": "si_1", "object": "subscription_item",
                                                      "current_period_end": 1_792_592_000}]}}


@pytest.fixture
def stripe() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def billing(clock: HeldClock) -> StripeBilling:
    return StripeBilling(lambda: KEYS, "price_1", clock)


def form(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.request.body).items()}


def signed(event: Any, secret: str = "whsec_1", when: int | None = None) -> tuple[bytes, str]:
    body = json.dumps(event)
    return body.encode(), WebhookSignature.generate_signature_header(body, secret, when)


def test_paying_begins_at_stripes_own_page(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.post(f"{API}/checkout/sessions", json=SESSION)
    assert billing.begin(ADA, BACK) == Checkout(checkout_id="cs_1", address="https://checkout.stripe.com/c/pay/cs_1")
    call = stripe.calls[0]
    assert call.request.headers["Authorization"] == "Bearer sk_test_1"
    assert call.request.headers["Idempotency-Key"]
    assert form(call) == {
        "mode": "subscription", "line_items[0][price]": "price_1", "line_items[0][quantity]": "1",
        "client_reference_id": ADA.identity_id, "metadata[user_id]": ADA.identity_id,
        "subscription_data[metadata][user_id]": ADA.identity_id, "customer_email": "ada@example.org",
        "success_url": BACK.paid, "cancel_url": BACK.left}


def test_a_payment_page_is_closed(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.post(f"{API}/checkout/sessions/cs_1/expire", json={**SESSION, "status": "expired", "url": None})
    billing.expire("cs_1")
    assert len(stripe.calls) == 1


def test_a_payment_page_that_was_used_meanwhile_is_not_closed(stripe: responses.RequestsMock,
                                                              billing: StripeBilling) -> None:
    stripe.post(f"{API}/checkout/sessions/cs_1/expire", status=400, json={"error": {
        "type": "invalid_request_error", "message": "Only open Checkout Sessions can be expired."}})
    with pytest.raises(PaymentServiceError):
        billing.expire("cs_1")


@pytest.mark.parametrize(("told", "expected"), [
    ({"status": "complete", "url": None, "subscription": "sub_1"},
     Checkout(checkout_id="cs_1", address=None, billing_id="sub_1")),
    ({"status": "expired", "url": None}, Checkout(checkout_id="cs_1", address=None))])
def test_how_far_paying_has_come(stripe: responses.RequestsMock, billing: StripeBilling, told: dict[str, Any],
                                 expected: Checkout) -> None:
    stripe.get(f"{API}/checkout/sessions/cs_1", json={**SESSION, **told})
    assert billing.checkout("cs_1") == expected


@pytest.mark.parametrize(
    ("told", "standing", "ends"),
    [
        ({}, SubscriptionState.LIVE, None),
        ({"status": "trialing"}, SubscriptionState.LIVE, None),
        ({"status": "past_due"}, SubscriptionState.LIVE, None),
        ({"cancel_at_period_end": True}, SubscriptionState.LIVE, 1_792_592_000),
        (
            {"cancel_at_period_end": True, "items": {"data": [{"id": "si_1"}]}, "current_period_end": 1_792_592_001},
            SubscriptionState.LIVE,
            1_792_592_001,
        ),
        ({"cancel_at": 1_800_000_000}, SubscriptionState.LIVE, 1_800_000_000),
        ({"status": "incomplete"}, SubscriptionState.PENDING, None),
        ({"status": "incomplete_expired"}, SubscriptionState.OVER, None),
        ({"status": "canceled", "cancel_at_period_end": True}, SubscriptionState.OVER, None),
        ({"status": "unpaid"}, SubscriptionState.OVER, None),
        ({"status": "paused"}, SubscriptionState.OVER, None),
    ],
)
def test_what_a_subscription_is_worth(stripe: responses.RequestsMock, billing: StripeBilling, told: dict[str, Any],
                                      standing: SubscriptionState, ends: int | None) -> None:
    stripe.get(f"{API}/subscriptions/sub_1", json={**SUBSCRIPTION, **told})
    assert billing.subscription("sub_1") == PaidSubscription(
        billing_id="sub_1", user_id=ADA.identity_id, standing=standing, ends=ends)


def test_a_status_that_is_not_known_changes_nothing(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.get(f"{API}/subscriptions/sub_1", json={**SUBSCRIPTION, "status": "brand_new"})
    with pytest.raises(PaymentServiceError):
        billing.subscription("sub_1")


def test_what_stripe_does_not_have(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    missing = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing"}}
    stripe.get(f"{API}/subscriptions/sub_9", json=missing, status=404)
    stripe.post(f"{API}/subscriptions/sub_9", json=missing, status=404)
    stripe.get(f"{API}/checkout/sessions/cs_9", json=missing, status=404)
    assert billing.subscription("sub_9") is None
    assert billing.checkout("cs_9") is None
    assert not billing.cancel("sub_9")
    billing.end_at_once("sub_9")


def test_ending_and_keeping(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.post(f"{API}/subscriptions/sub_1", json=SUBSCRIPTION)
    assert billing.cancel("sub_1")
    billing.keep("sub_1")
    assert [form(call)["cancel_at_period_end"] for call in stripe.calls] == ["true", "false"]


def test_ending_at_once(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.get(f"{API}/subscriptions/sub_1", json=SUBSCRIPTION)
    stripe.delete(f"{API}/subscriptions/sub_1", json={**SUBSCRIPTION, "status": "canceled"})
    billing.end_at_once("sub_1")
    assert [call.request.method for call in stripe.calls] == ["GET", "DELETE"]


def test_payments_page(stripe: responses.RequestsMock, billing: StripeBilling) -> None:
    stripe.get(f"{API}/subscriptions/sub_1", json=SUBSCRIPTION)
    stripe.post(f"{API}/billing_portal/sessions", json={"id": "bps_1", "object": "billing_portal.session",
                                                        "url": "https://billing.stripe.com/p/session/1"})
    assert billing.portal("sub_1", "https://gas.example.org/profile") == "https://billing.stripe.com/p/session/1"
    assert form(stripe.calls[1]) == {"customer": "cus_1", "return_url": "https://gas.example.org/profile"}


def test_price_is_asked_for_now_and_then(stripe: responses.RequestsMock, billing: StripeBilling,
                                         clock: HeldClock) -> None:
    stripe.get(f"{API}/prices/price_1", json={"id": "price_1", "object": "price", "unit_amount": 900, "currency": "eur",
                                              "recurring": {"interval": "month", "interval_count": 1}})
    for _ in range(3):
        assert billing.price() == Price(amount=900, currency="EUR", interval="month")
    assert len(stripe.calls) == 1
    clock.advance(PRICE_SECONDS)
    billing.price()
    assert len(stripe.calls) == 2


@pytest.mark.parametrize(("price", "words"), [
    (Price(amount=900, currency="EUR", interval="month"), "9.00 EUR a month"),
    (Price(amount=123456, currency="USD", interval="year"), "1,234.56 USD a year"),
    (Price(amount=1500, currency="JPY", interval="month", intervals=3), "1,500 JPY every 3 months"),
    (Price(amount=1500, currency="KWD", interval="week"), "1.500 KWD a week")])
def test_prices_in_words(price: Price, words: str) -> None:
    assert price.words.replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize("answer", [
    {"status": 401, "json": {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}},
    {"status": 402, "json": {"error": {"type": "card_error", "code": "card_declined", "message": "no"}}},
    {"body": ConnectionError("no way")}])
def test_trouble_with_stripe_is_told_as_such(stripe: responses.RequestsMock, billing: StripeBilling,
                                             answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.billing.stripe_billing.RETRIES", 0)
    stripe.get(f"{API}/subscriptions/sub_1", **answer)
    with pytest.raises(PaymentServiceError):
        billing.subscription("sub_1")


# ---- messages ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("event", "billing_id"), [
    ({"type": "customer.subscription.deleted", "data": {"object": {"id": "sub_1", "object": "subscription"}}}, "sub_1"),
    ({"type": "checkout.session.completed", "data": {"object": {"id": "cs_1", "subscription": "sub_2"}}}, "sub_2"),
    ({"type": "checkout.session.expired", "data": {"object": {"id": "cs_1", "subscription": None}}}, None),
    ({"type": "invoice.paid", "data": {"object": {"id": "in_1"}}}, None), ({}, None), ([], None)])
def test_a_genuine_message_names_its_subscription(billing: StripeBilling, event: Any, billing_id: str | None) -> None:
    assert billing.billing_id_of(*signed(event)) == billing_id


@pytest.mark.parametrize("forged", [
    signed({"type": "x"}, "whsec_2"), signed({"type": "x"}, when=int(time.time()) - 3600), (b"{}", ""),
    (b"{}", "nonsense"), (b"\xff\xfe", signed({})[1]), (b'{"type": "y"}', signed({"type": "x"})[1])])
def test_a_forged_or_old_message_is_refused(billing: StripeBilling, forged: tuple[bytes, str]) -> None:
    with pytest.raises(BadRequestError):
        billing.billing_id_of(*forged)


def test_keys_are_in_no_log() -> None:
    assert "sk_test" not in repr(KEYS)
    assert "whsec" not in repr(KEYS)
