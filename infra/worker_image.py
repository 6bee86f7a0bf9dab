"""The annotator's image: its build context, its name, and its way to ECR.

The image is named after what is in it, so that a deployment without a change to the annotator builds nothing.
"""
from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.cloudformation import Say
from infra.errors import OperatorError
from infra.package import PROJECT, files_of

REPOSITORY = "gas-annotator"
_SOURCES = ("annotator", "chalicelib", "reference", "infra/worker/Dockerfile", "infra/worker/requirements.txt")
_NOT_IN_IT = ("chalicelib/web",)
_KEPT_IMAGES = 30

Docker = Callable[[Sequence[str], str], None]
"""Runs `docker` with arguments and standard input; raises OperatorError when it fails."""


def docker(arguments: Sequence[str], given: str = "") -> None:
    """Runs Docker's command line; it speaks on the terminal itself.

    :raises OperatorError: Docker is not there, or failed
    """
    if shutil.which("docker") is None:
        raise OperatorError("Docker is needed to build the annotator's image, and is not installed.",
                            "Install it, or deploy an image that is in ECR already: --image ADDRESS.")
    done = subprocess.run(["docker", *arguments], input=given, text=True, check=False)
    if done.returncode != 0:
        raise OperatorError(f"`docker {arguments[0]}` failed.", "What it said is above.")


def write_context(target: Path, project: Path = PROJECT) -> str:
    """Puts together what the image is built from.

    :param target: directory to fill; what was in it goes
    :returns: the image's tag, made from the content
    """
    shutil.rmtree(target, ignore_errors=True)
    digest = hashlib.sha256()
    for source in sorted(files_of(project, _SOURCES)):
        name = source.relative_to(project).as_posix()
        if name.startswith(_NOT_IN_IT):
            continue
        copy = target / name.removeprefix("infra/worker/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:24]


class ImageRepository:
    """The account's ECR repository for the annotator's images.

    :param ecr: boto3 client of ECR
    """

    def __init__(self, ecr: Any, run: Docker = docker) -> None:
        self._ecr = ecr
        self._docker = run

    def ensure(self) -> str:
        """Makes the repository when it is not there: tags do not move, images are scanned.

        :returns: its address
        """
        try:
            repositories = self._ecr.describe_repositories(repositoryNames=[REPOSITORY])["repositories"]
            return str(repositories[0]["repositoryUri"])
        except self._ecr.exceptions.RepositoryNotFoundException:
            pass
        made = self._ecr.create_repository(
            repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True})["repository"]
        rule = {"rulePriority": 1, "description": f"keep the last {_KEPT_IMAGES}", "action": {"type": "expire"},
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT_IMAGES}}
        self._ecr.put_lifecycle_policy(repositoryName=REPOSITORY,
                                       lifecyclePolicyText=json.dumps({"rules": [rule]}))
        return str(made["repositoryUri"])

    def has(self, tag: str) -> bool:
        """True when an image with this tag is there."""
        try:
            self._ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ImageNotFoundException":
                return False
            raise
        return True

    def publish(self, context: Path, *, say: Say) -> str:
        """Builds the image and puts it into the repository, unless the same one is there.

        :param context: directory for the build context
        :returns: the image's address
        :raises OperatorError: Docker is missing or failed
        """
        address = self.ensure()
        tag = write_context(context)
        image = f"{address}:{tag}"
        if self.has(tag):
            say(f"the annotator's image is there already: {tag}")
            return image
        say(f"building the annotator's image {tag}")
        self._docker(["build", "--platform", "linux/amd64", "--tag", image, str(context)], "")
        token = self._ecr.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
        self._docker(["login", "--username", user, "--password-stdin", token["proxyEndpoint"]], password)
        self._docker(["push", image], "")
        return image

