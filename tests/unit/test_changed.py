"""A changed file leads to the unit tests of its package."""
from __future__ import annotations

import pytest

from tests.changed import PROJECT, mirrored_tests, without_nested


@pytest.mark.parametrize(("path", "tests"), [
    ("annotator/engine/vcf/header.py", "tests/unit/engine/vcf"),
    ("annotator/engine/reference/build/recipe.py", "tests/unit/engine/reference"),
    ("annotator/worker/loop.py", "tests/unit/worker"),
    ("chalicelib/web/routes/auth.py", "tests/unit/web/routes"),
    ("chalicelib/aws/dynamodb/jobs.py", "tests/unit/aws"),
    ("chalicelib/services.py", None),
    ("lambdas/thaw.py", "tests/unit/lambdas"),
    ("infra/aws/deploy.py", "tests/unit/infra/aws"),
    ("docs/architecture.md", "tests/unit/test_documentation.py"),
    ("tests/unit/web/conftest.py", "tests/unit/web"),
    ("tests/unit/test_changed.py", "tests/unit/test_changed.py"),
    ("tests/unit/test_that_was_deleted.py", None),
    ("frontend/src/card.png", None),
    ("frontend/src/scripts/upload/header.ts", "tests/unit/frontend"),
])
def test_tests_of_a_file(path: str, tests: str | None) -> None:
    assert mirrored_tests(path) == tests
    assert tests is None or (PROJECT / tests).exists()


def test_folders_include_what_is_in_them() -> None:
    assert without_nested({"tests/unit/web", "tests/unit/web/routes", "tests/unit/aws"}) == [
        "tests/unit/aws", "tests/unit/web"]
