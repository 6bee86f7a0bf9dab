"""Structured log lines and metrics of the web function."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="api")
"""JSON lines with the request id and, once known, the user's and the job's id."""

_tracer = Tracer(service="api", patch_modules=("botocore", "requests"))
_UNNAMED = str.maketrans("", "", "{}")
"""X-Ray takes no braces in names."""


@contextmanager
def traced(method: str, route: str) -> Iterator[None]:
    """Trace what is done for one request; calls of other services are parts of it."""
    with _tracer.provider.in_subsegment(name=f"## {method} {route.translate(_UNNAMED)}") as subsegment:
        subsegment.put_annotation(key="route", value=f"{method} {route}")
        yield


def count(name: str) -> None:
    """Count one event of this name (CloudWatch embedded metric format, written at the end of the request)."""
    _metrics().add_metric(name=name, unit=MetricUnit.Count, value=1)


def flush_counts() -> None:
    """Write the counts of this request, if there are any."""
    metrics = _metrics()
    if metrics.metric_set:
        metrics.flush_metrics()


def _metrics() -> Metrics:
    """The counts of this request, which all instances share. The stage's namespace comes from the environment."""
    return Metrics(service="api")
