"""Fixtures of the integration tests."""
from __future__ import annotations

import pytest

from chalicelib.services import Services
from tests.integration.cold import Functions, make_functions


@pytest.fixture
def functions(services: Services, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions behind queues, with the services of the test."""
    return make_functions(services, monkeypatch)
