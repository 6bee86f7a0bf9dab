"""Where consequences are reported: what forms, records and messages say of it."""
from __future__ import annotations

import pytest

from chalicelib.domain.job_record import from_record, to_record
from chalicelib.domain.jobs import InputFile, Job
from chalicelib.domain.messages import CopyInput, decode
from chalicelib.domain.placement import read_shift_3prime
from chalicelib.exceptions import JobFailure

JOB = "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(("value", "shift"), [(None, False), ("", False), ("no", False), ("yes", True)])
def test_forms(value: str | None, shift: bool) -> None:
    assert read_shift_3prime(value) is shift


@pytest.mark.parametrize("value", ["true", "YES", "left", "no "])
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(JobFailure) as caught:
        read_shift_3prime(value)
    assert (caught.value.code, value in caught.value.message) == ("placement_unknown", True)


def test_a_record_from_before_the_choice_means_left_aligned() -> None:
    job = Job(job_id=JOB, user_id="u", submit_time=1, reference="rCRS", shift_3prime=True,
              input=InputFile(name="a.vcf", size=1, bucket="b", key="k"))
    record = to_record(job)
    assert from_record(record).shift_3prime is True
    del record["shift_3prime"]
    assert from_record(record).shift_3prime is False


def test_a_message_from_before_the_choice_means_left_aligned() -> None:
    copy = CopyInput(user_id="u", copy_of=JOB, job_id=JOB, reference="rCRS", file_name="a.vcf", shift_3prime=True)
    assert decode(copy.to_json(), CopyInput).shift_3prime is True
    assert decode(copy.to_json().replace('"shift_3prime":true,', ""), CopyInput).shift_3prime is False
