"""What the web function counts."""
from __future__ import annotations

import json

import pytest

from chalicelib.web import monitoring


def test_counts_go_to_the_namespace_of_the_stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "GAS/a-stage")
    monitoring.count("SignIns")
    monitoring.flush_counts()
    written = json.loads(capsys.readouterr().out)
    assert written["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "GAS/a-stage"
    assert written["SignIns"] == [1.0]
    monitoring.flush_counts()
    assert capsys.readouterr().out == "", "counted once"
