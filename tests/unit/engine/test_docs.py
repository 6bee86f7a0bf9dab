"""The page of the documentation names every code and every field that a user can meet."""

from __future__ import annotations

from annotator.engine import Reference
from annotator.engine.errors import INPUT_ERRORS, WARNINGS
from annotator.engine.output.info_fields import info_lines
from tests.unit.engine.conftest import PROJECT


def test_every_code_and_field_is_documented(rcrs: Reference) -> None:
    page = (PROJECT / "docs" / "annotation.md").read_text("utf-8")
    names = [*INPUT_ERRORS, *WARNINGS, *info_lines(rcrs)]
    assert [name for name in names if f"`{name}`" not in page] == []
