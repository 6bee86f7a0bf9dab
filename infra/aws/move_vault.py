"""Moves a Glacier vault to S3: lists what is left, and requests the retrievals with `--start`.

The stage must be deployed with `ArchiveStore=s3` and still with its `ArchiveVault`: new results go to S3 then, and
those in the vault are found there. Each one that the vault brings out is put back by the thaw function, and goes cold
again in S3 if its user is not premium. Starting again sends only for what is neither moved nor on its way.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.names import in_archive_bucket
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError

_INDEX = "results_file_archive_id"


@dataclass(frozen=True)
class VaultStage:
    """What a move needs to know of a deployed stage."""

    table: str
    vault: str
    thaw_topic: str


def stage_of(place: Deployment) -> VaultStage:
    """Looks at the deployed stack.

    Raises:
        OperatorError: The stage is not deployed, or not so that results can move.
    """
    try:
        stack = place.client("cloudformation").describe_stacks(StackName=place.stack_name)["Stacks"][0]
    except ClientError as error:
        raise OperatorError(f"There is no stack {place.stack_name} here: {error}") from error
    parameters = {given["ParameterKey"]: given["ParameterValue"] for given in stack["Parameters"]}
    if not parameters.get("ArchiveVault"):
        raise OperatorError("This stage has no vault.", "Deploy it with the parameter ArchiveVault first.")
    if parameters.get("ArchiveStore") != "s3":
        raise OperatorError("New results still go to the vault.", "Deploy the stage with ArchiveStore=s3 first.")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return VaultStage(
        table=outputs["AnnotationsTable"], vault=parameters["ArchiveVault"], thaw_topic=outputs["JobThawTopic"]
    )


def in_vault(place: Deployment, stage: VaultStage) -> Iterator[tuple[str, str]]:
    """Job and archive ids of the results that are in the vault, from the index of what is archived."""
    pages = place.client("dynamodb").get_paginator("scan").paginate(TableName=stage.table, IndexName=_INDEX)
    for page in pages:
        for item in page["Items"]:
            archive_id = item["results_file_archive_id"]["S"]
            if not in_archive_bucket(archive_id):
                yield item["job_id"]["S"], archive_id


def on_their_way(place: Deployment, stage: VaultStage) -> set[str]:
    """Archive ids that the vault is bringing out just now."""
    pages = place.client("glacier").get_paginator("list_jobs").paginate(vaultName=stage.vault, completed="false")
    return {str(job["ArchiveId"]) for page in pages for job in page["JobList"] if job.get("ArchiveId")}


def show(place: Deployment, say: Callable[[str], None]) -> int:
    """Say how many results are in the vault, and how many of them are on their way; returns the former."""
    stage = stage_of(place)
    left = list(in_vault(place, stage))
    coming = on_their_way(place, stage)
    say(f"{len(left)} results are in the vault {stage.vault}; "
        f"{sum(archive_id in coming for _, archive_id in left)} of them are on their way.")
    return len(left)


def start(place: Deployment, say: Callable[[str], None], tier: str = "Bulk", most: int | None = None) -> int:
    """Send for results in the vault; returns for how many.

    Args:
        most: No more than so many.
    """
    stage, glacier, sent = stage_of(place), place.client("glacier"), 0
    coming = on_their_way(place, stage)
    for job_id, archive_id in in_vault(place, stage):
        if archive_id in coming:
            continue
        if most is not None and sent >= most:
            break
        _send_for(glacier, stage, job_id, archive_id, tier)
        sent += 1
    say(f"{sent} results sent for ({tier}); each moves when the vault has brought it out.")
    return sent


def _send_for(glacier: Any, stage: VaultStage, job_id: str, archive_id: str, tier: str) -> None:
    glacier.initiate_job(vaultName=stage.vault, jobParameters={
        "Type": "archive-retrieval", "ArchiveId": archive_id, "Tier": tier, "SNSTopic": stage.thaw_topic,
        "Description": json.dumps({"job_id": job_id})})
