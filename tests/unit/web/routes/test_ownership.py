"""Another user's job does not exist: every route with an id answers alike, for pages and for programs."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from app import app
from chalicelib.domain.jobs import Job
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import INPUT, RESULT_FILES
from chalicelib.services import Services
from tests.unit.web.conftest import JOB_ID, Browser

WITH_ID = sorted((method, path) for path, methods in app.routes.items() if "{id}" in path
                 for method, entry in methods.items() if entry.view_name != "refuse")
CASES = [(method, path.replace("{id}", JOB_ID).replace("{kind}", kind)) for method, path in WITH_ID
         for kind in ([INPUT, *RESULT_FILES] if "{kind}" in path else [INPUT])]


@pytest.fixture
def stranger(make_profile: Callable[..., Profile], sign_in: Callable[[Profile], Browser]) -> Browser:
    return sign_in(make_profile("99999999-9999-4999-8999-999999999999", "Charles Babbage"))


@pytest.fixture(autouse=True)
def job(make_job: Callable[..., Job]) -> Job:
    return make_job()


def test_the_routes_are_there() -> None:
    assert len({path for _, path in WITH_ID}) >= 6
    assert len(CASES) > 10


@pytest.mark.parametrize(("method", "path"), CASES)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_strangers_get_not_found(stranger: Browser, web: Services, method: str, path: str, accept: str) -> None:
    token = stranger.get("/logout").field("csrf_token")
    if method == "POST":
        answer = stranger.post(path, {"csrf_token": token}, Accept=accept)
    else:
        answer = stranger.request(method, path, {"Accept": accept})
    assert answer.status == 404
    assert b"free_1.vcf" not in answer.body
    assert web.jobs.get(JOB_ID) is not None


@pytest.mark.parametrize("job_id", ["nothing", "..", "%2e%2e", "22222222-2222-4222-8222-22222222222G"])
def test_what_is_no_id_is_not_found(browser: Browser, job_id: str) -> None:
    assert browser.get(f"/annotations/{job_id}").status == 404


def test_strangers_upload_is_not_found(stranger: Browser, ada: Profile) -> None:
    assert stranger.get(f"/annotate/job?key={ada.identity_id}/{JOB_ID}/free_1.vcf").status == 404


def test_strangers_list_is_empty(stranger: Browser) -> None:
    assert stranger.get_json("/annotations").json == {"jobs": [], "next": None, "cut_short": False}
