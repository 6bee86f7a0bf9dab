"""Premium that is paid for: it begins and ends as the payment service says."""
from __future__ import annotations

from dataclasses import dataclass

from aws_lambda_powertools import Logger

from chalicelib.billing.service import PaidSubscription, Price, SubscriptionState, WayBack
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import AccountErasingError, ConflictError, NotFoundError, PaymentServiceError
from chalicelib.services import Services
from chalicelib.usecases.billing.subscription import subscribe, unsubscribe

logger = Logger(child=True)

MOST_LOOKS = 5
"""How often a subscription that keeps changing is read again; then the next message continues."""


@dataclass(frozen=True)
class Begun:
    """How far a wish to be premium has come.

    Attributes:
        address: Where it is to be paid, None where there is nothing (more) to pay.
    """

    profile: Profile
    address: str | None = None


def price(services: Services) -> Price | None:
    """What Premium costs; None for nothing, and while the payment service does not answer."""
    try:
        return services.billing.price()
    except PaymentServiceError:
        return None  # logged; the payment page shows the price, too


def begin_premium(services: Services, profile: Profile, back: WayBack) -> Begun:
    """A user wants to be premium, or to stay so, or sends the form a second time.

    Nobody is led to a second payment while the first is open, or when it is through and GAS has not heard of it yet.

    Raises:
        PaymentServiceError: The payment service does not answer.
        ConflictError: Another tab of the user's began at the same moment.
    """
    if profile.premium:
        return Begun(_stay(services, profile))
    if profile.checkout_id is not None and (begun := _go_on(services, profile, profile.checkout_id)) is not None:
        return begun
    checkout = services.billing.begin(profile, back)
    if checkout is None:
        return Begun(subscribe(services, profile.identity_id))
    if not services.profiles.begin_checkout(profile.identity_id, checkout.checkout_id, profile.checkout_id):
        raise ConflictError("You have started subscribing in another tab.", "Continue there, or try again.")
    return Begun(profile, checkout.address)


def _stay(services: Services, profile: Profile) -> Profile:
    if profile.premium_until is not None and profile.billing_id is not None:
        services.billing.keep(profile.billing_id)
        return settle(services, profile.billing_id) or profile
    # It may be the second try after one that did not send for the results.
    return subscribe(services, profile.identity_id, profile.billing_id)


def _go_on(services: Services, profile: Profile, checkout_id: str) -> Begun | None:
    """What became of a payment that was begun; None when it came to nothing."""
    checkout = services.billing.checkout(checkout_id)
    if checkout is None:
        return None
    if checkout.address is not None:
        return Begun(profile, checkout.address)
    if checkout.billing_id is None:
        return None
    settled = settle(services, checkout.billing_id)
    subscription = services.billing.subscription(checkout.billing_id)
    if subscription is None or subscription.standing is SubscriptionState.OVER:
        return None
    return Begun(settled or profile)


def settle(services: Services, billing_id: str) -> Profile | None:
    """Make the profile what the payment service's subscription says now.

    The subscription is always read from the payment service, and read once more afterwards: of two messages that are
    handled at the same time, the one that writes last finds what has changed since it read.

    Returns:
        The profile, None when the subscription is nobody's here.
    """
    profile: Profile | None = None
    seen = services.billing.subscription(billing_id)
    for _ in range(MOST_LOOKS):
        if seen is None:
            return profile
        profile = _follow(services, seen)
        now = services.billing.subscription(billing_id)
        if now == seen:
            return profile
        seen = now
    raise PaymentServiceError()


def _follow(services: Services, subscription: PaidSubscription) -> Profile | None:
    profile = services.profiles.get(subscription.user_id) if subscription.user_id else None
    if profile is None or profile.erasing_since is not None:
        _end_without_account(services, subscription)
        return None
    if subscription.standing is SubscriptionState.LIVE:
        try:
            return _begin_or_go_on(services, profile, subscription)
        except AccountErasingError:  # since the profile was read
            _end_without_account(services, subscription)
            return None
    ours = profile.premium and profile.billing_id == subscription.billing_id
    if subscription.standing is SubscriptionState.OVER and ours:
        return unsubscribe(services, profile.identity_id, subscription.billing_id) or profile
    return profile


def _end_without_account(services: Services, subscription: PaidSubscription) -> None:
    # An account can be deleted while its payment page is open in another tab. A subscription without a user was not
    # begun by GAS: the payment service may serve others, too.
    if subscription.user_id and subscription.standing is not SubscriptionState.OVER:
        logger.error("A subscription is nobody's here; it is ended at once", extra={
            "billing_id": subscription.billing_id, "user_id": subscription.user_id})
        services.billing.end_at_once(subscription.billing_id)


def close_checkout(services: Services, checkout_id: str) -> None:
    """Let nothing more be paid where a payment was begun; one that is through makes its user premium.

    Raises:
        PaymentServiceError: The payment service does not answer, or the user is paying at this moment.
    """
    checkout = services.billing.checkout(checkout_id)
    if checkout is not None and checkout.address is not None:
        services.billing.expire(checkout_id)
    elif checkout is not None and checkout.billing_id is not None:
        settle(services, checkout.billing_id)


def _begin_or_go_on(services: Services, profile: Profile, subscription: PaidSubscription) -> Profile:
    mine = subscription.billing_id
    if profile.premium and profile.billing_id not in (None, mine):
        other = services.billing.subscription(str(profile.billing_id))
        if other is not None and other.standing is SubscriptionState.LIVE:
            logger.error("A user pays twice", extra={"user_id": profile.identity_id, "billing_ids": [
                profile.billing_id, mine]})
            return profile
    if not profile.premium or profile.billing_id != mine:
        profile = subscribe(services, profile.identity_id, mine)
    if profile.premium_until != subscription.ends:
        profile = services.profiles.set_premium_until(profile.identity_id, mine, subscription.ends) or profile
    return profile


def end_premium(services: Services, profile: Profile) -> Profile:
    """A user wants to be free again: at once, or with the time that is paid for.

    Raises:
        PaymentServiceError: The payment service does not answer.
    """
    if profile.billing_id is not None and services.billing.cancel(profile.billing_id):
        return settle(services, profile.billing_id) or profile
    return unsubscribe(services, profile.identity_id) or profile


def payments_page(services: Services, profile: Profile, back: str) -> str:
    """Address of the payment service's page with the user's payments and invoices.

    Raises:
        NotFoundError: The user pays nothing.
    """
    if profile.billing_id is None:
        raise NotFoundError()
    return services.billing.portal(profile.billing_id, back)
