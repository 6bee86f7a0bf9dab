"""The local stack that runs on this machine, as operators' commands find it."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import requests

from infra.aws.service_stack import Deployment
from infra.errors import OperatorError
from infra.local.emulator import OPERATOR_KEYS
from infra.local.settings import LOCAL_STAGE, read_run_file


def running_stack(home: Path) -> dict[str, Any] | None:
    """What a stack that runs from a directory says about itself (its `run.json`), or None.

    Args:
        home: Directory of everything that the stack keeps.
    """
    run = read_run_file(home)
    if run is None:
        return None
    try:
        os.kill(run["pid"], 0)
        requests.get(f"{run['endpoint']}/", headers={"Host": run["site_host"]}, timeout=10)
    except (ProcessLookupError, requests.RequestException):
        return None
    return run


def local_place(endpoint: str, region: str) -> Deployment:
    """The local stage at an address, with the administrator's rights.

    Args:
        endpoint: Address of the emulated AWS services.
        region: The AWS region that the emulator plays.
    """
    session = boto3.Session(aws_access_key_id=OPERATOR_KEYS["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=OPERATOR_KEYS["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return Deployment(session=session, stage=LOCAL_STAGE, endpoint_url=endpoint)


def running_place(home: Path) -> Deployment:
    """The stack that runs from a directory.

    Raises:
        OperatorError: None does.
    """
    run = running_stack(home)
    if run is None:
        raise OperatorError(f"No local stack is running (its directory would be {home}).",
                            "Start it in another terminal: `make run`.")
    return local_place(run["endpoint"], run["region"])
