"""Premium that is paid for, as pages and programs see it; messages of the payment service."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.billing.service import SubscriptionState
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.payments import MemoryBilling
from tests.unit.web.conftest import Browser

GENUINE = {"Stripe-Signature": "genuine", "Content-Type": "application/json; charset=utf-8", "Accept": "*/*"}
ENDS = "21 Oct 2026"


@pytest.fixture
def shop() -> MemoryBilling:
    return MemoryBilling()


@pytest.fixture
def paid(web: Services, shop: MemoryBilling) -> Iterator[Services]:
    """The services that pages work with, with a payment service."""
    here = replace(web, billing=shop)
    runtime.use(here)
    yield here
    runtime.use(web)


@pytest.fixture
def premium(paid: Services, shop: MemoryBilling, browser: Browser, visitor: Browser) -> Browser:
    """Ada's browser; she has paid."""
    browser.post("/subscribe")
    assert tell(visitor, shop.pay("cs_1")) == 200
    return browser


def tell(visitor: Browser, billing_id: str, **headers: str) -> int:
    return visitor.request("POST", "/billing/stripe", {**GENUINE, **headers}, billing_id.encode()).status


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_plans_say_what_premium_costs_and_where_it_is_paid(paid: Services, browser: Browser, visitor: Browser) -> None:
    page = browser.get("/subscribe")
    assert "Premium costs 9.00 EUR a month. You pay at Stripe; GAS never sees your card." in plain(page.text)
    assert "Premium is free of charge on this site" not in page.text
    assert "form-action 'self' https://checkout.stripe.com https://billing.stripe.com" in page.headers[
        "Content-Security-Policy"]
    assert "9.00 EUR a month" in plain(visitor.get("/subscribe").text)
    assert browser.get_json("/subscribe").json["price"] == {"amount": 900, "currency": "EUR", "interval": "month",
                                                            "intervals": 1}


def test_without_a_payment_service_nothing_is_said_of_money(browser: Browser, visitor: Browser) -> None:
    page = browser.get("/subscribe")
    assert "Premium is free of charge on this site" in page.text
    assert "Price" not in page.text
    assert browser.get_json("/subscribe").json["price"] is None
    assert tell(visitor, "sub_1") == 404
    assert browser.post("/billing/portal").status == 404


def test_subscribing_leads_to_the_payment_and_is_premium_once_it_is_told(
        paid: Services, shop: MemoryBilling, browser: Browser, visitor: Browser) -> None:
    answer = browser.post("/subscribe")
    assert (answer.status, answer.headers["Location"]) == (
        303, "https://checkout.stripe.com/c/cs_1?back=https://gas.example.org/subscribe?done=paid")
    billing_id = shop.pay("cs_1")
    waiting = browser.get("/subscribe?done=paid")
    assert "Your payment is being confirmed" in waiting.text
    assert 'role="status"' in waiting.html
    assert "Continue to payment" not in waiting.text
    assert tell(visitor, billing_id) == 200
    page = browser.get("/subscribe?done=paid")
    assert "You have Premium" in page.text
    assert "being confirmed" not in page.text


def test_looking_again_takes_up_a_payment_whose_message_is_late(paid: Services, shop: MemoryBilling,
                                                                browser: Browser) -> None:
    browser.post("/subscribe")
    billing_id = shop.pay("cs_1", SubscriptionState.PENDING)
    assert browser.post("/subscribe").headers["Location"] == "/subscribe?done=paid"
    shop.becomes(billing_id, SubscriptionState.LIVE)
    assert browser.post("/subscribe").headers["Location"] == "/subscribe?done=subscribed"
    assert "You have Premium" in browser.get("/subscribe").text


def test_who_comes_back_without_paying_is_told_that_nothing_was_paid(paid: Services, browser: Browser) -> None:
    browser.post("/subscribe")
    page = browser.get("/subscribe?done=left")
    assert "Payment cancelled. You have not been charged." in page.text
    assert "Continue to payment" in page.text


def test_the_word_in_the_address_alone_says_nothing(paid: Services, browser: Browser) -> None:
    page = browser.get("/subscribe?done=paid")
    assert "being confirmed" not in page.text
    assert "Continue to payment" in page.text


def test_premium_ends_with_the_paid_time(premium: Browser, shop: MemoryBilling, visitor: Browser) -> None:
    profile = premium.get("/profile")
    assert "Premium continues until the end of the period you have paid for" in profile.text
    assert "Payments and invoices" in profile.text
    answer = premium.post("/unsubscribe")
    assert answer.headers["Location"] == "/profile?done=unsubscribed"
    page = premium.get(answer.headers["Location"])
    assert f"Premium ends on {ENDS}" in page.text
    assert f"Premium until {ENDS}" in page.text
    assert "Resume Premium" in page.text
    assert 'action="/unsubscribe"' not in page.html
    assert f"You have Premium until {ENDS}" in premium.get("/subscribe").text
    told = premium.get_json("/profile").json
    assert (told["role"], told["premium_until"]) == ("premium_user", 1_792_592_000)
    shop.becomes("sub_1", SubscriptionState.OVER)
    assert tell(visitor, "sub_1") == 200
    assert premium.get_json("/profile").json["role"] == "free_user"
    assert "Subscribe again" in premium.get("/profile").text


def test_premium_is_kept(premium: Browser, shop: MemoryBilling) -> None:
    premium.post("/unsubscribe")
    premium.post("/subscribe")
    assert premium.get_json("/profile").json["premium_until"] is None
    assert ENDS not in premium.get("/profile").text


def test_payments_are_at_the_services_own_page(premium: Browser) -> None:
    answer = premium.post("/billing/portal")
    assert answer.headers["Location"] == "https://billing.stripe.com/p/sub_1?back=https://gas.example.org/profile"
    assert premium.post("/billing/portal", Accept="application/json").json["address"].startswith("https://billing.")


def test_programs_are_told_where_to_pay(paid: Services, browser: Browser) -> None:
    answer = browser.post("/subscribe", Accept="application/json").json
    assert answer["role"] == "free_user"
    assert answer["payment"].startswith("https://checkout.stripe.com/c/cs_1")


def test_messages_need_their_signature_and_no_session(paid: Services, shop: MemoryBilling, browser: Browser,
                                                      visitor: Browser, ada: Profile) -> None:
    browser.post("/subscribe")
    billing_id = shop.pay("cs_1")
    assert tell(visitor, billing_id, **{"Stripe-Signature": "forged"}) == 400
    assert tell(browser, billing_id, **{"Stripe-Signature": ""}) == 400
    assert not paid.profiles.get(ada.identity_id).premium  # type: ignore[union-attr]
    assert tell(visitor, "") == 200  # about something else
    assert [tell(visitor, billing_id) for _ in range(3)] == [200] * 3
    assert paid.profiles.get(ada.identity_id).premium  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/subscribe", "/unsubscribe", "/billing/portal"])
def test_trouble_at_the_payment_service_is_told(premium: Browser, shop: MemoryBilling, path: str) -> None:
    premium.post("/unsubscribe")
    shop.down = True
    answer = premium.post(path)
    assert answer.status == 503
    assert "The payment service is not responding." in answer.text
    told = premium.post(path, Accept="application/json").json
    assert told["code"] == "payment_service"


def test_plans_are_shown_while_the_payment_service_is_down(paid: Services, shop: MemoryBilling, browser: Browser,
                                                           visitor: Browser) -> None:
    shop.down = True
    assert "see the payment page" in browser.get("/subscribe").text
    assert tell(visitor, "sub_1") == 503  # so that it comes again


def test_nobody_sees_anothers_payments(premium: Browser, make_profile: Callable[..., Profile],
                                       sign_in: Callable[[Profile], Browser]) -> None:
    eve = sign_in(make_profile("99999999-9999-4999-8999-999999999999", "Eve"))
    assert eve.post("/billing/portal").status == 404
    assert eve.get_json("/profile").json["role"] == "free_user"
