"""A schedule: every minute job requests, every five minutes jobs and retrievals, once a day files and records."""
from __future__ import annotations

from collections import Counter
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.services import Services
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs

logger = Logger()
tracer = Tracer()
metrics = Metrics()
services = Services.from_environment("sweep")

STOP_BEFORE_END = 120_000
"""Milliseconds that are left for the end of the function: more than one batch takes in which everything is wrong."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """What the schedules call.

    `{"walk": "requests"}`, `{"walk": "jobs"}` or `{"walk": "files"}`, and `{"walk": "remaining files"}` to continue a
    walk that ran out of time.
    """
    if event.get("walk") in ("files", "remaining files"):
        counts: Counter[str] = sweep_files(
            services, lambda: context.get_remaining_time_in_millis() > STOP_BEFORE_END,
            begin=event["walk"] == "files")
    elif event.get("walk") == "requests":
        waiting, in_flight = services.job_requests_queue.counts()
        counts = Counter(requests_waiting=waiting, requests_in_flight=in_flight)
    else:
        counts = sweep_jobs(services)
    for name, count in counts.items():
        unit = MetricUnit.Seconds if name.startswith("oldest") else MetricUnit.Count
        metrics.add_metric(name=f"Sweep{''.join(word.title() for word in name.split('_'))}", unit=unit, value=count)
    logger.info("Swept", extra=dict(counts))
    return dict(counts)
