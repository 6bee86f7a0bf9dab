"""The annotator's image: its build context, its name, and its way to ECR.

The image is named after what is in it, its base's digest included, so that a deployment without a change to either
builds nothing, and one after a security fix in the base builds it.
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.aws.cloudformation import Say
from infra.errors import OperatorError
from infra.template.package import PROJECT, files_of

REPOSITORY = "gas-annotator"
_SOURCES = ("annotator", "chalicelib", "reference", "infra/worker/Dockerfile", "infra/worker/requirements.lock")
_NOT_IN_IT = ("chalicelib/web",)
_KEPT_IMAGES = 30
"""Newest images that stay in the repository beside those that a stack runs, for going back."""
_IMAGES_A_CALL = 100
_BASE = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)

Docker = Callable[[Sequence[str], str], str]
"""Runs `docker` with arguments and standard input; gives its standard output; raises OperatorError when it fails."""


def docker(arguments: Sequence[str], given: str = "") -> str:
    """Run Docker's command line; it reports its progress on the terminal itself.

    Returns:
        What it wrote to standard output.

    Raises:
        OperatorError: Docker is not there, or failed.
    """
    if shutil.which("docker") is None:
        raise OperatorError("Docker is needed to build the annotator's image, and is not installed.",
                            "Install it, or deploy an image that is in ECR already: --image ADDRESS.")
    done = subprocess.run(["docker", *arguments], input=given, text=True, check=False, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise OperatorError(f"`docker {arguments[0]}` failed.", "What it said is above.")
    return done.stdout


def base_name(project: Path = PROJECT) -> str:
    """The base image that the Dockerfile names, by tag."""
    found = _BASE.search((project / "infra" / "worker" / "Dockerfile").read_text(encoding="utf-8"))
    if found is None:
        raise OperatorError("infra/worker/Dockerfile has no line `ARG BASE=...`.")
    return found[1]


def pinned_base(run: Docker, name: str) -> str:
    """A base image with the digest that its tag has now.

    Args:
        name: With a tag; one that has a digest already is given back as it is.

    Raises:
        OperatorError: The registry does not know it, or Docker failed.
    """
    if "@sha256:" in name:
        return name
    run(["pull", "--quiet", "--platform", "linux/amd64", name], "")
    digests = run(["image", "inspect", "--format", "{{join .RepoDigests \" \"}}", name], "").split()
    if not digests:
        raise OperatorError(f"Docker knows no digest of {name}.", "Give one: --base python@sha256:...")
    return digests[0]


def write_context(target: Path, base: str, project: Path = PROJECT) -> str:
    """Put together what the image is built from.

    Args:
        target: Directory to fill; what was in it goes.
        base: Image that it is built on, with its digest.

    Returns:
        The image's tag, made from the content.
    """
    shutil.rmtree(target, ignore_errors=True)
    digest = hashlib.sha256(f"{base}\0".encode())
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
    """The account's ECR repository for the annotator's images; all stages of a region share it.

    Args:
        ecr: boto3 client of ECR.
    """

    def __init__(self, ecr: Any, run: Docker = docker) -> None:
        self._ecr = ecr
        self._docker = run

    def ensure(self) -> str:
        """Make the repository when it is not there: tags do not move, images are scanned.

        Its lifecycle rule expires nothing that has a tag: ECR counts and dates images, and does not know which of them
        a stack runs. `clean` does.

        Returns:
            Its address.
        """
        try:
            repositories = self._ecr.describe_repositories(repositoryNames=[REPOSITORY])["repositories"]
            return str(repositories[0]["repositoryUri"])
        except self._ecr.exceptions.RepositoryNotFoundException:
            pass
        made = self._ecr.create_repository(
            repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True})["repository"]
        rule = {"rulePriority": 1, "description": "what a push that was cut off left", "action": {"type": "expire"},
                "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                              "countNumber": 14}}
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

    def publish(self, context: Path, *, say: Say, base: str = "") -> str:
        """Build the image and put it into the repository, unless the same one is there.

        Args:
            context: Directory for the build context.
            base: Image to build on; "" for the one that the Dockerfile names, as its tag is now.

        Returns:
            The image's address.

        Raises:
            OperatorError: Docker is missing or failed.
        """
        address = self.ensure()
        base = pinned_base(self._docker, base or base_name())
        tag = write_context(context, base)
        image = f"{address}:{tag}"
        if self.has(tag):
            say(f"the annotator's image is there already: {tag}")
            return image
        say(f"building the annotator's image {tag} on {base}")
        # Without provenance a push makes one image; with it, an index and an attestation beside it.
        self._docker(["build", "--platform", "linux/amd64", "--provenance=false", "--build-arg", f"BASE={base}",
                      "--tag", image, str(context)], "")
        token = self._ecr.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
        self._docker(["login", "--username", user, "--password-stdin", token["proxyEndpoint"]], password)
        self._docker(["push", image], "")
        return image

    def clean(self, in_use: Iterable[str]) -> int:
        """Delete images that no stack runs, except for the newest.

        Args:
            in_use: Addresses of the images that stacks run.

        Returns:
            How many were deleted; none where the images are kept elsewhere.
        """
        try:
            return self._clean(in_use)
        except self._ecr.exceptions.RepositoryNotFoundException:
            return 0

    def _clean(self, in_use: Iterable[str]) -> int:
        kept_tags = {address.rpartition(":")[2] for address in in_use}
        pages = self._ecr.get_paginator("describe_images").paginate(repositoryName=REPOSITORY,
                                                                     filter={"tagStatus": "TAGGED"})
        images = sorted((image for page in pages for image in page["imageDetails"]),
                        key=lambda image: image["imagePushedAt"], reverse=True)
        old = [{"imageDigest": image["imageDigest"]} for image in images[_KEPT_IMAGES:]
               if not kept_tags & set(image["imageTags"])]
        for start in range(0, len(old), _IMAGES_A_CALL):
            self._ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=old[start:start + _IMAGES_A_CALL])
        return len(old)
