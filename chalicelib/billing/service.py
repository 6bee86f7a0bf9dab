"""What GAS wants of a payment service. It decides who is premium; GAS only follows."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from chalicelib.domain.amounts import money
from chalicelib.domain.profiles import Profile


class SubscriptionState(Enum):
    """What a subscription at the payment service is worth."""

    PENDING = "pending"
    """Begun, and not paid yet."""
    LIVE = "live"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class PaidSubscription:
    """A subscription, as the payment service has it now.

    Attributes:
        billing_id: Its id there.
        user_id: Whose it is, "" for one that GAS did not begin.
        ends: Epoch seconds at which it ends because it was cancelled, None when it goes on.
    """

    billing_id: str
    user_id: str
    standing: SubscriptionState
    ends: int | None = None


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One way through the payment service's own pages.

    Attributes:
        address: Where it goes on, None once it is over.
        billing_id: The subscription that came of it, None while there is none.
    """

    checkout_id: str
    address: str | None
    billing_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Price:
    """What Premium costs.

    Attributes:
        amount: In the currency's smallest unit.
        currency: ISO 4217, upper case.
        interval: "day", "week", "month" or "year".
        intervals: It is paid once in so many of them.
    """

    amount: int
    currency: str
    interval: str
    intervals: int = 1

    @property
    def words(self) -> str:
        """As people read it: "9.00 EUR a month", "90 JPY every 3 months"."""
        every = f"a {self.interval}" if self.intervals == 1 else f"every {self.intervals} {self.interval}s"
        return f"{money(self.amount, self.currency)} {every}"


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """Where the payment service's pages lead back to, whole addresses.

    Attributes:
        paid: After paying.
        left: For who changed their mind.
    """

    paid: str
    left: str


class Billing(Protocol):
    """A payment service. Every method may raise `PaymentServiceError`: it does not answer, or refuses."""

    charges: bool
    """False where Premium costs nothing, and begins and ends with the form."""
    origins: tuple[str, ...]
    """Where forms of ours may lead to."""

    def price(self) -> Price | None:
        """What Premium costs, None for nothing."""

    def begin(self, profile: Profile, back: WayBack) -> Checkout | None:
        """Begin paying; None where there is nothing to pay."""

    def checkout(self, checkout_id: str) -> Checkout | None:
        """How far paying has come; None when the service knows of no such attempt."""

    def expire(self, checkout_id: str) -> None:
        """Close a payment page that is open, so that nothing can be paid there any more."""

    def subscription(self, billing_id: str) -> PaidSubscription | None:
        """The subscription as it is now; None when the service does not have it."""

    def cancel(self, billing_id: str) -> bool:
        """End a subscription with the time that is paid for; False where there is nothing to wait for."""

    def keep(self, billing_id: str) -> None:
        """Take `cancel` back."""

    def end_at_once(self, billing_id: str) -> None:
        """End a subscription now, as when its account is deleted; no error when it is over already."""

    def portal(self, billing_id: str, back: str) -> str:
        """Address of the page with payments and invoices.

        Args:
            back: Where it leads back to.
        """

    def billing_id_of(self, body: bytes, signature: str) -> str | None:
        """The subscription that a message of the service is about, None for messages about anything else.

        Args:
            body: As it came.
            signature: The header that proves it.

        Raises:
            BadRequestError: The message is not the service's own.
            NotFoundError: No service sends messages here.
        """
