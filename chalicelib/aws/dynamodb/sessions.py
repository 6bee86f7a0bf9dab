"""Table `sessions`: signed-in browsers and logins under way. DynamoDB drops what has expired."""
from __future__ import annotations

from boto3.dynamodb.conditions import Attr, Key

from chalicelib.aws.dynamodb.items import expressions, from_item, to_item
from chalicelib.aws.dynamodb.record_update import ConditionFailedError, update_record
from chalicelib.aws.dynamodb.table import Table
from chalicelib.domain.sessions import LoginAttempt, Session

BY_USER = "user_id"


class SessionTable(Table):
    """Reads and writes sessions and login attempts."""

    def put(self, entry: Session | LoginAttempt) -> None:
        """Keep a session or a login attempt."""
        self._dynamodb.put_item(TableName=self.name, Item=to_item(entry.to_record()))

    def get_session(self, session_id: str, now: int) -> Session | None:
        """The session, or None when there is none or it has expired (DynamoDB may drop it hours later)."""
        answer = self._dynamodb.get_item(TableName=self.name, Key={"session_id": {"S": session_id}},
                                         ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        if record.get("kind") != "session" or record["expires"] <= now:
            return None
        return Session.from_record(record)

    def take_login(self, session_id: str, now: int) -> LoginAttempt | None:
        """The login attempt, which cannot be taken again: its state and verifier are good for one answer only.

        It is marked rather than deleted, so that a repeated request still finds it; it goes when it expires.
        """
        try:
            record = update_record(self.name, {"session_id": session_id}, self._new_id(), assign={"taken": now},
                                   condition=Attr("kind").eq("login") & Attr("taken").not_exists())
        except ConditionFailedError:
            return None
        return LoginAttempt.from_record(record) if record["expires"] > now else None

    def delete_of_user(self, user_id: str) -> None:
        """End every session of a user."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self.name, IndexName=BY_USER, **expressions(KeyConditionExpression=Key("user_id").eq(user_id)))
        for page in pages:
            for item in page["Items"]:
                self.delete(item["session_id"]["S"])

    def delete(self, session_id: str) -> None:
        """End a session."""
        self._dynamodb.delete_item(TableName=self.name, Key={"session_id": {"S": session_id}})
