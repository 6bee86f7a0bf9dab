"""Premium paid through Stripe: its own pages take the card, its webhooks say when something has changed.

`stripe` is imported when it is first needed: pages do without it, and start sooner.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.billing.service import Checkout, PaidSubscription, Price, SubscriptionState, WayBack
from chalicelib.clock import Clock
from chalicelib.domain.credentials import StripeKeys
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError, PaymentServiceError

logger = Logger(child=True)

TIMEOUT_SECONDS = 6
RETRIES = 2
PRICE_SECONDS = 600
"""How long the price is shown before Stripe is asked again."""
SIGNATURE_SECONDS = 300
"""How old a signature may be. Stripe signs each delivery again, late ones too."""
USER_ID = "user_id"
"""Key of the metadata that says whose a subscription is."""
_STANDING = {
    "active": SubscriptionState.LIVE,
    "trialing": SubscriptionState.LIVE,
    "past_due": SubscriptionState.LIVE,  # Stripe tries the card again for days, and then says "unpaid" or "canceled"
    "incomplete": SubscriptionState.PENDING,
    "incomplete_expired": SubscriptionState.OVER,
    "canceled": SubscriptionState.OVER,
    "unpaid": SubscriptionState.OVER,
    "paused": SubscriptionState.OVER,
}


class StripeBilling:
    """See `Billing`.

    Args:
        keys: Gives the secret key and the webhook's signing secret.
        price_id: The recurring price that Premium costs.
        api: Address of Stripe, "" for the real one.
    """

    charges = True
    origins: tuple[str, ...] = ("https://checkout.stripe.com", "https://billing.stripe.com")

    def __init__(self, keys: Callable[[], StripeKeys], price_id: str, clock: Clock, api: str = "") -> None:
        self._keys = keys
        self._price_id = price_id
        self._clock = clock
        self._api = api
        self._price: Price | None = None
        self._price_until = 0

    @contextmanager
    def _stripe(self) -> Iterator[Any]:
        """The part of Stripe's client that speaks version 1; its errors become ours."""
        import stripe

        client = stripe.StripeClient(
            self._keys().secret_key, max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            base_addresses={"api": self._api} if self._api else None)
        try:
            yield client.v1
        except stripe.StripeError as error:
            logger.warning("Stripe refused or could not be reached", extra={
                "stripe_request": error.request_id, "status": error.http_status, "code": error.code})
            raise PaymentServiceError() from error

    @contextmanager
    def _found(self) -> Iterator[Any]:
        """As `_stripe`; what Stripe does not have is a `LookupError`."""
        import stripe

        with self._stripe() as v1:
            try:
                yield v1
            except stripe.InvalidRequestError as error:
                if error.http_status == 404:
                    raise LookupError from error
                raise

    def price(self) -> Price | None:
        """See `Billing.price`."""
        now = self._clock()
        if self._price is None or now >= self._price_until:
            with self._stripe() as v1:
                price = v1.prices.retrieve(self._price_id).to_dict()
            if price["unit_amount"] is None:
                return None  # tiers, or less than the smallest unit: the payment page shows it better
            every = price["recurring"]
            self._price = Price(amount=price["unit_amount"], currency=price["currency"].upper(),
                                interval=every["interval"], intervals=every["interval_count"])
            self._price_until = now + PRICE_SECONDS
        return self._price

    def begin(self, profile: Profile, back: WayBack) -> Checkout | None:
        """See `Billing.begin`: a Checkout session."""
        whose = {USER_ID: profile.identity_id}
        wanted: dict[str, Any] = {
            "mode": "subscription", "line_items": [{"price": self._price_id, "quantity": 1}],
            "client_reference_id": profile.identity_id, "metadata": whose, "subscription_data": {"metadata": whose},
            "success_url": back.paid, "cancel_url": back.left,
        }
        if profile.email:
            wanted["customer_email"] = profile.email
        with self._stripe() as v1:
            return _checkout(v1.checkout.sessions.create(wanted).to_dict())

    def checkout(self, checkout_id: str) -> Checkout | None:
        """See `Billing.checkout`."""
        try:
            with self._found() as v1:
                return _checkout(v1.checkout.sessions.retrieve(checkout_id).to_dict())
        except LookupError:
            return None

    def expire(self, checkout_id: str) -> None:
        """See `Billing.expire`. Stripe refuses it for a session that is not open any more."""
        with self._stripe() as v1:
            v1.checkout.sessions.expire(checkout_id)

    def subscription(self, billing_id: str) -> PaidSubscription | None:
        """See `Billing.subscription`."""
        try:
            with self._found() as v1:
                return _subscription(v1.subscriptions.retrieve(billing_id).to_dict())
        except LookupError:
            return None

    def cancel(self, billing_id: str) -> bool:
        """See `Billing.cancel`."""
        try:
            with self._found() as v1:
                v1.subscriptions.update(billing_id, {"cancel_at_period_end": True})
        except LookupError:
            return False
        return True

    def keep(self, billing_id: str) -> None:
        """See `Billing.keep`."""
        with self._stripe() as v1:
            v1.subscriptions.update(billing_id, {"cancel_at_period_end": False})

    def end_at_once(self, billing_id: str) -> None:
        """See `Billing.end_at_once`."""
        subscription = self.subscription(billing_id)
        if subscription is not None and subscription.standing is not SubscriptionState.OVER:
            with self._stripe() as v1:
                v1.subscriptions.cancel(billing_id)

    def portal(self, billing_id: str, back: str) -> str:
        """See `Billing.portal`."""
        with self._stripe() as v1:
            customer = v1.subscriptions.retrieve(billing_id).to_dict()["customer"]
            return str(v1.billing_portal.sessions.create({"customer": customer, "return_url": back}).to_dict()["url"])

    def billing_id_of(self, body: bytes, signature: str) -> str | None:
        """See `Billing.billing_id_of`. Only the id is taken: what a late message says may no longer be so."""
        import stripe

        try:
            stripe.WebhookSignature.verify_header(body, signature, self._keys().webhook_secret, SIGNATURE_SECONDS)
            event = json.loads(body)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadRequestError("This message is not from the payment service.") from error
        match event:
            case {"type": str(kind), "data": {"object": {"id": str(billing_id)}}} \
                    if kind.startswith("customer.subscription."):
                return billing_id
            case {"type": str(kind), "data": {"object": {"subscription": str(billing_id)}}} \
                    if kind.startswith("checkout.session."):
                return billing_id
        return None


def _checkout(session: dict[str, Any]) -> Checkout:
    return Checkout(checkout_id=session["id"], address=session["url"] if session["status"] == "open" else None,
                    billing_id=session.get("subscription"))


def _subscription(found: dict[str, Any]) -> PaidSubscription:
    standing = _STANDING.get(found["status"])
    if standing is None:
        logger.error("Stripe has a status of subscriptions that GAS does not know", extra={"status": found["status"]})
        raise PaymentServiceError()
    return PaidSubscription(billing_id=found["id"], user_id=(found.get("metadata") or {}).get(USER_ID, ""),
                            standing=standing, ends=_end(found) if standing is SubscriptionState.LIVE else None)


def _end(found: dict[str, Any]) -> int | None:
    if not found.get("cancel_at_period_end"):
        return found.get("cancel_at")
    # Since API version 2025-03-31 the period is the item's, before it was the subscription's.
    item = found["items"]["data"][0]
    end: int = item.get("current_period_end") or found["current_period_end"]
    return end
