"""`python -m infra smoke https://...`: the walk of `demo` against a deployed site, and what visitors see."""
from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from infra.errors import OperatorError
from infra.local.browser import Browser, UnexpectedAnswerError, forms
from infra.local.demo import annotate

SESSION_VARIABLE = "GAS_SESSION"
_ASSET = re.compile(r'(?:href|src)="([^"]*/static/[^"]+\.(?:css|js))"')


def visit(browser: Browser) -> Iterator[str]:
    """Look at what everybody may see.

    Yields:
        What was found to work.

    Raises:
        OperatorError: Something does not.
    """
    home = browser.get("/")
    assets = _ASSET.findall(home.text)
    if home.status_code != 200 or not assets:
        raise UnexpectedAnswerError("The home page does not come", home)
    asset = browser.get(assets[0])
    if asset.status_code != 200 or "immutable" not in asset.headers.get("Cache-Control", ""):
        raise UnexpectedAnswerError("A static file does not come, or may not be cached", asset)
    yield "the home page and its static files come"
    private = browser.get("/annotations", headers={"Accept": "application/json"}, allow_redirects=False)
    if private.status_code != 401:
        raise UnexpectedAnswerError("A private page is not refused to strangers", private)
    login = browser.get("/login", allow_redirects=False)
    if login.status_code not in (302, 303) or "client_id=" not in login.headers.get("Location", ""):
        raise UnexpectedAnswerError("The sign-in does not lead to Globus", login)
    yield f"strangers are sent to sign in at {urlsplit(login.headers['Location']).netloc}"


def walk(browser: Browser, file: Path, timeout: float) -> None:
    """Upload a file, wait for it, download everything, delete it.

    Raises:
        OperatorError: A step does not work.
    """
    with tempfile.TemporaryDirectory() as directory:
        job_id = annotate(browser, file, Path(directory), timeout)
    delete(browser, job_id)
    gone = browser.get(f"/annotations/{job_id}", headers={"Accept": "application/json"}, allow_redirects=False)
    if gone.status_code != 404:
        raise UnexpectedAnswerError("The job was deleted, and its page is still there", gone)


def delete(browser: Browser, job_id: str) -> None:
    """Delete a job by the forms of its page.

    Raises:
        OperatorError: There is no such form, or the site refuses it.
    """
    path = f"/annotations/{job_id}/delete"
    page = browser.get(f"/annotations/{job_id}")
    for _ in range(2):  # the job's page, then the question whether that is meant
        form = next((form for form in forms(page.text) if urlsplit(form.action).path.endswith(path)), None)
        if form is None:
            break
        page = browser.submit(page, form)
    if page.status_code != 200 or urlsplit(page.url).path.endswith(path):
        raise UnexpectedAnswerError("The job cannot be deleted", page)


def smoke(browser: Browser, session: str, file: Path, timeout: float, say: Callable[[str], None]) -> None:
    """Everything that can be looked at.

    Args:
        session: Value of the session's cookie, "" for visitors only.
        timeout: Seconds until the job must have ended.

    Raises:
        OperatorError: Something does not work.
    """
    for finding in visit(browser):
        say(f"  {finding}")
    if not session:
        say(f"{SESSION_VARIABLE} is not set: no file was annotated.")
        return
    tls = browser.site.startswith("https://")
    browser.session.cookies.set("__Host-gas_session" if tls else "gas_session", session, secure=tls)
    if browser.get("/profile", headers={"Accept": "application/json"}).status_code != 200:
        raise OperatorError(f"The session in {SESSION_VARIABLE} is not known to the site.",
                            "Sign in again, and take the new cookie's value.")
    walk(browser, file, timeout)
    say("  a file was annotated, downloaded and deleted")
