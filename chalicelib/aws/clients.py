"""boto3 clients, one a service and process, made when first asked for."""
from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config


@cache
def _session() -> Any:
    return boto3.session.Session()


@cache
def client(service: str, read_timeout: int = 20) -> Any:
    """The client of an AWS service.

    :param service: boto3's name of it, as "dynamodb"
    :param read_timeout: seconds to wait for an answer; SQS long polls need more than they wait
    """
    config = Config(
        connect_timeout=5,
        read_timeout=read_timeout,
        retries={"mode": "standard", "max_attempts": 4},
        signature_version="s3v4" if service == "s3" else None,
        # Presigned links must not carry checksums that a browser cannot compute.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Virtual-hosted names on AWS; an endpoint by number (the local stack) has no subdomains.
        s3={"addressing_style": "auto"},
    )
    return _session().client(service, config=config)
