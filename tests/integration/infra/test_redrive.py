"""Dead letters are shown, and sent again without being lost."""
from __future__ import annotations

import boto3
import pytest

from infra.aws.redrive import dead_letter_queues, redrive, show
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError
from tests.conftest import REGION

pytestmark = pytest.mark.writes_once("sqs", "sns")
"""These tests count messages."""

QUEUES = {"uploads", "job-requests", "notify", "archive", "restore", "thaw", "erase"}


@pytest.fixture
def place(aws: dict[str, str]) -> Deployment:
    return Deployment(session=boto3.Session(region_name=REGION), stage="test")


def test_every_queue_has_its_dead_letters(place: Deployment) -> None:
    assert set(dead_letter_queues(place)) == QUEUES


def test_dead_letters_are_shown_and_stay(place: Deployment, aws: dict[str, str]) -> None:
    boto3.client("sqs").send_message(QueueUrl=aws["ThawDeadLetterQueueUrl"], MessageBody='{"user_id": "u"}')
    said: list[str] = []
    assert show(place, lambda _: None) == show(place, said.append) == 1
    assert "thaw: 1" in said
    assert '  {"user_id": "u"}' in said
    assert "archive: 0" in said


def test_dead_letters_are_sent_again(place: Deployment, aws: dict[str, str]) -> None:
    sqs = boto3.client("sqs")
    bodies = {f"message {number}" for number in range(25)}
    for body in bodies:
        sqs.send_message(QueueUrl=aws["ThawDeadLetterQueueUrl"], MessageBody=body)
    assert redrive(place, "thaw", lambda _: None) == 25
    found = set()
    while messages := sqs.receive_message(QueueUrl=aws["ThawQueueUrl"], MaxNumberOfMessages=10).get("Messages"):
        found |= {message["Body"] for message in messages}
    assert found == bodies
    assert show(place, lambda _: None) == 0


def test_an_unknown_queue_or_stage_is_told(place: Deployment) -> None:
    with pytest.raises(OperatorError, match="no queue"):
        redrive(place, "nonsense", lambda _: None)
    with pytest.raises(OperatorError, match="no stack"):
        show(Deployment(session=place.session, stage="nowhere"), lambda _: None)
