"""Premium for nothing: the form is the subscription."""
from __future__ import annotations

from chalicelib.billing.service import Checkout, PaidSubscription, Price, WayBack
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import NotFoundError


class NoBilling:
    """See `Billing`. What only a payment service has does not exist here."""

    charges = False
    origins: tuple[str, ...] = ()

    def price(self) -> Price | None:
        """Nothing."""
        return None

    def begin(self, profile: Profile, back: WayBack) -> Checkout | None:
        """Nothing is to be paid."""
        return None

    def checkout(self, checkout_id: str) -> Checkout | None:
        """There is none: one of before belongs to a service that is not asked any more."""
        return None

    def expire(self, checkout_id: str) -> None:
        """Nothing is to be paid."""

    def subscription(self, billing_id: str) -> PaidSubscription | None:
        """There is none."""
        return None

    def cancel(self, billing_id: str) -> bool:
        """Nothing is paid for, and nothing to wait for."""
        return False

    def keep(self, billing_id: str) -> None:
        """Nothing was cancelled."""

    def end_at_once(self, billing_id: str) -> None:
        """Nothing is paid for."""

    def portal(self, billing_id: str, back: str) -> str:
        """There are no payments."""
        raise NotFoundError()

    def billing_id_of(self, body: bytes, signature: str) -> str | None:
        """Nobody sends messages here."""
        raise NotFoundError()
