"""A payment service in memory, as the tests of what GAS makes of one use it."""
from __future__ import annotations

from dataclasses import dataclass, field, replace

from chalicelib.billing.service import Checkout, PaidSubscription, Price, SubscriptionState, WayBack
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError, NotFoundError, PaymentServiceError

PERIOD_END = 1_792_592_000


@dataclass
class MemoryBilling:
    """See `Billing`. Payments are through when the test says so (`pay`); `down` makes every call fail."""

    charges: bool = True
    origins: tuple[str, ...] = ("https://checkout.stripe.com", "https://billing.stripe.com")
    subscriptions: dict[str, PaidSubscription] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    down: bool = False
    reads: int = 0

    def _answers(self) -> None:
        if self.down:
            raise PaymentServiceError()

    def pay(self, checkout_id: str, standing: SubscriptionState = SubscriptionState.LIVE) -> str:
        """The user pays at the service's own pages; gives the subscription's id."""
        billing_id = checkout_id.replace("cs_", "sub_")
        self.subscriptions[billing_id] = PaidSubscription(billing_id=billing_id, user_id=self.users[checkout_id],
                                                          standing=standing)
        self.checkouts[checkout_id] = Checkout(checkout_id=checkout_id, address=None, billing_id=billing_id)
        return billing_id

    def becomes(self, billing_id: str, standing: SubscriptionState, ends: int | None = None) -> None:
        self.subscriptions[billing_id] = replace(self.subscriptions[billing_id], standing=standing, ends=ends)

    def price(self) -> Price | None:
        self._answers()
        return Price(amount=900, currency="EUR", interval="month")

    def begin(self, profile: Profile, back: WayBack) -> Checkout | None:
        self._answers()
        checkout_id = f"cs_{len(self.checkouts) + 1}"
        self.users[checkout_id] = profile.identity_id
        self.checkouts[checkout_id] = Checkout(checkout_id=checkout_id,
                                               address=f"https://checkout.stripe.com/c/{checkout_id}?back={back.paid}")
        return self.checkouts[checkout_id]

    def checkout(self, checkout_id: str) -> Checkout | None:
        self._answers()
        return self.checkouts.get(checkout_id)

    def expire(self, checkout_id: str) -> None:
        self._answers()
        if self.checkouts[checkout_id].address is None:
            raise PaymentServiceError()
        self.checkouts[checkout_id] = Checkout(checkout_id=checkout_id, address=None)

    def subscription(self, billing_id: str) -> PaidSubscription | None:
        self._answers()
        self.reads += 1
        return self.subscriptions.get(billing_id)

    def cancel(self, billing_id: str) -> bool:
        self._answers()
        if billing_id not in self.subscriptions:
            return False
        self.becomes(billing_id, SubscriptionState.LIVE, PERIOD_END)
        return True

    def keep(self, billing_id: str) -> None:
        self._answers()
        self.becomes(billing_id, SubscriptionState.LIVE)

    def end_at_once(self, billing_id: str) -> None:
        self._answers()
        self.becomes(billing_id, SubscriptionState.OVER)

    def portal(self, billing_id: str, back: str) -> str:
        self._answers()
        if billing_id not in self.subscriptions:
            raise NotFoundError()
        return f"https://billing.stripe.com/p/{billing_id}?back={back}"

    def billing_id_of(self, body: bytes, signature: str) -> str | None:
        if signature != "genuine":
            raise BadRequestError("This message is not from the payment service.")
        return body.decode() or None
