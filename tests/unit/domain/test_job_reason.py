"""A failure's reason, as records keep it."""
from __future__ import annotations

import msgspec
import pytest

from chalicelib.domain.job_reason import JobReason
from chalicelib.exceptions import JobFailure

LEAST = {"code": "empty_file", "message": "The file is empty."}
ALL = {**LEAST, "hint": "Upload another.", "line": 17, "column": 4, "field": "REF", "text": "MT\t1\t."}


@pytest.mark.parametrize("record", [LEAST, ALL])
def test_a_record_has_what_applies_and_comes_back(record: dict[str, str | int]) -> None:
    reason = msgspec.convert(record, JobReason)
    assert reason == JobReason(**record)
    assert msgspec.to_builtins(reason) == record


def test_fields_of_newer_versions_are_ignored_and_wrong_ones_named() -> None:
    assert msgspec.convert({**ALL, "severity": 1}, JobReason) == JobReason(**ALL)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.line"):
        msgspec.convert({**ALL, "line": "17"}, JobReason)


def test_a_failure_shows_its_reason() -> None:
    failure = JobFailure(JobReason(**ALL))
    assert (failure.code, failure.message, failure.hint) == (ALL["code"], ALL["message"], ALL["hint"])
    assert str(failure) == ALL["message"]
