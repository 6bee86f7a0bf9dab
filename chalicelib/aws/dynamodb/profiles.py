"""Table `profiles`: who a Globus identity is to GAS."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.aws.dynamodb.items import expressions, from_item
from chalicelib.aws.dynamodb.record_update import ConditionFailedError, update_record
from chalicelib.aws.dynamodb.table import Table
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import AccountErasingError, BeingToldError, NotFoundError, PremiumRunsError

_ID, _ERASING = Attr("identity_id"), Attr("erasing_since")
_PREMIUM, _FREE = Attr("role").eq(Role.PREMIUM), Attr("role").eq(Role.FREE)
_RESTORING = Attr("restoring").eq(True)


class ProfileTable(Table):
    """Reads and writes profiles."""

    def get(self, identity_id: str) -> Profile | None:
        """The profile as it is now (a consistent read), or None."""
        answer = self._dynamodb.get_item(TableName=self.name, Key={"identity_id": {"S": identity_id}},
                                         ConsistentRead=True)
        return Profile.from_record(from_item(answer["Item"])) if "Item" in answer else None

    def sign_in(self, profile: Profile) -> Profile:
        """Make the profile at the first sign-in; later ones bring name, email and institution up to date.

        Role and time of creation stay what they are for a profile that exists.
        """
        known = self.get(profile.identity_id)
        first = {} if known is not None else {"role": profile.role.value, "created": profile.created}
        try:
            return self._changed_record(
                profile.identity_id, _ID.not_exists() if first else _ID.exists(),
                {"name": profile.name, "email": profile.email, "institution": profile.institution, **first})
        except ConditionFailedError:
            return self.sign_in(profile)  # it was made, or deleted, since we looked

    def subscribe(self, identity_id: str, billing_id: str | None = None) -> Profile:
        """The profile becomes premium.

        Raises:
            AccountErasingError: The account is being deleted, or gone.
        """
        billing = {"billing_id": billing_id} if billing_id else {}
        try:
            return self._update(identity_id, _ERASING.not_exists(),
                                {"role": Role.PREMIUM.value, **billing},
                                ("grace_until", "checkout_id", "premium_until"))
        except ConditionFailedError as failed:
            raise AccountErasingError() from failed

    def unsubscribe(self, identity_id: str, grace_until: int, billing_id: str | None = None) -> Profile | None:
        """The profile becomes free, its results stay until `grace_until` (epoch seconds).

        Args:
            billing_id: The subscription that has ended, None for whichever it is.

        Returns:
            None when it was not premium, or is so by another subscription.
        """
        condition = _PREMIUM if billing_id is None else _PREMIUM & Attr("billing_id").eq(billing_id)
        return self._tried(identity_id, condition, {"role": Role.FREE.value, "grace_until": grace_until},
                           ("restoring", "billing_id", "premium_until"))

    def begin_checkout(self, identity_id: str, checkout_id: str, instead_of: str | None) -> bool:
        """A payment begins.

        Args:
            instead_of: The one that was begun last, as far as the caller knows.

        Returns:
            False when another one was begun since, or the account is being deleted.
        """
        checkout = Attr("checkout_id")
        known = checkout.not_exists() if instead_of is None else checkout.eq(instead_of)
        return self._tried(identity_id, _FREE & known & _ERASING.not_exists(),
                           {"checkout_id": checkout_id}) is not None

    def set_premium_until(self, identity_id: str, billing_id: str, until: int | None) -> Profile | None:
        """Premium ends at `until` (epoch seconds), or goes on (None).

        Returns:
            None when the profile is not premium by this subscription.
        """
        return self._tried(identity_id, _PREMIUM & Attr("billing_id").eq(billing_id),
                           {} if until is None else {"premium_until": until},
                           ("premium_until",) if until is None else ())

    def begin_restoring(self, identity_id: str) -> bool:
        """Archived results were found that are to come back; a mail will say when all have.

        Returns:
            False when the profile is not premium (any more).
        """
        return self._tried(identity_id, _PREMIUM, {"restoring": True}) is not None

    def begin_restored_email(self, identity_id: str, now: int, stale: int) -> None:
        """Every archived result is back, and a mail is about to say so that only one may send.

        Args:
            stale: Epoch seconds; a run that began before that has died.

        Raises:
            BeingToldError: Somebody else has begun.
        """
        self._begin_email(identity_id, "restored_mail_begun", now, stale, _RESTORING)

    def restored_email_sent(self, identity_id: str) -> None:
        """That mail has gone."""
        self._tried(identity_id, _RESTORING, {}, ("restoring", "restored_mail_begun"))

    def begin_end_email(self, identity_id: str, until: int, now: int, stale: int) -> None:
        """A mail is about to say that results stay until `until`, since premium has ended; only one may send it.

        Args:
            stale: Epoch seconds; a run that began before that has died.

        Raises:
            BeingToldError: Somebody else has begun.
        """
        told = Attr("told_of_end")
        self._begin_email(identity_id, "end_mail_begun", now, stale,
                            Attr("grace_until").eq(until) & (told.not_exists() | told.ne(until)))

    def end_email_sent(self, identity_id: str, until: int) -> None:
        """That mail has gone."""
        self._tried(identity_id, Attr("grace_until").eq(until), {"told_of_end": until}, ("end_mail_begun",))

    def email_not_sent(self, identity_id: str) -> None:
        """An email was not sent: the next run that gets the message may try again at once."""
        self._update(identity_id, None, {}, ("restored_mail_begun", "end_mail_begun"))

    def _begin_email(self, identity_id: str, begun: str, now: int, stale: int,
                       wanted: ConditionBase) -> None:
        if self._tried(identity_id, wanted & (Attr(begun).not_exists() | Attr(begun).lt(stale)), {begun: now}) is None:
            raise BeingToldError()

    def begin_erasing(self, identity_id: str, now: int, unless_premium: bool = False) -> Profile:
        """The account is being deleted from now on; the first time that this was said stays.

        Args:
            unless_premium: True where Premium is paid for, and has to end first.

        Raises:
            PremiumRunsError: The profile is premium, and must not be.
        """
        condition = _ERASING.not_exists() & _FREE if unless_premium else _ERASING.not_exists()
        begun = self._tried(identity_id, condition, {"erasing_since": now})
        profile = begun or self.get(identity_id)
        if profile is None:
            raise NotFoundError()
        if profile.erasing_since is None:
            raise PremiumRunsError()
        return profile

    def delete(self, identity_id: str) -> None:
        """Drop the profile of an account that is being deleted; no other one, and no error when it is gone."""
        try:
            self._dynamodb.delete_item(TableName=self.name, Key={"identity_id": {"S": identity_id}},
                                       **expressions(ConditionExpression=_ERASING.exists()))
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def want_mail(self, identity_id: str, wanted: bool) -> Profile:
        """Whether mails about ended annotations are wanted."""
        return self._update(identity_id, None, {"mail_wanted": wanted})

    def _tried(self, identity_id: str, condition: ConditionBase, assign: Mapping[str, Any],
               remove: Sequence[str] = ()) -> Profile | None:
        try:
            return self._update(identity_id, condition, assign, remove)
        except ConditionFailedError:
            return None

    def _update(self, identity_id: str, condition: ConditionBase | None, assign: Mapping[str, Any],
                remove: Sequence[str] = ()) -> Profile:
        """Update a profile that exists.

        Raises:
            ConditionFailedError: There is none, or the condition does not hold.
        """
        return self._changed_record(identity_id, _ID.exists() if condition is None else _ID.exists() & condition,
                                    assign, remove)

    def _changed_record(self, identity_id: str, condition: ConditionBase, assign: Mapping[str, Any],
                        remove: Sequence[str] = ()) -> Profile:
        return Profile.from_record(update_record(self.name, {"identity_id": identity_id}, self._new_id(),
                                                 assign=assign, remove=remove, condition=condition))
