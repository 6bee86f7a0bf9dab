"""The quick part of `make golden`, and what its comparison reports."""

from __future__ import annotations

from pathlib import Path

from tests.golden.__main__ import differences, recorded, run
from tests.golden.inputs import inputs
from tests.golden.outputs import sums_of


def test_outputs_are_those_recorded() -> None:
    sums, seen, different = recorded(), 0, []
    for one, found in run(lambda one: one.quick):
        seen += 1
        different += differences(one.name, found, sums)
    assert different == [], "run `python -m tests.golden --record` if the change is meant, and name it in CHANGELOG"
    assert seen > 50


def test_each_input_is_recorded_once(tmp_path: Path) -> None:
    names = [one.name for one in inputs(tmp_path)]
    assert sorted(names) == sorted(recorded())


def test_the_first_line_that_differs_is_named() -> None:
    sums = {"a": {"vcf": sums_of(["x", "y", "z"]), "summary": sums_of(["s"])}}
    assert differences("a", {"vcf": ["x", "y", "z"], "summary": ["s"]}, sums) == []
    assert differences("a", {"vcf": ["x", "Y", "Z"], "summary": ["s"]}, sums) == ["a: vcf differs: line 2 is now: Y"]
    assert differences("a", {"vcf": ["x", "y"], "summary": ["s"]}, sums) == [
        "a: vcf differs: it has 2 lines, and had 3"]  # fmt: skip
    assert differences("a", {"vcf": ["x", "y", "z"], "log": []}, sums) == [
        "a: summary is no longer written", "a: log is not recorded"]  # fmt: skip
    assert differences("b", {"vcf": []}, sums) == ["b: vcf is not recorded"]
