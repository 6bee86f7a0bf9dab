"""Messages: what is sent is what is read, and what is wrong with a message is said by its field."""
from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import (
    AllRestored,
    ArchiveJob,
    ArchiveMessage,
    ArchiveUser,
    ArchiveWarning,
    CopyInput,
    EraseUser,
    JobRequest,
    JobResult,
    Message,
    NotifyMessage,
    PremiumEnded,
    RestoreJob,
    RestoreMessage,
    RestoreUser,
    ThawJob,
    decode,
)
from chalicelib.domain.profiles import Role
from chalicelib.exceptions import InvalidMessageError

USER, JOB, OTHER = "u-1", "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
RESULT = JobResult(user_id=USER, job_id=JOB, job_status=JobStatus.COMPLETED, role=Role.FREE, complete_time=7)
COPY = CopyInput(user_id=USER, copy_of=JOB, job_id=OTHER, reference="auto", file_name="a.vcf")

SENT: list[tuple[Message, Any, dict[str, Any]]] = [
    (JobRequest(user_id=USER, job_id=JOB), JobRequest, {"type": "job_request", "job_id": JOB}),
    (RESULT, ArchiveMessage,
     {"type": "job_result", "job_id": JOB, "job_status": "COMPLETED", "role": "free_user", "complete_time": 7}),
    (RESULT, NotifyMessage,
     {"type": "job_result", "job_id": JOB, "job_status": "COMPLETED", "role": "free_user", "complete_time": 7}),
    (ArchiveJob(user_id=USER, job_id=JOB), ArchiveMessage, {"type": "archive_job", "job_id": JOB}),
    (ArchiveUser(user_id=USER), ArchiveMessage, {"type": "archive_user"}),
    (ArchiveUser(user_id=USER, due=9, cursor="c"), ArchiveMessage, {"type": "archive_user", "due": 9, "cursor": "c"}),
    (RestoreJob(user_id=USER, job_id=JOB, again=True), RestoreMessage,
     {"type": "restore_job", "job_id": JOB, "again": True}),
    (RestoreUser(user_id=USER, start={"job_id": JOB}, again=True), RestoreMessage,
     {"type": "restore_user", "start": {"job_id": JOB}, "again": True}),
    (ThawJob(user_id=USER, job_id=JOB), ThawJob, {"type": "thaw_job", "job_id": JOB}),
    (EraseUser(user_id=USER), EraseUser, {"type": "erase_user"}),
    (COPY, CopyInput,
     {"type": "copy_input", "copy_of": JOB, "job_id": OTHER, "reference": "auto", "file_name": "a.vcf"}),
    (ArchiveWarning(user_id=USER, job_id=JOB), NotifyMessage, {"type": "archive_warning", "job_id": JOB}),
    (AllRestored(user_id=USER), NotifyMessage, {"type": "all_restored"}),
    (PremiumEnded(user_id=USER), NotifyMessage, {"type": "premium_ended"}),
]


@pytest.mark.parametrize(("message", "kinds", "body"), SENT, ids=lambda value: getattr(value, "__name__", None))
def test_what_is_sent_is_what_is_read(message: Message, kinds: Any, body: dict[str, Any]) -> None:
    assert json.loads(message.to_json()) == {**body, "user_id": USER}
    assert decode(message.to_json(), kinds) == message
    newer = {**json.loads(message.to_json()), "of_a_newer_version": [1]}
    assert decode(json.dumps(newer), kinds) == message


def test_no_two_messages_have_one_type() -> None:
    kinds = {type(message) for message, *_ in SENT}
    assert kinds == set(Message.__subclasses__()), "every message is tested"
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(("kinds", "body", "field"), [
    (JobRequest, {"job_id": JOB}, "user_id"),
    (JobRequest, {"job_id": JOB, "user_id": ""}, "user_id"),
    (JobRequest, {"job_id": JOB, "user_id": None}, "user_id"),
    (ArchiveMessage, {"type": "archive_job", "user_id": USER}, "job_id"),
    (ArchiveMessage, {"type": "archive_user", "user_id": USER, "due": "soon"}, "due"),
    (ArchiveMessage, {"type": "restore_user", "user_id": USER}, "type"),
    (ArchiveMessage, {"type": "job_result", "user_id": USER, "job_id": JOB, "job_status": "DONE", "role": "free_user",
                      "complete_time": 1}, "job_status"),
    (RestoreMessage, {"type": "restore_user", "user_id": USER, "start": {"job_id": 1}}, "start"),
    (RestoreMessage, {"type": "restore_job", "user_id": USER, "job_id": JOB, "again": "yes"}, "again"),
    (NotifyMessage, {"kind": "unheard_of", "user_id": USER}, "type"),
    (CopyInput, {**json.loads(COPY.to_json()), "copy_of": "x"}, "copy_of"),
    (EraseUser, {}, "user_id"),
])
def test_an_error_names_the_field(kinds: Any, body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidMessageError, match=rf"`(\$\.)?{field}\b"):
        decode(json.dumps({"type": getattr(kinds, "__struct_config__", None) and kinds.__struct_config__.tag, **body}),
               kinds)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "5", "\x00", "[" * 3000, '"job_request"', "1e999", "\ud800"])
def test_what_is_no_message_is_an_error_of_the_domain(body: str) -> None:
    with pytest.raises(InvalidMessageError):
        decode(body, ArchiveMessage)


@pytest.mark.parametrize("job_id", ["pace", "", "../x", JOB.upper(), f"unnamed:b/{JOB}", f"{JOB}\n"])
def test_a_message_names_a_job_and_no_other_record(job_id: str) -> None:
    for message, kinds, body in SENT:
        if "job_id" in body:
            wrong = {**json.loads(message.to_json()), "job_id": job_id}
            with pytest.raises(InvalidMessageError, match=r"`\$\.job_id`"):
                decode(json.dumps(wrong), kinds)


BEFORE: list[tuple[Any, dict[str, Any], Message]] = [
    (JobRequest, {"job_id": JOB}, JobRequest(user_id=USER, job_id=JOB)),
    (ArchiveMessage, {"job_id": JOB, "job_status": "COMPLETED", "role": "free_user", "complete_time": 7}, RESULT),
    (NotifyMessage, {"job_id": JOB, "job_status": "COMPLETED", "role": "free_user", "complete_time": 7}, RESULT),
    (ArchiveMessage, {"job_id": JOB}, ArchiveJob(user_id=USER, job_id=JOB)),
    (ArchiveMessage, {"due": 9}, ArchiveUser(user_id=USER, due=9)),
    # It lists from the beginning again: what has been archived since is not requested twice.
    (ArchiveMessage, {"start": {"cursor": "c"}}, ArchiveUser(user_id=USER)),
    (RestoreMessage, {"job_id": JOB, "again": True}, RestoreJob(user_id=USER, job_id=JOB, again=True)),
    (RestoreMessage, {"again": True}, RestoreUser(user_id=USER, again=True)),
    (RestoreMessage, {"start": {"job_id": JOB, "user_id": USER, "results_file_archive_id": "a"}},
     RestoreUser(user_id=USER, start={"job_id": JOB, "user_id": USER, "results_file_archive_id": "a"})),
    (ThawJob, {"job_id": JOB}, ThawJob(user_id=USER, job_id=JOB)),
    (EraseUser, {}, EraseUser(user_id=USER)),
    (CopyInput, {"copy_of": JOB, "job_id": OTHER, "reference": "auto", "file_name": "a.vcf"}, COPY),
    (NotifyMessage, {"kind": "archive_warning", "job_id": JOB}, ArchiveWarning(user_id=USER, job_id=JOB)),
    (NotifyMessage, {"kind": "all_restored", "job_id": ""}, AllRestored(user_id=USER)),
    (NotifyMessage, {"kind": "premium_ended", "job_id": ""}, PremiumEnded(user_id=USER)),
]


@pytest.mark.parametrize(("kinds", "body", "message"), BEFORE)
def test_messages_of_the_version_without_types_are_still_read(
        kinds: Any, body: dict[str, Any], message: Message) -> None:
    assert decode(json.dumps({**body, "user_id": USER}), kinds) == message
