"""Fixtures of the integration tests."""
from __future__ import annotations

import os

import pytest
from aws_lambda_powertools import Logger

from chalicelib.services import Services
from chalicelib.settings import NEEDED
from tests.integration.support.cold import Functions, make_functions

Logger()  # the parent of the use cases' loggers, which every function and the annotator make when they start


@pytest.fixture(autouse=True)
def needed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions can be imported without AWS; they get their real services from the tests."""
    for name in {name for names in NEEDED.values() for name in names} - set(os.environ):
        monkeypatch.setenv(name, "given-by-the-test")


@pytest.fixture
def functions(services: Services, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions behind queues, with the services of the test."""
    return make_functions(services, monkeypatch)
