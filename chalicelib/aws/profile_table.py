"""Table `profiles`: who a Globus identity is to GAS."""
from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item, to_value
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import BeingToldError


class ProfileTable:
    """Reads and writes profiles.

    :param name: the table's name
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb")

    def get(self, identity_id: str) -> Profile | None:
        """The profile as it is now (a consistent read), or None."""
        answer = self._dynamodb.get_item(TableName=self.name, Key={"identity_id": {"S": identity_id}},
                                         ConsistentRead=True)
        return Profile.from_record(from_item(answer["Item"])) if "Item" in answer else None

    def sign_in(self, profile: Profile) -> Profile:
        """Make the profile at the first sign-in; later ones bring name, mail and institution up to date.

        Role and time of creation stay what they are for a profile that exists.
        """
        answer = self._dynamodb.update_item(
            TableName=self.name, Key={"identity_id": {"S": profile.identity_id}},
            UpdateExpression="SET #name = :name, email = :email, institution = :institution, "
                             "#role = if_not_exists(#role, :role), created = if_not_exists(created, :created)",
            ExpressionAttributeNames={"#name": "name", "#role": "role"},
            ExpressionAttributeValues={
                ":name": to_value(profile.name), ":email": to_value(profile.email),
                ":institution": to_value(profile.institution), ":role": to_value(profile.role.value),
                ":created": to_value(profile.created)},
            ReturnValues="ALL_NEW")
        return Profile.from_record(from_item(answer["Attributes"]))

    def subscribe(self, identity_id: str, billing_id: str | None = None) -> Profile:
        """The profile becomes premium."""
        billing = ", billing_id = :billing" if billing_id else ""
        values: dict[str, Any] = {":premium": Role.PREMIUM.value}
        if billing_id:
            values[":billing"] = billing_id
        return self._update(identity_id, f"SET #role = :premium{billing} "
                            "REMOVE grace_until, checkout_id, premium_until", values)

    def unsubscribe(self, identity_id: str, grace_until: int, billing_id: str | None = None) -> Profile | None:
        """The profile becomes free, its results stay until `grace_until` (epoch seconds).

        :param billing_id: the subscription that has ended, None for whichever it is
        :returns: None when it was not premium, or is so by another subscription
        """
        values: dict[str, Any] = {":free": Role.FREE.value, ":until": grace_until, ":premium": Role.PREMIUM.value}
        condition = "#role = :premium"
        if billing_id is not None:
            values[":billing"] = billing_id
            condition += " AND billing_id = :billing"
        try:
            return self._update(identity_id, "SET #role = :free, grace_until = :until "
                                             "REMOVE restoring, billing_id, premium_until", values, condition)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return None

    def begin_checkout(self, identity_id: str, checkout_id: str, instead_of: str | None) -> bool:
        """A payment begins.

        :param instead_of: the one that was begun last, as far as the caller knows
        :returns: False when another one was begun since
        """
        values = {":checkout": checkout_id, ":before": instead_of, ":free": Role.FREE.value}
        before = "checkout_id = :before" if instead_of is not None else "attribute_not_exists(checkout_id)"
        return self._tried(identity_id, "SET checkout_id = :checkout",
                           {name: value for name, value in values.items() if value is not None},
                           f"#role = :free AND {before}")

    def set_premium_until(self, identity_id: str, billing_id: str, until: int | None) -> Profile | None:
        """Premium ends at `until` (epoch seconds), or goes on (None).

        :returns: None when the profile is not premium by this subscription
        """
        values: dict[str, Any] = {":billing": billing_id, ":premium": Role.PREMIUM.value}
        if until is not None:
            values[":until"] = until
        try:
            return self._update(identity_id, "REMOVE premium_until" if until is None else "SET premium_until = :until",
                                values, "#role = :premium AND billing_id = :billing")
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return None

    def begin_restoring(self, identity_id: str) -> bool:
        """Archived results were found that are to come back; a mail will say when all have.

        :returns: False when the profile is not premium (any more)
        """
        return self._tried(identity_id, "SET restoring = :yes", {":yes": True, ":premium": Role.PREMIUM.value},
                           "#role = :premium")

    def begin_telling_of_restored(self, identity_id: str, now: int, stale: int) -> None:
        """Every archived result is back, and a mail is about to say so that only one may send.

        :param stale: epoch seconds; whoever began before that has died over it
        :raises BeingToldError: somebody else has begun
        """
        self._begin_telling(identity_id, "restored_mail_begun", now, stale, "restoring = :yes", {":yes": True})

    def told_of_restored(self, identity_id: str) -> None:
        """That mail has gone."""
        self._tried(identity_id, "REMOVE restoring, restored_mail_begun", {":yes": True}, "restoring = :yes")

    def begin_telling_of_end(self, identity_id: str, until: int, now: int, stale: int) -> None:
        """A mail is about to say that results stay until `until`, since premium has ended; only one may send it.

        :param stale: epoch seconds; whoever began before that has died over it
        :raises BeingToldError: somebody else has begun
        """
        self._begin_telling(identity_id, "end_mail_begun", now, stale,
                            "grace_until = :until AND (attribute_not_exists(told_of_end) OR told_of_end <> :until)",
                            {":until": until})

    def told_of_end(self, identity_id: str, until: int) -> None:
        """That mail has gone."""
        self._tried(identity_id, "SET told_of_end = :until REMOVE end_mail_begun", {":until": until},
                    "grace_until = :until")

    def not_told(self, identity_id: str) -> None:
        """A mail did not go: whoever gets the message next shall try again at once."""
        self._update(identity_id, "REMOVE restored_mail_begun, end_mail_begun", {})

    def _begin_telling(self, identity_id: str, begun: str, now: int, stale: int, wanted: str,
                       values: dict[str, Any]) -> None:
        if not self._tried(identity_id, f"SET {begun} = :now", {**values, ":now": now, ":stale": stale},
                           f"{wanted} AND (attribute_not_exists({begun}) OR {begun} < :stale)"):
            raise BeingToldError()

    def begin_erasing(self, identity_id: str, now: int) -> Profile:
        """The account is being deleted from now on; the first time that this was said stays."""
        return self._update(identity_id, "SET erasing_since = if_not_exists(erasing_since, :now)", {":now": now})

    def delete(self, identity_id: str) -> None:
        """Drop the profile of an account that is being deleted; no other one, and no error when it is gone."""
        try:
            self._dynamodb.delete_item(TableName=self.name, Key={"identity_id": {"S": identity_id}},
                                       ConditionExpression="attribute_exists(erasing_since)")
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def want_mail(self, identity_id: str, wanted: bool) -> Profile:
        """Whether mails about ended annotations are wanted."""
        return self._update(identity_id, "SET mail_wanted = :wanted", {":wanted": wanted})

    def _tried(self, identity_id: str, update: str, values: dict[str, Any], condition: str) -> bool:
        try:
            self._update(identity_id, update, values, condition)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _update(self, identity_id: str, update: str, values: dict[str, Any], condition: str = "") -> Profile:
        whole = "attribute_exists(identity_id)" + (f" AND {condition}" if condition else "")
        named: dict[str, Any] = {"ExpressionAttributeNames": {"#role": "role"}} if "#role" in update + whole else {}
        if values:
            named["ExpressionAttributeValues"] = {name: to_value(value) for name, value in values.items()}
        answer = self._dynamodb.update_item(
            TableName=self.name, Key={"identity_id": {"S": identity_id}}, UpdateExpression=update,
            ConditionExpression=whole, ReturnValues="ALL_NEW", **named)
        return Profile.from_record(from_item(answer["Attributes"]))
