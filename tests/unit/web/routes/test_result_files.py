"""Pages follow the table of result files: a further row is listed, documented and downloadable."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.result_files import RESULT_FILES, ResultFile
from chalicelib.services import Services
from tests.unit.web.conftest import JOB_ID, Browser

KEY = f"u/{JOB_ID}/free_1.genes.tsv"


@pytest.fixture
def make_row(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def make(downloadable: bool = True) -> None:
        monkeypatch.setitem(RESULT_FILES, "genes", ResultFile(
            kind="genes", suffix=".genes.tsv", content_type="text/tab-separated-values", title="Genes with variants",
            description="A line for each <gene>, for `sort`", downloadable=downloadable))
    return make


@pytest.fixture
def make_completed(web: Services, make_job: Callable[..., Job]) -> Callable[[], Job]:
    return lambda: make_job(job_status=JobStatus.COMPLETED, complete_time=web.clock(), s3_key_genes_file=KEY,
                            s3_results_bucket=web.settings.results_bucket)


def test_a_further_file_is_listed_and_downloaded(browser: Browser, make_row: Callable[..., None],
                                                 make_completed: Callable[[], Job]) -> None:
    make_row()
    make_completed()
    page = browser.get(f"/annotations/{JOB_ID}")
    assert "free_1.genes.tsv" in page.text
    assert "Genes with variants" in page.text
    assert f"/annotations/{JOB_ID}/files/genes" in page.html
    link = browser.get(f"/annotations/{JOB_ID}/files/genes")
    assert link.status == 302
    assert f"/{KEY}?" in link.headers["Location"]


def test_a_file_that_is_not_for_users_is_not_shown(browser: Browser, make_row: Callable[..., None],
                                                   make_completed: Callable[[], Job]) -> None:
    make_row(downloadable=False)
    make_completed()
    assert "genes.tsv" not in browser.get(f"/annotations/{JOB_ID}").html
    assert browser.get(f"/annotations/{JOB_ID}/files/genes").status == 404


def test_the_documentation_describes_every_file(browser: Browser, make_row: Callable[..., None]) -> None:
    make_row()
    html = browser.get("/docs/formats").html
    name = '<code class="file-name">calls.genes.tsv</code>'
    assert f"<td>{name}</td><td>A line for each &lt;gene&gt;, for <code>sort</code></td>" in html
    assert all(f">calls{file.suffix}</code>" in html for file in RESULT_FILES.values())
