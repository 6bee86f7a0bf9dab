"""boto3 clients, one a service and process, made when first asked for."""
from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config


def _has_endpoint(service: str) -> bool:
    return any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", f"AWS_ENDPOINT_URL_{service.upper()}"))


@cache
def _session() -> Any:
    return boto3.session.Session()


SLOW_SERVICES = {"s3": 20, "glacier": 60}
"""Services that copy large objects or bring out archives; seconds to wait for their answer."""
CONNECTIONS = 64
"""Connections of a client that are kept open: annotators download the files of a reference side by side."""
READ_TIMEOUT = 5
"""Seconds to wait for an answer of any other service: four attempts fit into the 29 seconds of a request."""


@cache
def client(service: str, read_timeout: int | None = None) -> Any:
    """The client of an AWS service.

    Args:
        service: boto3's name of it, as "dynamodb".
        read_timeout: Seconds to wait for an answer, None for what the service usually needs; SQS long polls need more
            than they wait.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout or SLOW_SERVICES.get(service, READ_TIMEOUT),
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=CONNECTIONS,
        signature_version="s3v4" if service == "s3" else None,
        # Presigned links must not carry checksums that a browser cannot compute.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Virtual-hosted names: with "auto", presigned links name S3's global host, which answers 307 for young buckets
        # and 400 in newer regions. An endpoint of its own (the local stack) has no subdomains.
        s3={"addressing_style": "path" if _has_endpoint("s3") else "virtual",
            "us_east_1_regional_endpoint": "regional"},
    )
    return _session().client(service, config=config)
