"""Deploys GAS to AWS: `python -m infra deploy --stage prod` (`make deploy STAGE=prod PARAMS=file`).

Credentials and region are found as the AWS command line finds them. First the service's stack from the packaged
artifact, then the annotator's image, then the annotator's stack. What must be there before is listed by
`infra.aws.preflight` before anything is made; docs/operations.md explains it.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chalicelib.clock import NewId
from infra.aws.artifact import Artifact, ArtifactsBucket
from infra.aws.cloudformation import Say, Sleep, Stack
from infra.aws.preflight import DeploymentPlan, preflight
from infra.aws.service_stack import Deployment, change_set_name, deploy_service
from infra.aws.worker_image import ImageRepository
from infra.errors import OperatorError
from infra.template.cloudformation_yaml import SERVICE, WORKER, defaults
from infra.template.package import PROJECT

WORKER_TEMPLATE = WORKER
IMAGE_FILE = PROJECT / "out" / "image.txt"
"""Takes the address of the image that was deployed, for the next stage of a pipeline."""
FROM_SERVICE = ("WorkerRoleArn", "AnnotationsTable", "ProfilesTable", "InputsBucket", "ResultsBucket",
                "ReferencesBucket", "JobRequestsQueueUrl", "JobRequestsQueueName", "JobResultsTopic", "AlarmsTopic",
                "FreeUncompressedLimit", "PremiumUncompressedLimit", "FreeRecordLimit", "PremiumRecordLimit",
                "FreeProcessorSeconds", "PremiumProcessorSeconds")
"""Parameters of worker.yaml that are outputs of the service's stack."""
WORKER_ONLY = ("LargestWorkerCount", "RunningJobsOfUser", "WorkerSize", "WorkerDiskGiB", "JobsPerWorker", "VpcId",
               "SubnetIds", "AssignPublicIp")
"""Parameters that only worker.yaml has."""
BOTH = ("LogRetentionDays", "LogLevel")
"""Parameters of both templates."""


def read_parameters(path: Path) -> dict[str, str]:
    """Parameters of both stacks from a YAML or JSON file: one `Name: value` a line.

    Raises:
        OperatorError: It cannot be read, or holds anything else.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OperatorError(f"The parameters in {path} cannot be read: {error}.") from error
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise OperatorError(f"{path} must hold one `Name: value` a line.")
    return {name: _plain(path, name, value) for name, value in loaded.items()}


def _plain(path: Path, name: str, value: Any) -> str:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise OperatorError(f"{name} in {path} must be a text, a number or a list of texts.",
                            "Put quotes around words that YAML reads otherwise.")
    return str(value)


def split_parameters(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Those of the service's stack, and those of the annotator's."""
    service = {name: value for name, value in given.items() if name not in WORKER_ONLY}
    worker = {name: value for name, value in given.items() if name in (*WORKER_ONLY, *BOTH)}
    return service, worker


def deploy_worker(place: Deployment, outputs: Mapping[str, str], parameters: Mapping[str, str], image: str, *, say: Say,
                  sleep: Sleep, new_id: NewId, poll: float = 5.0, allow_replacement: bool = False) -> dict[str, str]:
    """Makes the annotator's stack what `infra/worker.yaml` says.

    Args:
        outputs: Of the service's stack.
        parameters: Of `infra/worker.yaml`; those not given keep the values they have.
        image: Address of the annotator's image.
        allow_replacement: Let what holds data be replaced.

    Returns:
        The stack's outputs.

    Raises:
        OperatorError: CloudFormation refused.
    """
    bucket = ArtifactsBucket(place.client("s3"), place.account(), place.region)
    bucket.ensure(tls_only=place.endpoint_url is None)
    template = bucket.put_template(WORKER_TEMPLATE.read_text(encoding="utf-8"))
    stack = Stack(place.client("cloudformation"), place.worker_stack_name, say=say, sleep=sleep, poll=poll)
    return stack.deploy(template, {"Stage": place.stage, "Image": image,
                                   **{name: outputs[name] for name in FROM_SERVICE}, **parameters},
                        change_set_name(new_id), allow_replacement)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to deploy.

    Attributes:
        image: An image that is in ECR already; "" builds it.
        base: Image that the annotator's is built on; "" for the Dockerfile's, as its tag is now.
        allow_replacement: Let a table, bucket or queue be replaced.
        ignore_preflight: Go on although something is missing.
    """

    image: str = ""
    base: str = ""
    allow_replacement: bool = False
    ignore_preflight: bool = False


def stacks_of(place: Deployment, say: Say, sleep: Sleep) -> tuple[Stack, Stack]:
    """The service's stack and the annotator's."""
    client = place.client("cloudformation")
    return (Stack(client, place.stack_name, say=say, sleep=sleep),
            Stack(client, place.worker_stack_name, say=say, sleep=sleep))


def plan(place: Deployment, stacks: tuple[Stack, Stack], given: Mapping[str, str], image: str) -> DeploymentPlan:
    """What a deployment would be: given parameters, else those that the stacks have, else the templates' defaults.

    Args:
        given: Parameters of both stacks.
        image: An image that is in ECR already; "" builds it.
    """
    service, worker = (stack.parameters() for stack in stacks)
    return DeploymentPlan(
        place, {**defaults(SERVICE, WORKER), **worker, **service, **given}, image, exists=bool(service)
    )


def require_preflight(plan: DeploymentPlan, say: Say, ignore: bool = False) -> None:
    """List what is missing.

    Args:
        ignore: Go on all the same.

    Raises:
        OperatorError: GAS would not work.
    """
    findings = preflight(plan)
    for finding in findings:
        say(str(finding))
    blocking = sum(finding.blocks for finding in findings)
    if blocking and not ignore:
        raise OperatorError(f"{blocking} thing{'s are' if blocking > 1 else ' is'} missing, see above; nothing was "
                            "changed.", "Deploy without them all the same: --ignore-preflight.")


def deploy(place: Deployment, given: Mapping[str, str], options: Options, *, say: Say, sleep: Sleep,
           new_id: NewId) -> None:
    """The whole deployment.

    Args:
        given: Parameters of both stacks.

    Raises:
        OperatorError: Something is missing, or AWS refused.
    """
    service, worker = split_parameters(given)
    stacks = stacks_of(place, say, sleep)
    planned = plan(place, stacks, given, options.image)
    require_preflight(planned, say, options.ignore_preflight)
    artifact = Artifact(PROJECT / "out" / "package")
    for parameters in _protected(service, first=not planned.exists):
        outputs = deploy_service(place, artifact, parameters, say=say, sleep=sleep, new_id=new_id,
                                 allow_replacement=options.allow_replacement)
    images = ImageRepository(place.client("ecr"))
    image = options.image or images.publish(PROJECT / "out" / "worker-image", say=say, base=options.base)
    IMAGE_FILE.write_text(f"{image}\n", encoding="ascii")
    deploy_worker(place, outputs, worker, image, say=say, sleep=sleep, new_id=new_id,
                  allow_replacement=options.allow_replacement)
    for stack in stacks:
        stack.protect()
    images.clean(images_in_use(place))
    say(f"\nGAS is at {outputs['SiteAddress']}/")
    say(f"Globus must know the redirect address {outputs['SiteAddress']}/authcallback")
    if "DomainTarget" in outputs:
        say(f"The DNS record of the domain must point to {outputs['DomainTarget']}")


def _protected(parameters: Mapping[str, str], first: bool) -> Iterator[dict[str, str]]:
    """Parameters of one deployment after the other.

    A first deployment that fails takes back the tables that it made, which DynamoDB refuses for protected ones; so they
    are protected once they are there.
    """
    if first:
        yield {**parameters, "DeletionProtection": "false"}
    yield {"DeletionProtection": "true", **parameters}


def images_in_use(place: Deployment) -> list[str]:
    """The images that the annotators of all stages run."""
    pages = place.client("cloudformation").get_paginator("describe_stacks").paginate()
    return [parameter["ParameterValue"] for page in pages for stack in page["Stacks"]
            if stack["StackName"].startswith("gas-") for parameter in stack.get("Parameters", [])
            if parameter["ParameterKey"] == "Image"]
