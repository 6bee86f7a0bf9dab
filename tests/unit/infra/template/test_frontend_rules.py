"""What the front end's scripts share with Python."""
from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from annotator.engine.errors import FINDINGS, INPUT_ERRORS
from chalicelib.domain.names import REASONS
from infra.template.frontend_rules import javascript, rules, write_rules


def test_templates_have_only_placeholders_that_the_scripts_can_fill() -> None:
    templates = [*(text for finding in FINDINGS.values() for text in (finding.message, finding.hint or "")),
                 *(text for reason in REASONS.values() for text in reason)]
    forms = {(form, conversion) for template in templates for _, name, form, conversion in Formatter().parse(template)
             if name is not None}
    assert forms <= {("", None), (",", None), ("", "r")}


def test_every_finding_has_a_known_code() -> None:
    assert {finding.code for finding in FINDINGS.values()} <= INPUT_ERRORS.keys()


@pytest.mark.parametrize(("pattern", "source", "flags"), [
    (re.compile(rb"a\s+b"), r"a[ \t\n\r\f\v]+b", ""),
    (re.compile(rb"[^<,\s]"), r"[^<, \t\n\r\f\v]", ""),
    (re.compile(rb"x(?!\S)"), r"x(?![^ \t\n\r\f\v])", ""),
    (re.compile(rb".[.]\Z"), r"[^\n][.]$", ""),
    (re.compile(rb"<.>", re.I | re.S), r"<.>", "is"),
    (re.compile(rb"\xff[\[\]]"), r"\xff[\[\]]", ""),
    (re.compile("[\u200e]"), "[\u200e]", "u"),
])
def test_patterns_in_javascript(pattern: re.Pattern[bytes], source: str, flags: str) -> None:
    assert javascript(pattern) == {"source": source, "flags": flags}


@pytest.mark.parametrize("pattern", [rb"(?P<name>a)", rb"\Aa", rb"[\S]"])
def test_patterns_that_javascript_reads_otherwise_are_refused(pattern: bytes) -> None:
    with pytest.raises(ValueError, match="in "):
        javascript(re.compile(pattern))


def test_rules_are_written_where_they_changed(tmp_path: Path) -> None:
    target = write_rules(tmp_path)
    assert json.loads(target.read_text()) == json.loads(json.dumps(rules()))
    before = target.stat().st_mtime_ns
    assert write_rules(tmp_path).stat().st_mtime_ns == before
    target.write_text("{}")
    write_rules(tmp_path)
    assert json.loads(target.read_text())["impacts"] == ["HIGH", "MODERATE", "LOW", "MODIFIER"]
