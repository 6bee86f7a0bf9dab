"""A caller on the contig of the casebook."""

from __future__ import annotations

import pytest

from annotator.engine.consequence import ConsequenceCaller
from tests.unit.engine.consequence import casebook


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> ConsequenceCaller:
    return casebook.caller(tmp_path_factory.mktemp("models"))
