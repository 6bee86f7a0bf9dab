"""A message that nothing can deal with ends among the dead letters; the operator sees it there and sends it again."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.cli import main
from infra.local.browser import Browser
from infra.local.emulator import OPERATOR_KEYS
from infra.local.people import PEOPLE
from infra.local.stack import LocalStack
from tests.e2e.test_cold_results import archived, wait_for
from tests.e2e.test_job_life import record_of

pytestmark = pytest.mark.e2e

FAR = "99999999999"


@pytest.fixture
def impatient(stack: LocalStack) -> Iterator[str]:
    """The queue `archive` with two tries of a message, a second apart, instead of eight in hours; gives its address."""
    sqs, url = stack.client("sqs"), stack.outputs["ArchiveQueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])[
        "Attributes"]
    few = json.dumps({**json.loads(before["RedrivePolicy"]), "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": few})
    yield url
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


@pytest.fixture
def operator(stack: LocalStack, monkeypatch: pytest.MonkeyPatch,
             capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `python -m infra redrive` on the stack; gives what it says."""
    for name, value in {**OPERATOR_KEYS, "AWS_DEFAULT_REGION": stack.settings.region}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        assert main(["redrive", "--stage", "local", "--endpoint-url", stack.settings.endpoint, *arguments]) == 0
        return capsys.readouterr().out

    return run


def update(stack: LocalStack, job_id: str, expression: str, **values: dict[str, str]) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["AnnotationsTable"], Key={"job_id": {"S": job_id}}, UpdateExpression=expression,
        **({"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}))


def test_a_message_that_always_fails_is_kept_and_dealt_with_once_the_cause_is_gone(
        stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path, impatient: str,
        operator: Callable[..., str]) -> None:
    person = PEOPLE[1]
    browser = sign_in(person)
    job_id = browser.upload(a_vcf)
    assert browser.wait(job_id)["job_status"] == "COMPLETED"
    # Due long ago, and its files held by a run that never ends: no archiving can succeed.
    update(stack, job_id, "SET complete_time = :long_ago, file_hold_owner = :nobody, file_hold_expires = :far",
           long_ago={"N": "1000000000"}, nobody={"S": "nobody"}, far={"N": FAR})
    message = f'{{"user_id": "{person.sub}", "job_id": "{job_id}"}}'
    stack.client("sqs").send_message(QueueUrl=impatient, MessageBody=message)

    wait_for(lambda: message in operator(), 200)  # beside the one that the annotator sent
    assert "s3_key_result_file" in record_of(stack, job_id)

    update(stack, job_id, "REMOVE file_hold_owner, file_hold_expires")
    # From here on a message is hidden as long as the template says: none comes again while it is being dealt with.
    stack.client("sqs").set_queue_attributes(QueueUrl=impatient, Attributes={"VisibilityTimeout": "1080"})
    assert " sent again" in operator("--queue", "archive")
    assert "archive: 0" in operator().splitlines()
    wait_for(lambda: archived(stack, job_id), 120)


def test_a_message_that_means_nothing_stays_among_the_dead_letters(
        stack: LocalStack, impatient: str, operator: Callable[..., str]) -> None:
    stack.client("sqs").send_message(QueueUrl=impatient, MessageBody="nonsense")
    wait_for(lambda: "  nonsense" in operator().splitlines(), 200)
    stack.client("sqs").purge_queue(QueueUrl=stack.outputs["ArchiveDeadLetterQueueUrl"])
