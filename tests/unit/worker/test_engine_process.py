"""What the worker makes of the lines that the engine writes."""
from __future__ import annotations

import inspect
import json
from types import SimpleNamespace
from typing import Any

import pytest

from annotator.engine.errors import InputError
from annotator.worker import engine_process
from annotator.worker.engine_process import run_engine
from annotator.worker.limited_process import Ended
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import JobProgress, Stage
from chalicelib.domain.plans import Plans
from chalicelib.domain.profiles import Role
from chalicelib.exceptions import JobFailure

PROGRESS = '{"stage": "checking", "records": 1200, "total": null, "warnings": 2}'
FAULT = InputError("wrong_column_count", "This line has 7 columns.", line=17, column=8, field="INFO", text=b"MT\t1")


def engine_says(monkeypatch: pytest.MonkeyPatch, *lines: str) -> tuple[list[JobProgress], JobReason]:
    """Run an engine that writes these lines and finds fault with its input."""
    def run_limited(_command: object, _limits: object, read: object, _stopping: object, _stream: object) -> Ended:
        assert callable(read)
        for line in lines:
            read(line)
        return Ended(engine_process.INPUT_AT_FAULT, "")

    monkeypatch.setattr(engine_process, "run_limited", run_limited)
    plan = Plans(free_upload_limit=1, premium_upload_limit=1, free_retention=1).of(Role.FREE)
    run: Any = SimpleNamespace(command=[], stream=None, limits=None, plan=plan, better=None)
    reports: list[JobProgress] = []
    with pytest.raises(JobFailure) as failed:
        run_engine(run, reports.append, lambda: False)
    return reports, failed.value.reason


def test_the_engines_error_and_the_jobs_reason_have_the_same_fields() -> None:
    taken = set(inspect.signature(InputError).parameters)
    of_the_worker = {"references"}
    assert taken == set(FAULT.as_dict()) == set(JobReason.__struct_fields__) - of_the_worker


def test_an_error_line_is_the_jobs_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    reports, reason = engine_says(monkeypatch, PROGRESS, json.dumps({"error": FAULT.as_dict()}))
    assert reports == [JobProgress(stage=Stage.CHECKING, records=1200, total=None, warnings=2)]
    assert {name: getattr(reason, name) for name in FAULT.as_dict()} == FAULT.as_dict()
    least = InputError("empty_file", "The file has no content.", hint="")
    _, reason = engine_says(monkeypatch, json.dumps({"error": least.as_dict()}))
    assert reason == JobReason("empty_file", "The file has no content.")


@pytest.mark.parametrize("line", [
    "", "{", "5", '{"stage": "resting"}', '{"stage": "checking", "records": "many"}', '{"error": "bad"}',
    '{"error": {"code": "bad_ref"}}', '{"error": {"code": "bad_ref", "message": "x", "line": "17"}}', '{"done": {}}'])
def test_a_line_that_is_no_report_changes_nothing(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    reports, reason = engine_says(monkeypatch, json.dumps({"error": FAULT.as_dict()}), line)
    assert reports == []
    assert reason.code == FAULT.code


def test_a_limit_of_the_plan_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = InputError("too_many_records", "The file has 3 records; 2 is the limit.")
    _, reason = engine_says(monkeypatch, json.dumps({"error": fault.as_dict()}))
    assert reason.message == fault.message
    assert reason.hint == f"This is the limit of the Free plan. {engine_process.SPLIT}."
