"""Jobs in every state, with the figures that a real annotation of the mitochondrion has."""
from __future__ import annotations

from typing import Any

import boto3

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import JobProgress, JobStatus, RestoreStatus, RestoreTier, Stage
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from tests.browser.variants_file import parquet_bytes, variants_table
from tests.job_records import job_of, result_names

JOB_IDS = {name: f"22222222-2222-4222-8222-{number:012d}" for number, name in enumerate(
    ("pending", "running", "completed", "failed", "cancelled", "archived", "restoring"), start=1)}

SUMMARY: dict[str, Any] = {
    "records": 1141, "alleles": 1172, "snvs": 1145, "indels": 24, "multi_allelic": 31, "ti": 1071, "tv": 74,
    "titv": 14.473, "known": 1114, "novel": 26, "samples": 0,
    "consequences": {"stop_gained": 7, "start_lost": 2, "missense_variant": 253, "start_retained_variant": 1,
                     "stop_retained_variant": 2, "synonymous_variant": 510, "non_coding_transcript_exon_variant": 167,
                     "upstream_gene_variant": 203, "downstream_gene_variant": 12},
    "impacts": {"HIGH": 9, "MODERATE": 253, "LOW": 504, "MODIFIER": 374},
    "warnings": [{"code": "no_alternate_allele", "count": 1, "first_lines": [627],
                  "message": "no alternate allele (reference site or gVCF block); not annotated"}],
}

SUMMARY.update({
    "genes_hit": 37, "most_severe": {"missense_variant": 117, "stop_gained": 11, "synonymous_variant": 522},
    "contigs": {"MT": 1141},
    "density": {"MT": {"length": 16569, "bin": 166, "counts": [(n * 7) % 23 for n in range(100)]}}})
GENOME: dict[str, Any] = {
    **SUMMARY, "contigs": {name: 40 + place for place, name in enumerate([*map(str, range(22, 0, -1)), "X", "MT"])},
    "density": {str(n): {"length": 250_000_000 - n * 9_000_000, "bin": 2_500_000 - n * 90_000,
                         "counts": [(n * place) % 17 for place in range(100)]} for n in range(1, 23)}}

LOG = """Annotation of HG002 run 7 – família.vcf.gz
Reference: Human mitochondrial genome, revised Cambridge Reference Sequence (rCRS, NC_012920.1)

Warnings
  1 x no_alternate_allele: no alternate allele (reference site or gVCF block); not annotated (line 627)

Counts
  Records                                              1,141
  Single-nucleotide variants                           1,145
"""


def make_jobs(services: Services, profile: Profile) -> None:
    """Put one job of every state into the table, the newest first in the order of `JOB_IDS`."""
    now = services.clock()
    _put(services, profile, "pending", "cohort-2026-11.vcf.gz", now - 20)
    _put(services, profile, "running", "free_1.vcf", now - 90, job_status=JobStatus.RUNNING, start_time=now - 80,
         attempt=1, lease_owner="worker", lease_expires=now + 60,
         progress=JobProgress(stage=Stage.ANNOTATING, records=640, total=1141, warnings=2))
    completed = "HG002 run 7 – família.vcf.gz"
    _put(services, profile, "completed", completed, now - 7_010, job_status=JobStatus.COMPLETED, summary=SUMMARY,
         **_ended(now - 7_010), **_results(services, profile, "completed", completed),
         s3_key_variants_file=put_variants(services, profile, "completed"))
    _put(services, profile, "failed", "premium_3.vcf", now - 80_000, job_status=JobStatus.FAILED,
         **_ended(now - 80_000),
         error=JobReason(
             code="wrong_column_count", message="This line has 7 columns where the #CHROM line has 8.",
             hint="Look at line 17 in a text editor: a tab is missing, or was turned into spaces.",
             line=17, column=7, field="FILTER", text="MT\t263\t.\tA\tG\t.\t. AC=1;AN=1"))
    _put(services, profile, "cancelled", "test.vcf", now - 200_000, job_status=JobStatus.CANCELLED,
         **_ended(now - 200_000))
    archived = "old.vcf"
    _put(services, profile, "archived", archived, now - 900_000, job_status=JobStatus.COMPLETED, summary=GENOME,
         results_file_archive_id="archive-1", **_ended(now - 900_000),
         **{**_results(services, profile, "archived", archived), "s3_key_result_file": None,
            "s3_key_index_file": None})
    restoring = "cohort-2025.vcf.gz"
    _put(services, profile, "restoring", restoring, now - 950_000, job_status=JobStatus.COMPLETED, summary=SUMMARY,
         results_file_archive_id="archive-2", restore_status=RestoreStatus.RESTORING,
         restore_tier=RestoreTier.STANDARD, restore_requested_time=now - 600, **_ended(now - 950_000),
         **{**_results(services, profile, "restoring", restoring), "s3_key_result_file": None,
            "s3_key_index_file": None})


def put_variants(services: Services, profile: Profile, state: str, rows: int = 1172, contigs: int = 1) -> str:
    """Put a table of variants beside a job's results; gives its key."""
    key = f"{profile.identity_id}/{JOB_IDS[state]}/a.variants.parquet"
    boto3.client("s3").put_object(Bucket=services.settings.results_bucket, Key=key,
                                  Body=parquet_bytes(variants_table(rows, contigs=contigs)))
    return key


def _ended(submitted: int) -> dict[str, Any]:
    """Times of a job that waited ten seconds and took four."""
    return {"start_time": submitted + 10, "complete_time": submitted + 14, "attempt": 1}


def _results(services: Services, profile: Profile, state: str, name: str) -> dict[str, Any]:
    names, prefix = result_names(name), f"{profile.identity_id}/{JOB_IDS[state]}/"
    bucket = services.settings.results_bucket
    boto3.client("s3").put_object(Bucket=bucket, Key=prefix + names["log"], Body=LOG.encode())
    return {"s3_results_bucket": bucket, "s3_key_result_file": prefix + names["results"],
            "s3_key_index_file": prefix + names["index"], "s3_key_log_file": prefix + names["log"],
            "s3_key_summary_file": prefix + names["summary"], "results_file_size": 48_213}


def _put(services: Services, profile: Profile, state: str, name: str, submitted: int, **values: Any) -> None:
    job_id = JOB_IDS[state]
    created = services.jobs.create(job_of(**{
        "job_id": job_id, "user_id": profile.identity_id, "input_file_name": name, "input_file_size": 98_304,
        "s3_inputs_bucket": services.settings.inputs_bucket,
        "s3_key_input_file": f"{profile.identity_id}/{job_id}/{name}", "submit_time": submitted, "reference": "rCRS",
        **values}))
    assert created
