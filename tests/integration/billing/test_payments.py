"""Premium that is paid for: messages of the payment service come twice, late and out of order."""
from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.aws.dynamodb.profiles import ProfileTable
from chalicelib.billing.service import SubscriptionState, WayBack
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import ConflictError, NotFoundError, PaymentServiceError, PremiumRunsError
from chalicelib.services import Services
from chalicelib.usecases.account.erase_account import request_erasure
from chalicelib.usecases.billing.payments import begin_premium, end_premium, payments_page, price, settle
from tests.conftest import HeldClock
from tests.integration.support.cold import Functions
from tests.integration.support.jobs_made import ADA, EVE
from tests.payments import PERIOD_END, MemoryBilling

BACK = WayBack(paid="https://gas.example.org/subscribe?done=paid", left="https://gas.example.org/subscribe?done=left")
WEEK = 604_800


@pytest.fixture
def shop() -> MemoryBilling:
    return MemoryBilling()


@pytest.fixture
def paid(services: Services, functions: Functions, shop: MemoryBilling) -> Services:
    """Services with a payment service."""
    return replace(services, billing=shop)


def now(services: Services, user_id: str = ADA) -> Profile:
    profile = services.profiles.get(user_id)
    assert profile is not None
    return profile


def subscribed(services: Services, shop: MemoryBilling, user_id: str = ADA) -> str:
    begin_premium(services, now(services, user_id), BACK)
    billing_id = shop.pay(str(now(services, user_id).checkout_id))
    settle(services, billing_id)
    return billing_id


def test_premium_begins_when_it_is_paid_and_not_before(paid: Services, functions: Functions, shop: MemoryBilling,
                                                       make_profile: Callable[..., Profile]) -> None:
    begun = begin_premium(paid, make_profile(), BACK)
    assert begun.address is not None
    assert not now(paid).premium
    assert functions.waiting("restore") == []
    billing_id = shop.pay("cs_1")
    profile = settle(paid, billing_id)
    assert profile is not None
    assert (profile.role, profile.billing_id, profile.checkout_id) == (Role.PREMIUM, "sub_1", None)
    assert functions.waiting("restore") == [{"type": "restore_user", "user_id": ADA, "again": True}]


def test_a_payment_that_is_open_is_gone_on_with(paid: Services, shop: MemoryBilling,
                                                make_profile: Callable[..., Profile]) -> None:
    first = begin_premium(paid, make_profile(), BACK)
    assert begin_premium(paid, now(paid), BACK).address == first.address
    assert len(shop.checkouts) == 1


def test_a_payment_that_is_through_is_taken_up_without_the_message(paid: Services, shop: MemoryBilling,
                                                                   make_profile: Callable[..., Profile]) -> None:
    begin_premium(paid, make_profile(), BACK)
    shop.pay("cs_1")
    begun = begin_premium(paid, now(paid), BACK)
    assert (begun.address, begun.profile.premium) == (None, True)
    assert len(shop.checkouts) == 1


def test_a_payment_that_takes_days_is_not_asked_for_twice(paid: Services, shop: MemoryBilling,
                                                          make_profile: Callable[..., Profile]) -> None:
    begin_premium(paid, make_profile(), BACK)
    billing_id = shop.pay("cs_1", SubscriptionState.PENDING)
    begun = begin_premium(paid, now(paid), BACK)
    assert (begun.address, begun.profile.premium) == (None, False)
    shop.becomes(billing_id, SubscriptionState.LIVE)
    settle(paid, billing_id)
    assert now(paid).premium


@pytest.mark.parametrize("gone", ["forgotten", "expired", "refused"])
def test_after_a_payment_that_came_to_nothing_another_begins(paid: Services, shop: MemoryBilling, gone: str,
                                                             make_profile: Callable[..., Profile]) -> None:
    begin_premium(paid, make_profile(), BACK)
    if gone == "refused":
        shop.pay("cs_1", SubscriptionState.OVER)
    elif gone == "expired":
        shop.checkouts["cs_1"] = replace(shop.checkouts["cs_1"], address=None)
    else:
        shop.checkouts["cs_0"] = shop.checkouts.pop("cs_1")
    begun = begin_premium(paid, now(paid), BACK)
    assert begun.address is not None
    assert now(paid).checkout_id == "cs_2"
    assert not begun.profile.premium


def test_two_tabs_cannot_begin_two_payments(paid: Services, shop: MemoryBilling,
                                            make_profile: Callable[..., Profile]) -> None:
    profile = make_profile()
    begin_premium(paid, profile, BACK)
    with pytest.raises(ConflictError):
        begin_premium(paid, profile, BACK)  # as it read the profile before the other wrote
    assert now(paid).checkout_id == "cs_1"


def test_premium_that_is_ended_goes_on_until_the_paid_time_is_over(
        paid: Services, functions: Functions, shop: MemoryBilling, clock: HeldClock,
        make_profile: Callable[..., Profile]) -> None:
    make_profile()
    billing_id = subscribed(paid, shop)
    profile = end_premium(paid, now(paid))
    assert (profile.premium, profile.premium_until) == (True, PERIOD_END)
    assert functions.waiting("archive") == functions.waiting("notify") == []
    shop.becomes(billing_id, SubscriptionState.OVER)
    settle(paid, billing_id)
    ended = now(paid)
    assert (ended.role, ended.grace_until, ended.billing_id, ended.premium_until) == (
        Role.FREE, clock() + WEEK, None, None)
    assert [message["type"] for message in functions.waiting("notify")] == ["premium_ended"]


def test_who_changes_their_mind_in_time_keeps_premium(paid: Services, shop: MemoryBilling,
                                                      make_profile: Callable[..., Profile]) -> None:
    make_profile()
    billing_id = subscribed(paid, shop)
    end_premium(paid, now(paid))
    begun = begin_premium(paid, now(paid), BACK)
    assert (begun.address, begun.profile.premium_until, begun.profile.billing_id) == (None, None, billing_id)
    assert len(shop.checkouts) == 1


@pytest.mark.parametrize("deliveries", [
    *itertools.permutations(["created", "cancelled", "deleted"]), ("deleted",) * 3, ("created", "deleted") * 2])
def test_messages_in_any_order_end_where_the_subscription_is(
        paid: Services, functions: Functions, shop: MemoryBilling, make_profile: Callable[..., Profile],
        deliveries: tuple[str, ...]) -> None:
    """Each is delivered when all of it has happened already: what counts is what the service says then."""
    make_profile()
    begin_premium(paid, now(paid), BACK)
    billing_id = shop.pay("cs_1")
    settle(paid, billing_id)
    shop.becomes(billing_id, SubscriptionState.OVER)
    for _ in deliveries:
        settle(paid, billing_id)
    assert not now(paid).premium
    assert len(functions.waiting("notify")) == 1
    assert len(functions.waiting("archive")) == 1


def test_of_two_messages_at_once_the_last_to_write_is_right(
        paid: Services, shop: MemoryBilling, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    """One run reads "live"; before it writes, the subscription ends and another run deals with that."""
    make_profile()
    begin_premium(paid, now(paid), BACK)
    billing_id = shop.pay("cs_1")
    settle(paid, billing_id)
    really = paid.profiles.get

    def ends_meanwhile(user_id: str) -> Profile | None:
        monkeypatch.undo()
        shop.becomes(billing_id, SubscriptionState.OVER)
        settle(paid, billing_id)
        return really(user_id)

    monkeypatch.setattr(paid.profiles, "get", ends_meanwhile)
    settle(paid, billing_id)
    assert not now(paid).premium


def test_the_end_of_an_old_subscription_does_not_end_a_new_one(
    paid: Services, shop: MemoryBilling, make_profile: Callable[..., Profile]
) -> None:
    make_profile()
    old = subscribed(paid, shop)
    shop.becomes(old, SubscriptionState.OVER)
    settle(paid, old)
    new = subscribed(paid, shop)
    assert old != new
    settle(paid, old)
    assert (now(paid).premium, now(paid).billing_id) == (True, new)


def test_who_pays_twice_keeps_the_first_subscription_and_the_second_when_that_ends(
        paid: Services, shop: MemoryBilling, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    first = subscribed(paid, shop)
    shop.users["cs_9"] = ADA
    second = shop.pay("cs_9")
    settle(paid, second)
    assert now(paid).billing_id == first
    shop.becomes(first, SubscriptionState.OVER)
    settle(paid, second)
    assert (now(paid).premium, now(paid).billing_id) == (True, second)


def test_no_payment_outlives_its_account(paid: Services, shop: MemoryBilling,
                                         make_profile: Callable[..., Profile]) -> None:
    """Paid in one tab, while the account was deleted in another: nobody could end such a subscription."""
    profile = make_profile()
    shop.users["cs_7"], shop.users["cs_8"], shop.users["cs_9"] = "", EVE, ADA
    request_erasure(paid, profile)
    subscriptions = [shop.pay(checkout) for checkout in ("cs_7", "cs_8", "cs_9")]
    assert [settle(paid, billing_id) for billing_id in subscriptions] == [None, None, None]
    ended = [shop.subscription(billing_id) for billing_id in subscriptions]
    assert [one.standing for one in ended if one is not None] == [
        SubscriptionState.LIVE,
        SubscriptionState.OVER,
        SubscriptionState.OVER,
    ], "the first one was not begun by GAS"
    assert settle(paid, "sub_unknown") is None
    assert not now(paid).premium


def test_an_open_payment_page_is_closed_with_its_account(paid: Services, shop: MemoryBilling,
                                                         make_profile: Callable[..., Profile]) -> None:
    make_profile()
    begin_premium(paid, now(paid), BACK)
    checkout_id = str(now(paid).checkout_id)
    shop.down = True
    with pytest.raises(PaymentServiceError):
        request_erasure(paid, now(paid))
    assert now(paid).erasing_since is None, "nothing has begun while a page may be open"
    shop.down = False
    request_erasure(paid, now(paid))
    assert shop.checkouts[checkout_id].address is None
    assert now(paid).erasing_since == paid.clock()


def test_a_page_that_another_tab_opens_meanwhile_is_closed_too(paid: Services, shop: MemoryBilling,
                                                               make_profile: Callable[..., Profile]) -> None:
    stale = make_profile()
    begin_premium(paid, now(paid), BACK)
    request_erasure(paid, stale)
    assert [checkout.address for checkout in shop.checkouts.values()] == [None]
    with pytest.raises(ConflictError):
        begin_premium(paid, now(paid), BACK)


def test_a_payment_that_is_through_is_not_lost_with_the_account(paid: Services, shop: MemoryBilling,
                                                                make_profile: Callable[..., Profile]) -> None:
    make_profile()
    begin_premium(paid, now(paid), BACK)
    shop.pay(str(now(paid).checkout_id))  # and GAS has not heard of it
    with pytest.raises(PremiumRunsError):
        request_erasure(paid, now(paid))
    assert (now(paid).premium, now(paid).erasing_since) == (True, None)


def test_a_message_just_before_the_deletion_begins_keeps_the_account(paid: Services, shop: MemoryBilling,
                                                                     make_profile: Callable[..., Profile]) -> None:
    stale = make_profile()
    subscribed(paid, shop)
    with pytest.raises(PremiumRunsError):
        request_erasure(paid, stale)
    assert now(paid).erasing_since is None


def test_a_message_while_the_deletion_begins_ends_the_subscription(paid: Services, shop: MemoryBilling,
                                                                   make_profile: Callable[..., Profile]) -> None:
    profile = make_profile()

    class Meanwhile(ProfileTable):
        def get(self, identity_id: str) -> Profile | None:
            found = super().get(identity_id)
            paid.profiles.begin_erasing(identity_id, paid.clock())
            return found

    shop.users["cs_9"] = profile.identity_id
    billing_id = shop.pay("cs_9")
    assert settle(replace(paid, profiles=Meanwhile(paid.profiles.name)), billing_id) is None
    assert shop.subscriptions[billing_id].standing is SubscriptionState.OVER
    assert not now(paid).premium


def test_what_the_service_does_not_answer_is_tried_again(paid: Services, shop: MemoryBilling,
                                                         make_profile: Callable[..., Profile]) -> None:
    make_profile()
    billing_id = subscribed(paid, shop)
    shop.down = True
    assert price(paid) is None
    for fails in (lambda: settle(paid, billing_id), lambda: end_premium(paid, now(paid))):
        with pytest.raises(PaymentServiceError):
            fails()
    assert (now(paid).premium, now(paid).premium_until) == (True, None)


def test_premium_of_before_there_was_a_payment_service_ends_at_once(paid: Services, shop: MemoryBilling,
                                                                    make_profile: Callable[..., Profile]) -> None:
    profile = make_profile(role=Role.PREMIUM)
    with pytest.raises(NotFoundError):
        payments_page(paid, profile, "https://gas.example.org/profile")
    assert not end_premium(paid, profile).premium


def test_without_a_payment_service_the_form_is_the_subscription(services: Services, functions: Functions,
                                                                make_profile: Callable[..., Profile]) -> None:
    begun = begin_premium(services, make_profile(), BACK)
    assert (begun.address, begun.profile.premium) == (None, True)
    assert price(services) is None
    assert not end_premium(services, begun.profile).premium
