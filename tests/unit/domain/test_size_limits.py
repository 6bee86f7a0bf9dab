"""Every string in a record has a bound, so that no record is larger than DynamoDB takes."""
from __future__ import annotations

import json
from dataclasses import fields

import pytest

from annotator.worker.annotate_job import KEY_FIGURES, key_figures
from chalicelib.aws.dynamodb.items import to_item
from chalicelib.domain.job_note import LONGEST_NOTE, read_note
from chalicelib.domain.job_record import to_record
from chalicelib.domain.jobs import JobReason, JobStatus
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.names import LONGEST_NAME
from chalicelib.domain.size_limits import LARGEST_RECORD, LARGEST_SUMMARY, LONGEST_TEXT, LONGEST_WORD, shortened
from chalicelib.exceptions import JobFailure
from tests.job_records import job_of, result_names

USER, JOB = "1" * 36, "aaaaaaaa-0000-4000-8000-000000000001"
LONG = "𝔘" * 1_000_000


def test_texts_are_cut_to_bytes_and_say_so() -> None:
    assert shortened("short", 5) == "short"
    assert shortened("longer", 5) == "lo…"
    for most in range(3, 12):
        cut = shortened("äöü𝔘xyz", most)
        assert len(cut.encode()) <= most
        assert cut == "äöü𝔘xyz" or cut.endswith("…")
    assert shortened("\ud800" * 10, 100)  # what UTF-8 cannot hold is no error here


def test_a_reason_is_short_whatever_the_file_has_in_it() -> None:
    reason = JobFailure(LONG, LONG, LONG, line=1, field=LONG, text=LONG).as_reason()
    assert LONGEST_TEXT - 4 < len(reason.message.encode()) <= LONGEST_TEXT
    assert LONGEST_WORD - 4 < len(reason.text.encode()) <= LONGEST_WORD
    assert sum(len(str(getattr(reason, one.name)).encode()) for one in fields(reason)) < 10_000


def test_key_figures_fit_whatever_names_contigs_genes_and_warnings_have() -> None:
    hostile = {name: {f"{number}{LONG[:50_000]}": {"count": number, "text": LONG[:50_000]} for number in range(60)}
               for name in KEY_FIGURES}
    figures = key_figures(hostile)
    assert len(json.dumps(figures)) <= LARGEST_SUMMARY
    small = {"records": 3, "contigs": {f"chr{number}": number for number in range(100)}, "warnings": ["a", "b"]}
    assert key_figures(small) == {**small, "contigs": {f"chr{number}": number for number in range(40)}}


def test_the_largest_job_fits_into_a_record() -> None:
    name = "ü" * (LONGEST_NAME - 4) + ".vcf"
    names, prefix = result_names(name), f"{USER}/{JOB}/"
    hostile = {one: {f"{number}{LONG[:300]}": [1] * 50 for number in range(60)} for one in KEY_FIGURES}
    job = job_of(job_id=JOB, user_id=USER, input_file_name=name, input_file_size=10**12, s3_inputs_bucket="b" * 63,
              s3_key_input_file=(prefix + name)[:1024], submit_time=1, reference="r" * LONGEST_WORD,
              reference_title="t" * LONGEST_WORD, reference_found=shortened(LONG, LONGEST_TEXT),
              job_status=JobStatus.FAILED, s3_key_result_file=prefix + names["results"],
              s3_key_archived_index_file=prefix + names["index"], note=read_note(LONG), summary=key_figures(hostile),
              error=JobReason(code=LONG, message=LONG, hint=LONG, field=LONG, text=LONG))
    assert job.note is not None
    assert len(job.note) <= LONGEST_NOTE
    assert len(json.dumps(to_item(to_record(job)), ensure_ascii=False).encode()) < LARGEST_RECORD / 2


@pytest.mark.parametrize("job_id", ["pace", "", "../x", JOB.upper(), f"unnamed:b/{JOB}"])
def test_a_message_to_the_annotator_names_a_job_and_no_other_record(job_id: str) -> None:
    assert JobRequest.from_json(json.dumps({"job_id": JOB, "user_id": USER})).job_id == JOB
    with pytest.raises(ValueError, match="not a job request"):
        JobRequest.from_json(json.dumps({"job_id": job_id, "user_id": USER}))
