"""Chromium, the site with every state that a job can be in, and what every browser test watches for."""
from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from app import app
from chalicelib.aws.sqs import WorkQueue
from chalicelib.domain.profiles import Profile, Role
from chalicelib.domain.sessions import Session
from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.browser.local_site import served
from tests.browser.states import make_jobs
from tests.browser.variants_file import Bucket
from tests.conftest import PROJECT

ARTIFACTS = PROJECT / "test-artifacts" / "browser"
CHROMIUM = os.environ.get("GAS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
TOKEN = "a-browser-test-session"
MARY, MARYS_TOKEN = "33333333-3333-4333-8333-333333333333", "another-browser-test-session"
ADA = "11111111-1111-4111-8111-111111111111"
WIDE, NARROW = (1440, 900), (390, 844)

# A function's first call in the emulator unpacks the whole artifact; on a busy machine that outlasts five seconds.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests; Debian's, as `make` installs it."""
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no Chromium here: install the package chromium, or set GAS_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"])
        yield browser
        browser.close()


class Watcher:
    """Collects what a page complains of: script errors, failed requests, policy violations."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


@pytest.fixture
def bucket() -> Bucket:
    """The results bucket of the tests' AWS, as browsers see it."""
    return Bucket()


@pytest.fixture
def new_page(chromium: Browser, bucket: Bucket) -> Iterator[Callable[..., tuple[Page, Watcher]]]:
    """Opens pages: `new_page(size=NARROW, scheme="dark")` gives a page and its watcher."""
    contexts: list[BrowserContext] = []

    def open_page(size: tuple[int, int] = WIDE, scheme: str = "light", base_url: str | None = None,
                  cookie: str | None = None, javascript: bool = True) -> tuple[Page, Watcher]:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
                                       base_url=base_url, locale="en-GB", timezone_id="Europe/Berlin",
                                       java_script_enabled=javascript, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        bucket.serve(context)
        if cookie is not None and base_url is not None:
            context.add_cookies([{"name": "gas_session", "value": cookie, "url": base_url, "httpOnly": True}])
        contexts.append(context)
        page = context.new_page()
        return page, Watcher(page)

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def local_site(services: Services, aws: dict[str, str], make_profile: Callable[..., Profile]) -> Iterator[str]:
    """The address of the site in this process, where Ada has a job in every state; `TOKEN` is her session.

    Mary is premium and has no jobs; `MARYS_TOKEN` is hers.
    """
    ada, mary = make_profile(ADA), make_profile(MARY, "Mary Somerville", Role.PREMIUM)
    with served(app) as address:
        here = replace(services, settings=replace(services.settings, site_url=address),
                       **{f"{name}_queue": WorkQueue(aws[f"{name.title()}QueueUrl"])
                          for name in ("archive", "restore", "notify")})
        runtime.use(here)
        for profile, token in ((ada, TOKEN), (mary, MARYS_TOKEN)):
            here.sessions.put(Session(session_id=hashlib.sha256(token.encode()).hexdigest(),
                                      user_id=profile.identity_id, csrf_token="csrf", created=here.clock(),
                                      expires=here.clock() + 3600))
        make_jobs(here, ada)
        yield address
    runtime.use(None)


@pytest.fixture(scope="session")
def packaged_site(request: pytest.FixtureRequest) -> str:
    """The address of the packaged service: a stack that runs already (GAS_SITE), or the tests' own."""
    running = os.environ.get("GAS_SITE")
    if running:
        return running
    stack = request.getfixturevalue("stack")
    return str(stack.settings.site)
