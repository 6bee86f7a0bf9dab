"""The page of the documentation names every code and every field that a user can meet, the overview every term."""

from __future__ import annotations

import re

from annotator.engine import Reference, consequence
from annotator.engine.consequence.output.csq_fields import FIELDS
from annotator.engine.consequence.so_terms import IMPACTS, TERMS
from annotator.engine.errors import INPUT_ERRORS, WARNINGS
from annotator.engine.output.info_fields import info_lines
from tests.unit.engine.conftest import PROJECT


def test_every_code_and_field_is_documented(rcrs: Reference) -> None:
    page = (PROJECT / "docs" / "annotation.md").read_text("utf-8")
    names = [*INPUT_ERRORS, *WARNINGS, *info_lines(rcrs), *(field.name for field in FIELDS)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_overview_of_consequences_lists_all_terms_by_severity() -> None:
    rows = re.findall(r"^ {4}([A-Z]*) +(\w+_\w+)  +\S", consequence.__doc__ or "", re.MULTILINE)
    assert tuple(term for _, term in rows) == TERMS
    impact = ""
    for (heading, term), expected in zip(rows, IMPACTS, strict=True):
        impact = heading or impact
        assert impact == expected, term
