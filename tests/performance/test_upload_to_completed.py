"""From upload to COMPLETED in the packaged service, and how much of it is annotation.

Figures go to `test-artifacts/performance/service.json`. Asserted is a share within one run, never a time.
"""
from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.aws.artifact import Artifact
from infra.local.browser import Browser
from tests.conftest import PROJECT

pytestmark = pytest.mark.performance

FIGURES = PROJECT / "test-artifacts" / "performance" / "service.json"
SAMPLE = PROJECT / "reference" / "rCRS" / "sample.vcf"
ROUNDS = 5
LARGEST_PACKAGE = 30_000_000
"""Bytes of deployment.zip."""


def annotate_alone(folder: Path) -> float:
    """Seconds that the engine's process takes for the same file, without the service around it."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "annotator", "annotate", str(SAMPLE), "--reference", "rCRS", "--out",
                    str(folder / "alone.vcf.gz")], check=True, capture_output=True)
    return time.monotonic() - begun


def test_time_from_upload_to_completed(sign_in: Callable[..., Browser], tmp_path: Path) -> None:
    browser = sign_in()
    browser.wait(browser.upload(SAMPLE), every=0.05)  # what starts cold has started then
    whole, alone = [], []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        job = browser.wait(browser.upload(SAMPLE), every=0.05)
        whole.append(time.monotonic() - begun)
        assert job["job_status"] == "COMPLETED"
        alone.append(annotate_alone(tmp_path))
    share = statistics.median(alone) / statistics.median(whole)
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps({
        "records": sum(not line.startswith("#") for line in SAMPLE.read_text().splitlines()),
        "upload to completed, seconds": round(statistics.median(whole), 3),
        "annotation alone, seconds": round(statistics.median(alone), 3),
        "share of annotation": round(share, 3)}, indent=1))
    # The rest is form, upload, two queues, two functions and the worker's heartbeat: it must not be all there is.
    assert share > 0.02


def test_the_package_stays_small(artifact: Artifact) -> None:
    size = (artifact.directory / "deployment.zip").stat().st_size
    assert size < LARGEST_PACKAGE
