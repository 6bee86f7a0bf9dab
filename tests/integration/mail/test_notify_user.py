"""Mails: one for each thing that there is to tell, with a link and never the data."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import (
    AllRestored,
    ArchiveMessage,
    ArchiveWarning,
    JobResult,
    NotifyMessage,
    PremiumEnded,
    decode,
)
from chalicelib.domain.profiles import Profile, Role
from chalicelib.mails import Mail, utc
from chalicelib.services import Services
from chalicelib.usecases.archive.archive_results import archive_results
from chalicelib.usecases.mail.notify_user import notify_user
from tests.conftest import HeldClock
from tests.integration.support.cold import RETENTION, Functions, error, make_completed, reload, result_message
from tests.integration.support.jobs_made import ADA, EVE, make_job
from tests.integration.support.jobs_made import job_id as made_id

DAY = 86_400


def sent(services: Services) -> list[dict[str, Any]]:
    """What SES was given."""
    from moto.ses.models import ses_backends

    return [{"to": message.destinations["ToAddresses"], "subject": message.subject, "from": message.source,
             "text": message.body if isinstance(message.body, str) else str(message.body)}
            for message in ses_backends["123456789012"]["us-east-1"].sent_messages]


@pytest.fixture
def outbox(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """The mails that were handed to SES, in both forms."""
    mails: list[Mail] = []
    send = services.mailer.send

    def noted(mail: Mail) -> None:
        send(mail)
        mails.append(mail)

    monkeypatch.setattr(services.mailer, "send", noted)
    return mails


def mail_request(kind: str, job_id: str = made_id(), user_id: str = ADA) -> str:
    match kind:
        case "ended":
            return JobResult(user_id=user_id, job_id=job_id, job_status=JobStatus.COMPLETED, role=Role.FREE,
                             complete_time=1).to_json()
        case "archive_warning":
            return ArchiveWarning(user_id=user_id, job_id=job_id).to_json()
        case "all_restored":
            return AllRestored(user_id=user_id).to_json()
    return PremiumEnded(user_id=user_id).to_json()


def test_a_completed_job_is_told_of_once_with_a_link_and_without_data(
        services: Services, functions: Functions, outbox: list[Mail], make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    assert functions.deliver("notify", *[result_message(job)] * 3) == []
    (mail,) = outbox
    assert len(sent(services)) == 1
    assert (mail.to, mail.subject) == ("ada@example.org", "Your annotation of free_1.vcf is ready")
    link = f"https://gas.example.org/annotations/{job.job_id}"
    assert link in mail.text.split()
    assert f'<a href="{link}"' in mail.html
    assert utc(services.clock() + RETENTION) in mail.text
    assert "results of a job" not in mail.text + mail.html
    assert job.file("results").key not in mail.text + mail.html


@pytest.mark.parametrize(("address", "sent_to"), [
    ("ada@bücher.example", "ada@xn--bcher-kva.example"), ("ada@EXAMPLE.org", "ada@EXAMPLE.org"),
    ("adá@example.org", None), ("ada@" + "x" * 70 + ".org", None), ("ada", None), ("a\nda@example.org", None)])
def test_addresses_with_other_letters(services: Services, functions: Functions, outbox: list[Mail],
                                      make_profile: Callable[..., Profile], address: str, sent_to: str | None) -> None:
    """SES takes a domain in Punycode; where it cannot send, the message is done with, and not delivered again."""
    make_profile()
    boto3.client("dynamodb").update_item(
        TableName=services.profiles.name, Key={"identity_id": {"S": ADA}}, UpdateExpression="SET email = :e",
        ExpressionAttributeValues={":e": {"S": address}})
    assert functions.deliver("notify", result_message(make_completed(services))) == []
    assert [mail.to for mail in outbox] == ([] if sent_to is None else [sent_to])


def test_premium_is_not_told_of_the_archive(services: Services, functions: Functions, outbox: list[Mail],
                                            make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    functions.deliver("notify", result_message(make_completed(services)))
    assert "archive" not in outbox[0].text


def test_a_failed_job_is_told_of_with_its_reason(services: Services, functions: Functions, outbox: list[Mail],
                                                 make_profile: Callable[..., Profile]) -> None:
    make_profile()
    reason = JobReason(code="bad_record", message="Line 6 has 4 columns.", hint="It needs <8> & more.")
    job = make_job(services, job_status=JobStatus.FAILED, complete_time=services.clock(), error=reason)
    functions.deliver("notify", result_message(job).replace("COMPLETED", "FAILED"))
    (mail,) = outbox
    assert mail.subject == "Your annotation of free_1.vcf failed"
    assert "Line 6 has 4 columns. It needs <8> & more." in mail.text
    assert "It needs &lt;8&gt; &amp; more." in mail.html


@pytest.mark.parametrize("name", ["<b>x</b>.vcf", "http://evil.example x.vcf", 'a"onclick="b.vcf', "ünïcödé 数据.vcf"])
def test_a_files_name_is_text_in_the_mail_whatever_it_is(
        services: Services, functions: Functions, outbox: list[Mail], make_profile: Callable[..., Profile],
        name: str) -> None:
    make_profile()
    job = make_job(services, name=name, job_status=JobStatus.FAILED, complete_time=services.clock())
    functions.deliver("notify", result_message(job).replace("COMPLETED", "FAILED"))
    assert name in outbox[0].subject
    assert "<b>x" not in outbox[0].html
    assert 'href="http://evil' not in outbox[0].html
    assert outbox[0].html.count("<a href=") == 2


@pytest.mark.parametrize("name", ["two\nlines.vcf", "two\r\nBcc: eve@example.org.vcf", "tab\there.vcf"])
def test_a_name_with_control_characters_cannot_write_the_mails_head(
        services: Services, functions: Functions, outbox: list[Mail], make_profile: Callable[..., Profile],
        name: str) -> None:
    make_profile()
    job = make_job(services, name=name, job_status=JobStatus.FAILED, complete_time=services.clock())
    functions.deliver("notify", result_message(job).replace("COMPLETED", "FAILED"))
    assert outbox[0].subject == f"Your annotation of {' '.join(name.split())} failed"


def test_who_wants_no_mail_gets_none(services: Services, functions: Functions, outbox: list[Mail],
                                     make_profile: Callable[..., Profile]) -> None:
    make_profile()
    services.profiles.want_mail(ADA, False)
    assert functions.deliver("notify", result_message(make_completed(services))) == []
    assert outbox == []


KINDS = ["ended", "archive_warning", "all_restored", "premium_ended"]


def to_be_told(services: Services, make_profile: Callable[..., Profile], kind: str) -> str:
    """The request for a mail for which there is a reason now."""
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    if kind == "all_restored":
        services.profiles.begin_restoring(ADA)
    else:
        services.profiles.unsubscribe(ADA, services.clock() + DAY)
    return mail_request(kind, job.job_id)


class KilledError(BaseException):
    """The function ends by force: nothing of it runs any more."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gone", [False, True])
def test_a_function_killed_over_a_mail_does_not_lose_it(
        services: Services, functions: Functions, outbox: list[Mail], clock: HeldClock,
        make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch, kind: str, gone: bool) -> None:
    """Before it went, or after it went and before that was noted: twice is better than never."""
    body, send = to_be_told(services, make_profile, kind), services.mailer.send

    def killed(mail: Mail) -> None:
        if gone:
            send(mail)
        raise KilledError

    with monkeypatch.context() as now:
        now.setattr(services.mailer, "send", killed)
        with pytest.raises(KilledError):
            notify_user(services, decode(body, NotifyMessage))
    assert functions.deliver("notify", body) == ["0"]  # it may just be going
    clock.advance(61)
    assert functions.deliver("notify", body, body) == []
    assert len(outbox) == 1 + gone


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_that_ses_did_not_take_is_sent_with_the_next_delivery(
        services: Services, functions: Functions, outbox: list[Mail], make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    body = to_be_told(services, make_profile, kind)
    with monkeypatch.context() as now:
        now.setattr(services.mailer, "send", lambda _: (_ for _ in ()).throw(error("TooManyRequestsException")))
        assert functions.deliver("notify", body) == ["0"]
    assert functions.deliver("notify", body, body, body) == []
    assert len(outbox) == 1
    assert "https://gas.example.org/annotations" in outbox[0].text


def test_the_end_of_premium_is_told_of_each_time_it_ends(
        services: Services, functions: Functions, clock: HeldClock, outbox: list[Mail],
        make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    for _ in range(2):
        services.profiles.subscribe(ADA)
        services.profiles.unsubscribe(ADA, clock() + DAY)
        functions.deliver("notify", mail_request("premium_ended"), mail_request("premium_ended"))
        clock.advance(100)
    assert len(outbox) == 2
    services.profiles.subscribe(ADA)
    functions.deliver("notify", mail_request("premium_ended"))
    assert len(outbox) == 2


def test_a_warning_comes_a_day_before_where_results_are_kept_longer(
        services: Services, functions: Functions, clock: HeldClock, outbox: list[Mail],
        make_profile: Callable[..., Profile]) -> None:
    plans = replace(services.plans, free_retention=3 * DAY)
    services = replace(services, settings=replace(services.settings, plans=plans))
    functions.services = services
    from lambdas import notify

    notify.services = services
    make_profile()
    job = make_completed(services)
    message: ArchiveMessage = decode(result_message(job), ArchiveMessage)
    asked = []
    for _ in range(4):
        archive_results(services, message, services.new_id())
        asked.append(functions.deliver_waiting("notify"))
        clock.advance(DAY - 60)
    assert asked == [0, 0, 0, 1]
    archive_results(services, message, services.new_id())
    (mail,) = outbox
    assert mail.subject == "The results of free_1.vcf will be archived soon"
    assert utc(services.clock() - 4 * (DAY - 60) + 3 * DAY) in mail.text
    assert reload(services, job).archived


def test_short_retention_has_no_warning(services: Services, functions: Functions, make_profile: Callable[..., Profile]
                                        ) -> None:
    make_profile()
    functions.archive(make_completed(services))
    assert functions.waiting("notify") == []


def test_nothing_to_tell(services: Services, functions: Functions, outbox: list[Mail],
                         make_profile: Callable[..., Profile]) -> None:
    make_profile()
    make_profile(EVE, role=Role.PREMIUM)
    job = make_completed(services)
    bodies = [mail_request("ended", job.job_id, EVE), mail_request("ended", made_id(9)),
              mail_request("ended", job.job_id, "nobody"), mail_request("all_restored", user_id=EVE),
              mail_request("archive_warning", job.job_id, EVE)]
    assert functions.deliver("notify", *bodies) == []
    assert outbox == []


def test_messages_that_are_none_are_reported_alone(services: Services, functions: Functions, outbox: list[Mail],
                                                   make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    unheard_of = '{"type": "unheard_of", "user_id": "u"}'
    assert functions.deliver("notify", "[]", unheard_of, result_message(job), "{") == ["0", "1", "3"]
    assert len(outbox) == 1


def test_the_topic_reaches_the_queue_with_completed_and_failed_only(services: Services, functions: Functions) -> None:
    for status in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED):
        for role in Role:
            services.topics.announce_result(JobResult(job_id=made_id(), user_id=ADA, job_status=status, role=role,
                                                      complete_time=1))
    assert len(functions.waiting("notify")) == 4
    archive = functions.waiting("archive")
    assert [(body["job_status"], body["role"]) for body in archive] == [("COMPLETED", "free_user")]
    assert isinstance(decode(json.dumps(archive[0]), ArchiveMessage), JobResult)
