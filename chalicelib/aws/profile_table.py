"""Table `profiles`: who a Globus identity is to GAS."""
from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item, to_value
from chalicelib.domain.profiles import Profile


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
