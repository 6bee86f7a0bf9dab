"""Premium begins and ends by forms, and the profile says which mails come."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib.aws.sqs import WorkQueue
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.billing.subscription import ArchivedCount
from tests.conftest import HeldClock
from tests.unit.web.conftest import Browser

MARY = "33333333-3333-4333-8333-333333333333"
NEW_POSTS = ["/subscribe", "/unsubscribe", "/profile/mail"]
MAIL_STOP, MAIL_START = "Turn off job emails", "Turn on job emails"


@pytest.fixture
def archive(make_job: Callable[..., Job], clock: HeldClock) -> Callable[[int], None]:
    """Makes archived jobs."""
    def make(count: int) -> None:
        for number in range(count):
            make_job(job_id=f"00000000-0000-4000-8000-{number:012d}", job_status=JobStatus.COMPLETED,
                     complete_time=clock() - 1, results_file_archive_id=f"archive-{number}")
    return make


@pytest.fixture
def premium(make_profile: Callable[..., Profile], sign_in: Callable[[Profile], Browser]) -> Browser:
    return sign_in(make_profile(MARY, "Mary Somerville", Role.PREMIUM))


def messages(queue: WorkQueue) -> list[dict[str, Any]]:
    """What lies in a queue and can be received now."""
    received = boto3.client("sqs").receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in received]


def delayed(queue: WorkQueue) -> int:
    """How many messages of a queue cannot be received yet."""
    name = "ApproximateNumberOfMessagesDelayed"
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def sends(browser: Browser, path: str, page: str, **fields: str) -> Any:
    """Send a form of a page as it is there."""
    shown = browser.get(page)
    assert f'method="post" action="{path}"' in shown.html
    return browser.post(path, {"csrf_token": shown.field("csrf_token"), **fields})


# ---- signed out --------------------------------------------------------------------------------------------------
def test_plans_invite_who_is_signed_out(visitor: Browser) -> None:
    page = visitor.get("/subscribe")
    assert page.status == 200
    assert 'href="/login?next=%2Fsubscribe"' in page.html
    assert "<form" not in page.html
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "usually within 5 min and at most within about 5 h" in text


@pytest.mark.parametrize("path", NEW_POSTS)
def test_who_is_signed_out_is_sent_to_sign_in(visitor: Browser, web: Services, path: str) -> None:
    answer = visitor.post(path, {"mail_wanted": "no"})
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=%2Fannotations")
    assert visitor.post(path, {}, Accept="application/json").status == 401
    assert messages(web.restore_queue) == []


# ---- premium begins ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("count", "words"), [
    (0, None), (1, "One of your results is archived. When you subscribe to Premium, it is restored"),
    (3, "3 of your results are archived. When you subscribe to Premium, all of them are restored")])
def test_plans_say_how_much_is_archived(browser: Browser, archive: Callable[[int], None], count: int,
                                        words: str | None) -> None:
    archive(count)
    page = browser.get("/subscribe")
    assert words in page.text if words else "of your results" not in page.text
    assert "Subscribe to Premium" in page.text
    assert browser.get_json("/subscribe").json["archived"] == {"count": count, "more": False}


def test_more_than_can_be_counted(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.billing.subscription.count_archived",
                        lambda *_: ArchivedCount(10_000, True))
    assert "More than 10,000 of your results are archived." in browser.get("/subscribe").text


def test_archive_of_others_is_not_counted(archive: Callable[[int], None], make_profile: Callable[..., Profile],
                                          sign_in: Callable[[Profile], Browser]) -> None:
    archive(2)
    other = sign_in(make_profile("99999999-9999-4999-8999-999999999999", "Charles Babbage"))
    assert other.get_json("/subscribe").json["archived"]["count"] == 0


def test_subscribing_makes_premium_and_sends_for_results(browser: Browser, web: Services, ada: Profile,
                                                         archive: Callable[[int], None]) -> None:
    archive(2)
    answer = sends(browser, "/subscribe", "/subscribe")
    assert (answer.status, answer.headers["Location"]) == (303, "/subscribe?done=subscribed")
    changed = web.profiles.get(ada.identity_id)
    assert changed is not None
    assert changed.premium
    assert [message["user_id"] for message in messages(web.restore_queue)] == [ada.identity_id]
    page = browser.get(answer.headers["Location"])
    assert 'role="status"' in page.html
    assert "You have Premium" in page.text
    assert "2 of your results are being restored." in page.text
    assert "Subscribe to Premium" not in page.text


def test_premium_is_told_so(premium: Browser) -> None:
    page = premium.get("/subscribe")
    assert "You have Premium" in page.text
    assert "You have no archived results" in page.text
    assert 'action="/subscribe"' not in page.html
    assert "once Premium begins" not in page.text


def test_subscribing_again_sends_again(browser: Browser, web: Services) -> None:
    browser.post("/subscribe")
    assert browser.post("/subscribe").status == 303
    assert len(messages(web.restore_queue)) == 2
    assert browser.get_json("/profile").json["role"] == "premium_user"


def test_subscribing_for_programs(browser: Browser) -> None:
    answer = browser.post("/subscribe", Accept="application/json")
    assert (answer.status, answer.json["role"], answer.json["retention"]) == (200, "premium_user", None)


# ---- premium ends ------------------------------------------------------------------------------------------------
def test_profile_offers_the_end_to_premium_only(browser: Browser, premium: Browser, clock: HeldClock) -> None:
    assert "/unsubscribe" not in browser.get("/profile").html
    page = premium.get("/profile")
    assert 'action="/unsubscribe"' in page.html
    assert '<details class="confirm">' in page.html
    assert "Your results remain available for 7 days, until 28 Sep 2026, 14:13 UTC" in page.text.replace(
        "\N{NO-BREAK SPACE}", " ")
    assert "until you delete them" in page.text
    assert "completion, then archived" not in page.text


def test_premium_ends_and_results_stay_for_a_while(premium: Browser, web: Services, clock: HeldClock,
                                                   sign_in: Callable[[Profile], Browser]) -> None:
    answer = sends(premium, "/unsubscribe", "/profile")
    assert (answer.status, answer.headers["Location"]) == (303, "/profile?done=unsubscribed")
    told = premium.get_json("/profile").json
    assert (told["role"], told["grace_until"]) == ("free_user", clock() + 7 * 86_400)
    assert delayed(web.archive_queue) == 1
    assert delayed(web.notify_queue) == 1
    page = premium.get(answer.headers["Location"])
    assert "Premium has ended. Your results remain available until 28 Sep 2026, 14:13 UTC" in page.text
    assert "Subscribe again" in page.text
    clock.advance(7 * 86_400)
    free = web.profiles.get(MARY)
    assert free is not None
    again = sign_in(free)
    assert "28 Sep 2026" not in again.get("/profile").text


def test_subscribing_in_time_keeps_everything(premium: Browser) -> None:
    premium.post("/unsubscribe")
    premium.post("/subscribe")
    told = premium.get_json("/profile").json
    assert (told["role"], told["grace_until"]) == ("premium_user", None)


def test_premium_ends_once(premium: Browser, web: Services) -> None:
    premium.post("/unsubscribe")
    assert premium.post("/unsubscribe").status == 303
    assert delayed(web.archive_queue) == 1


def test_free_users_results_are_not_sent_to_the_archive_by_ending_nothing(browser: Browser, web: Services) -> None:
    answer = browser.post("/unsubscribe")
    assert answer.status == 303
    assert delayed(web.archive_queue) == 0
    assert messages(web.notify_queue) == []
    assert "Premium has ended" not in browser.get(answer.headers["Location"]).text
    assert browser.post("/unsubscribe", Accept="application/json").json["grace_until"] is None


# ---- mails -------------------------------------------------------------------------------------------------------
def test_mails_are_stopped_and_wanted_again(browser: Browser, web: Services, ada: Profile,
                                            make_job: Callable[..., Job]) -> None:
    make_job()
    waiting = "/annotations/22222222-2222-4222-8222-222222222222"
    assert "you will get an email" in browser.get(waiting).text
    answer = sends(browser, "/profile/mail", "/profile", mail_wanted="no")
    assert (answer.status, answer.headers["Location"]) == (303, "/profile?done=mail")
    page = browser.get(answer.headers["Location"])
    assert "Job emails have been turned off." in page.text
    assert MAIL_START in page.text
    assert MAIL_STOP not in page.text
    assert "mail tells you" not in browser.get(waiting).text + browser.get("/logout").text
    told = browser.post("/profile/mail", {"csrf_token": page.field("csrf_token"), "mail_wanted": "yes"},
                        Accept="application/json")
    assert told.json["mail_wanted"] is True
    assert MAIL_STOP in browser.get("/profile").text


@pytest.mark.parametrize("fields", [{}, {"mail_wanted": ""}, {"mail_wanted": "perhaps"}])
def test_a_form_that_does_not_say_changes_nothing(browser: Browser, fields: dict[str, str]) -> None:
    token = browser.get("/profile").field("csrf_token")
    answer = browser.post("/profile/mail", {"csrf_token": token, **fields})
    assert answer.status == 400
    assert "does not say whether you want emails" in answer.text
    assert browser.get_json("/profile").json["mail_wanted"] is True


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("GET", "/unsubscribe", "POST"), ("GET", "/profile/mail", "POST"), ("PUT", "/subscribe", "GET, HEAD, POST"),
    ("DELETE", "/unsubscribe", "POST")])
def test_other_methods_are_refused(browser: Browser, web: Services, method: str, path: str, allowed: str) -> None:
    answer = browser.request(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
