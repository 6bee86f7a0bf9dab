"""What use cases measure by themselves; what else there is to count, their callers see from the outcome."""
from __future__ import annotations

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.domain.jobs import Job
from chalicelib.domain.result_files import RESULTS


def count_bytes(name: str, job: Job) -> None:
    """Add the size of a job's results file to a metric, which the function writes when it ends."""
    Metrics().add_metric(name=name, unit=MetricUnit.Bytes, value=job.file(RESULTS).size or 0)
