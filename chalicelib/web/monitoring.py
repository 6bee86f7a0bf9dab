"""What the web function tells its operator: structured log lines and a few counts."""
from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="api")
"""JSON lines with the request id and, once known, the user's and the job's id."""

_metrics = Metrics(namespace="GAS", service="api")


def count(name: str) -> None:
    """Count one event of this name (CloudWatch embedded metric format, written at the end of the request)."""
    _metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def flush_counts() -> None:
    """Write the counts of this request, if there are any."""
    if _metrics.metric_set:
        _metrics.flush_metrics()
