"""What tests in every directory can ask for, however pytest is called, and which of them run side by side."""
import os
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(Path(__file__).resolve().parent))
# Powertools reads these when the module of a function is imported, which happens while tests are collected.
os.environ |= {"POWERTOOLS_METRICS_NAMESPACE": "GAS", "POWERTOOLS_TRACE_DISABLED": "true"}
pytest_plugins = ["tests.packaged_stack", "tests.aws_rules", "tests.aws_rules.lagging_indexes", "tests.aws_rules.web",
                  "tests.repeated_writes"]

TOGETHER = ("tests/browser/", "tests/e2e/", "tests/performance/")
"""Tests that share one running service, or measure: one process runs them all, one after the other."""


class ServiceBesideTheRest(LoadScopeScheduling):
    """Gives the tests of the running service to one process, which begins first, and all others one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return "service" if nodeid.startswith(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServiceBesideTheRest:
    """What `--numprocesses` shares tests out by."""
    return ServiceBesideTheRest(config, log)
