"""Deploys GAS to AWS: `python -m infra.aws.deploy --stage prod` (`make deploy STAGE=prod PARAMS=file`).

Credentials and region are found as the AWS command line finds them. First the service's stack from the packaged
artifact, then the annotator's image, then the annotator's stack. What must be there before is listed by
`infra.aws.preflight` before anything is made; docs/operations.md explains it.
"""
from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from chalicelib.clock import NewId, random_id
from infra.aws.artifact import Artifact, ArtifactsBucket
from infra.aws.cloudformation import Say, Sleep, Stack
from infra.aws.preflight import Plan, preflight
from infra.aws.service_stack import Place, change_set_name, deploy_service
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
_STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")


def read_parameters(path: Path) -> dict[str, str]:
    """Parameters of both stacks from a YAML or JSON file: one `Name: value` a line.

    :raises OperatorError: it cannot be read, or holds anything else
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


def deploy_worker(place: Place, outputs: Mapping[str, str], parameters: Mapping[str, str], image: str, *, say: Say,
                  sleep: Sleep, new_id: NewId, poll: float = 5.0, allow_replacement: bool = False) -> dict[str, str]:
    """Makes the annotator's stack what `infra/worker.yaml` says.

    :param outputs: of the service's stack
    :param parameters: of `infra/worker.yaml`; those not given keep the values they have
    :param image: address of the annotator's image
    :param allow_replacement: let what holds data be replaced
    :returns: the stack's outputs
    :raises OperatorError: CloudFormation refused
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

    :param image: an image that is in ECR already; "" builds it
    :param base: image that the annotator's is built on; "" for the Dockerfile's, as its tag is now
    :param allow_replacement: let a table, bucket or queue be replaced
    :param ignore_preflight: go on although something is missing
    """

    image: str = ""
    base: str = ""
    allow_replacement: bool = False
    ignore_preflight: bool = False


def require_preflight(plan: Plan, say: Say, ignore: bool = False) -> None:
    """List what is missing.

    :param ignore: go on all the same
    :raises OperatorError: GAS would not work
    """
    findings = preflight(plan)
    for finding in findings:
        say(str(finding))
    blocking = sum(finding.blocks for finding in findings)
    if blocking and not ignore:
        raise OperatorError(f"{blocking} thing{'s are' if blocking > 1 else ' is'} missing, see above; nothing was "
                            "changed.", "Deploy without them all the same: --ignore-preflight.")


def deploy(place: Place, given: Mapping[str, str], options: Options, *, say: Say, sleep: Sleep,
           new_id: NewId) -> None:
    """The whole deployment.

    :param given: parameters of both stacks
    :raises OperatorError: something is missing, or AWS refused
    """
    service, worker = split_parameters(given)
    stacks = [Stack(place.client("cloudformation"), name, say=say, sleep=sleep)
              for name in (place.stack_name, place.worker_stack_name)]
    kept = [stack.parameters() for stack in stacks]
    require_preflight(Plan(place, {**defaults(SERVICE, WORKER), **kept[1], **kept[0], **given}, options.image,
                           exists=bool(kept[0])), say, options.ignore_preflight)
    artifact = Artifact(PROJECT / "out" / "package")
    for parameters in _protected(service, first=not kept[0]):
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


def images_in_use(place: Place) -> list[str]:
    """The images that the annotators of all stages run."""
    pages = place.client("cloudformation").get_paginator("describe_stacks").paginate()
    return [parameter["ParameterValue"] for page in pages for stack in page["Stacks"]
            if stack["StackName"].startswith("gas-") for parameter in stack.get("Parameters", [])
            if parameter["ParameterKey"] == "Image"]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.aws.deploy", description="Deploys GAS to AWS.")
    parser.add_argument("--stage", required=True, help="name of the deployment, such as prod")
    parser.add_argument("--parameters", type=Path, help="YAML or JSON file with parameters of both stacks")
    parser.add_argument("--image", default="", help="an annotator's image in ECR, instead of building it")
    parser.add_argument("--base", default="", help="image that the annotator's is built on, with its digest")
    parser.add_argument("--allow-replacement", action="store_true",
                        help="go on when a table, bucket or queue would be replaced")
    parser.add_argument("--ignore-preflight", action="store_true", help="go on although something is missing")
    parser.add_argument("--endpoint-url", help="address of an AWS emulator")
    options = parser.parse_args(arguments)
    try:
        if not _STAGE.fullmatch(options.stage):
            raise OperatorError("A stage's name has lower-case letters, digits and hyphens, 16 at most.")
        given = read_parameters(options.parameters) if options.parameters else {}
        place = Place(session=boto3.Session(), stage=options.stage, endpoint_url=options.endpoint_url)
        if place.session.region_name is None:
            raise NoRegionError
        print(f"Deploying the stage {place.stage} to account {place.account()}, region {place.region}", flush=True)
        chosen = Options(image=options.image, base=options.base, allow_replacement=options.allow_replacement,
                         ignore_preflight=options.ignore_preflight)
        deploy(place, given, chosen, say=lambda line: print(line, flush=True), sleep=time.sleep, new_id=random_id)
    except NoCredentialsError:
        return _refuse("There are no AWS credentials. Run `aws configure` or `aws sso login`, or set AWS_PROFILE.")
    except NoRegionError:
        return _refuse("No AWS region is set. Set AWS_REGION, or one in the profile.")
    except OperatorError as error:
        return _refuse(str(error))
    except (ClientError, BotoCoreError) as error:
        return _refuse(f"AWS refused or could not be reached: {error}")
    return 0


def _refuse(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
