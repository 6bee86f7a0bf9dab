"""Deploys the service's stack: the artifact to S3, then CloudFormation. AWS and the local stack alike."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from chalicelib.clock import NewId
from infra.aws.artifact import Artifact, ArtifactsBucket
from infra.aws.cloudformation import Say, Sleep, Stack
from infra.errors import OperatorError

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where to deploy.

    Attributes:
        session: boto3's own credentials and region.
        stage: Name of the deployment.
        endpoint_url: Address of an AWS emulator, None for AWS.
    """

    session: boto3.Session
    stage: str
    endpoint_url: str | None = None

    @classmethod
    def of(cls, stage: str, endpoint_url: str | None = None) -> Deployment:
        """The place that the environment's credentials and region give.

        Raises:
            OperatorError: Stages are not named like that.
            NoRegionError: No region is set.
        """
        if not _STAGE.fullmatch(stage):
            raise OperatorError("A stage's name has lower-case letters, digits and hyphens, 16 at most.")
        session = boto3.Session()
        if session.region_name is None:
            raise NoRegionError
        return cls(session=session, stage=stage, endpoint_url=endpoint_url)

    @property
    def region(self) -> str:
        """AWS region."""
        return str(self.session.region_name)

    @property
    def stack_name(self) -> str:
        """The service's stack."""
        return f"gas-{self.stage}"

    @property
    def worker_stack_name(self) -> str:
        """The worker's stack."""
        return f"gas-{self.stage}-worker"

    def client(self, service: str) -> Any:
        """A boto3 client of an AWS service at this place."""
        if self.endpoint_url:
            return self.session.client(service, endpoint_url=self.endpoint_url)
        # The regional S3 address, also in us-east-1: CloudFormation wants a template's address in this form.
        regional = Config(s3={"us_east_1_regional_endpoint": "regional"}) if service == "s3" else None
        return self.session.client(service, config=regional)

    def account(self) -> str:
        """AWS account id of the credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])


def deploy_service(place: Deployment, artifact: Artifact, parameters: Mapping[str, str], *, say: Say, sleep: Sleep,
                   new_id: NewId, poll: float = 5.0, allow_replacement: bool = False) -> dict[str, str]:
    """Uploads the artifact and makes the stack what it says.

    Args:
        parameters: Of `infra/resources.yaml`; those not given keep the values they have.
        poll: Seconds between two looks at CloudFormation.
        allow_replacement: Let a table, bucket or queue be replaced.

    Returns:
        The stack's outputs.

    Raises:
        OperatorError: The package is broken, or CloudFormation refused.
    """
    artifact.check()
    bucket = ArtifactsBucket(place.client("s3"), place.account(), place.region)
    bucket.ensure(tls_only=place.endpoint_url is None)
    template = artifact.deployable_template(bucket.put_code(artifact))
    stack = Stack(place.client("cloudformation"), place.stack_name, say=say, sleep=sleep, poll=poll)
    return stack.deploy(bucket.put_template(template), {"Stage": place.stage, **parameters},
                        change_set_name(new_id), allow_replacement)


def change_set_name(new_id: NewId) -> str:
    """A name never used before: letters first, as CloudFormation wants it."""
    return f"gas-{hashlib.sha256(new_id().encode()).hexdigest()[:16]}"
