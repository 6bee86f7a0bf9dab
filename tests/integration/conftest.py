"""Fixtures of the integration tests."""
from __future__ import annotations

import os

import pytest

from chalicelib.services import Services
from chalicelib.settings import NEEDED
from tests.integration.support.cold import Functions, make_functions


@pytest.fixture(autouse=True)
def needed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions can be imported without AWS; they get their real services from the tests."""
    for name in {name for names in NEEDED.values() for name in names} - set(os.environ):
        monkeypatch.setenv(name, "given-by-the-test")


@pytest.fixture
def functions(services: Services, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions behind queues, with the services of the test."""
    return make_functions(services, monkeypatch)
