"""Names of a user's own annotations: which are taken, and what fields are called after."""
from __future__ import annotations

import pytest

from chalicelib.domain.job_record import from_record, to_record
from chalicelib.domain.jobs import LayerFile
from chalicelib.domain.layers import check_layer_name, layer_name, safe_file_name
from chalicelib.domain.names import InputKey
from chalicelib.exceptions import JobFailure
from tests.job_records import job_of

JOB = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.mark.parametrize("name", ["a.vcf", "a.BED", "a.bed.gz", "my targets.bed.zst", "a.bcf"])
def test_files_that_are_taken(name: str) -> None:
    check_layer_name(name)


@pytest.mark.parametrize(("name", "code"), [
    ("", "no_name"), ("a.txt", "wrong_layer_extension"), ("a/b.bed", "bad_name"),
    ("x" * 252 + ".bed", "name_too_long")])
def test_files_that_are_refused(name: str, code: str) -> None:
    with pytest.raises(JobFailure) as caught:
        check_layer_name(name)
    assert caught.value.reason.code == code


@pytest.mark.parametrize(("name", "fields"), [
    ("cohort.vcf.gz", "cohort"), ("my targets (v2).bed", "my_targets_v2"), ("1000G.vcf", "_1000G"),
    ("数据.bed", "LAYER"), ("Panel-A.BED", "Panel_A"), ("x" * 90 + ".bed", "x" * 40)])
def test_fields_are_called_after_the_file(name: str, fields: str) -> None:
    assert layer_name(name) == fields


@pytest.mark.parametrize(("name", "safe"), [
    ("a b;$(x).bed", "a_b___x_.bed"), ("-o.bed", "_o.bed"), ("../../x.bed", "x.bed"), ("ñ.bed", "_.bed"),
    ("y" * 120 + ".bed", "_" + "y" * 96 + ".bed")])
def test_names_on_disk_do_no_harm(name: str, safe: str) -> None:
    assert safe_file_name(name) == safe


def test_a_key_tells_annotations_from_the_input_file() -> None:
    layer, other = InputKey.parse(f"ada/{JOB}/layer/a.bed"), InputKey.parse(f"ada/{JOB}/layer.vcf")
    assert layer is not None
    assert other is not None
    assert (layer.layer_name, other.layer_name) == ("a.bed", None)


def test_the_record_counts_all_that_was_uploaded() -> None:
    job = job_of(job_id=JOB, user_id="ada", input_file_name="a.vcf", input_file_size=130, layer_file_name="a.bed",
                 layer_file_size=30, s3_inputs_bucket="b", s3_key_input_file="k", submit_time=1, reference="rCRS")
    assert (job.input.size, job.layer, job.uploaded_size) == (100, LayerFile(name="a.bed", size=30), 130)
    record = to_record(job)
    assert (record["input_file_size"], record["layer_file_size"]) == (130, 30)
    assert from_record(record) == job
