"""Pages: what a handler costs beside the plainest one, what a cold start imports, and what a first visit weighs.

Figures go to `test-artifacts/performance/pages.json`. Asserted are ratios within one run, sizes and counts.
"""
from __future__ import annotations

import hashlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chalice.test import Client
from moto.core.botocore_stubber import BotocoreStubber

from app import app
from chalicelib.domain.profiles import Profile
from chalicelib.domain.sessions import Session
from chalicelib.services import Services
from chalicelib.web.http import assets, runtime
from chalicelib.web.http.response import SMALLEST_COMPRESSED
from tests.browser.states import JOB_IDS, make_jobs
from tests.conftest import PROJECT
from tests.unit.web.conftest import Browser

pytestmark = pytest.mark.performance

FIGURES = PROJECT / "test-artifacts" / "performance" / "pages.json"
ROUNDS = 7
PAGES = {
    "health": "/health", "home": "/", "annotate": "/annotate", "annotations": "/annotations", "profile": "/profile",
    "subscribe": "/subscribe", "job, running": f"/annotations/{JOB_IDS['running']}",
    "job, completed": f"/annotations/{JOB_IDS['completed']}", "log": f"/annotations/{JOB_IDS['completed']}/log",
    "annotations, searched": "/annotations?q=cohort&sort=name", "documentation": "/docs/annotation",
    "sample": "/sample",
    "not found": "/nothing-here"}
SLOWEST_PAGE = 200
"""Times the handler of /health, without the time that what stands in for AWS takes."""
SLOWEST_IMPORT = 4.0
"""Times importing Chalice and boto3 alone, in processor time. X-Ray's SDK, which makes two clients when it is
imported, takes as long as these two alone."""
HEAVIEST_VISIT = 150_000
"""Bytes over the wire on a first visit to the home page."""


def record(name: str, figures: Any) -> None:
    """Add figures to the file that the documentation is written from."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps({**known, name: figures}, indent=1, sort_keys=True))


@pytest.fixture
def browser(services: Services, make_profile: Callable[..., Profile]) -> Iterator[Browser]:
    """Ada's browser, signed in, with a job in every state."""
    ada = make_profile()
    make_jobs(services, ada)
    services.sessions.put(Session(session_id=hashlib.sha256(b"token").hexdigest(), user_id=ada.identity_id,
                                  csrf_token="csrf", created=services.clock(), expires=services.clock() + 3600))
    runtime.use(services)
    yield Browser(Client(app), {"__Host-gas_session": "token"})
    runtime.use(None)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that moto took for each call: it looks through whole tables where AWS has indexes."""
    seconds: list[float] = []
    answered = BotocoreStubber.process_request

    def timed(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return answered(*arguments, **named)
        finally:
            seconds.append(time.perf_counter() - begun)

    monkeypatch.setattr(BotocoreStubber, "process_request", timed)
    return seconds


def test_handlers(browser: Browser, waited: list[float]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in PAGES}
    for warm_up in (True, *[False] * ROUNDS):
        for name, address in PAGES.items():
            waited.clear()
            begun = time.perf_counter()
            answer = browser.get(address, Accept_Encoding="gzip")
            spent = time.perf_counter() - begun - sum(waited)
            assert answer.status in (200, 404), name
            if not warm_up:
                taken[name].append(spent)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ratios = {name: round(median / medians["health"], 1) for name, median in medians.items()}
    record("handlers", {"milliseconds": {name: round(median * 1000, 2) for name, median in medians.items()},
                        "times health": ratios})
    assert max(ratios.values()) < SLOWEST_PAGE, ratios


def test_cold_import() -> None:
    script = "import time; begun = time.process_time(); import {}; print(time.process_time() - begun)"
    taken: dict[str, list[float]] = {"app": [], "chalice, boto3": []}
    for _ in range(5):
        for modules, times in taken.items():
            done = subprocess.run([sys.executable, "-c", script.format(modules)], cwd=PROJECT, check=True,
                                  capture_output=True, text=True)
            times.append(float(done.stdout))
    app_time, base_time = (min(times) for times in taken.values())
    record("cold import", {"app, CPU seconds": round(app_time, 3),
                           "chalice and boto3, CPU seconds": round(base_time, 3),
                           "ratio": round(app_time / base_time, 2)})
    assert app_time / base_time < SLOWEST_IMPORT


def test_cold_start_leaves_out_what_only_a_login_needs() -> None:
    check = "import sys, app; print([name for name in ('globus_sdk', 'jwt', 'requests') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_first_visit(browser: Browser) -> None:
    browser.jar.clear()
    page = browser.get("/", Accept_Encoding="gzip")
    names = set(re.findall(r'="/static/([^"]+)"', browser.get("/").html)) - {assets.manifest()["licences.txt"]}
    weights = {"/": len(page.body)}
    for name in sorted(names):
        weights[name.partition("-")[0] if name.startswith("source") else re.sub(r"-[0-9a-f]{12}", "", name)] = \
            len(browser.get(f"/static/{name}", Accept="*/*", Accept_Encoding="gzip").body)
    record("first visit", {"bytes": weights, "bytes in all": sum(weights.values()), "requests": len(weights)})
    assert len(page.body) > SMALLEST_COMPRESSED / 2
    assert sum(weights.values()) < HEAVIEST_VISIT
    assert len(weights) <= 6


def test_looking_into_a_result(browser: Browser) -> None:
    """With the table's script, and without the genome view, which is fetched when somebody asks for it."""
    address = f"/annotations/{JOB_IDS['completed']}"
    page = browser.get(address, Accept_Encoding="gzip")
    named = assets.manifest()
    names = set(re.findall(r'="/static/([^"]+)"', browser.get(address).html)) - {named["licences.txt"], named["igv.js"]}
    assert named["variants.js"] in names
    weights = {name: len(browser.get(f"/static/{name}", Accept="*/*", Accept_Encoding="gzip").body) for name in names}
    whole = len(page.body) + sum(weights.values())
    record("job page", {"bytes in all": whole, "variants.js": weights[named["variants.js"]]})
    assert whole < HEAVIEST_VISIT
    assert weights[named["variants.js"]] < 40_000
