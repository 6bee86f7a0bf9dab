"""File names, object keys and the names of results."""
from __future__ import annotations

import pytest

from chalicelib.domain.names import InputKey, check_file_name, is_job_id, key_prefix
from chalicelib.domain.result_files import INDEX, RESULT_FILES, RESULTS, result_name
from chalicelib.exceptions import JobFailure

JOB = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("name", ["a.vcf", "a.VCF.GZ", "my file+~.vcf.bgz", "ünïcödé 数据.vcf", "x" * 251 + ".vcf"])
def test_names_of_vcf_files_are_taken(name: str) -> None:
    check_file_name(name)
    assert InputKey.parse(f"user/{JOB}/{name}") == InputKey("user", JOB, name)


@pytest.mark.parametrize(("name", "code"), [
    ("a.txt", "wrong_extension"), ("vcf", "wrong_extension"), ("a.vcf.zip", "wrong_extension"),
    ("x" * 252 + ".vcf", "name_too_long"), ("a/b.vcf", "bad_name"), ("a\\b.vcf", "bad_name"),
    ("a\x00.vcf", "bad_name"), ("a\n.vcf", "bad_name"),
])
def test_other_names_are_refused_with_a_reason(name: str, code: str) -> None:
    with pytest.raises(JobFailure) as failure:
        check_file_name(name)
    assert failure.value.code == code
    assert failure.value.hint


@pytest.mark.parametrize("key", ["", "user", f"user/{JOB}", "user/not-a-job/a.vcf", f"/{JOB}/a.vcf",
                                 f"user/{JOB.upper().replace('0', 'A')}/a.vcf"])
def test_keys_outside_the_layout_are_none_of_ours(key: str) -> None:
    assert InputKey.parse(key) is None


def test_a_form_without_a_file_has_a_key_without_a_name() -> None:
    assert InputKey.parse(f"user/{JOB}/") == InputKey("user", JOB, "")


@pytest.mark.parametrize("name", ["a\u202efcv.vcf", "a\u2066.vcf", "a\x85.vcf", "a\\.vcf", "a\n.vcf", "a/b.vcf"])
def test_names_that_are_shown_wrongly_are_refused(name: str) -> None:
    with pytest.raises(JobFailure) as refused:
        check_file_name(name)
    assert refused.value.code == "bad_name"


@pytest.mark.parametrize("name", ["הגנום.vcf", "ज़\u200d.vcf", "é.vcf", "a b.vcf.gz"])
def test_names_of_every_script_are_taken(name: str) -> None:
    check_file_name(name)


def test_a_key_goes_there_and_back() -> None:
    parts = InputKey("user", JOB, "a b+c.vcf")
    assert parts.key == key_prefix("user", JOB) + "a b+c.vcf"
    assert InputKey.parse(parts.key) == parts


@pytest.mark.parametrize(("name", "results"), [
    ("free_1.vcf", "free_1.annot.vcf.gz"), ("a.b.vcf.gz", "a.b.annot.vcf.gz"), ("a.vcf.BGZ", "a.annot.vcf.gz"),
    (".vcf", ".vcf.annot.vcf.gz"),
])
def test_results_are_named_after_the_input(name: str, results: str) -> None:
    assert result_name(name, RESULTS) == results
    assert result_name(name, INDEX) == results + ".tbi"
    assert result_name(name, INDEX, ".annot.vcf.gz.csi") == results + ".csi"


def test_the_longest_input_name_still_gives_names_that_file_systems_take() -> None:
    names = [result_name("数" * 251 + ".vcf", file.kind, suffix) for file in RESULT_FILES.values()
             for suffix in file.suffixes]
    assert all(name.startswith("数" * 70) and len(name.encode()) <= 255 for name in names)


def test_job_ids_are_canonical_uuids() -> None:
    assert is_job_id(JOB)
    assert not is_job_id(JOB + "\n")
    assert not is_job_id("../" + JOB)
