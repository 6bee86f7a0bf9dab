"""The annotator's image: what is in it, what it is called, and which images the repository keeps."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.aws.cloudformation import Say
from infra.aws.worker_image import REPOSITORY, ImageRepository, base_name, docker, pinned_base, write_context
from infra.errors import OperatorError
from infra.template.package import PROJECT

BASE = "python@sha256:" + "0" * 64
QUIET: Say = lambda _: None  # noqa: E731


class FakeDocker:
    """Docker's command line, whose registry has one base image."""

    def __init__(self, digest: str = BASE) -> None:
        self.digest = digest
        self.calls: list[tuple[Sequence[str], str]] = []

    def __call__(self, arguments: Sequence[str], given: str) -> str:
        self.calls.append((arguments, given))
        return f"{self.digest}\n" if arguments[0] == "image" else ""

    def called(self, name: str) -> list[Sequence[str]]:
        return [arguments for arguments, _ in self.calls if arguments[0] == name]


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("ecr", region_name="eu-west-1")


def put(ecr: Any, tag: str) -> None:
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                           "config": {"digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"}})
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag=tag)


def test_the_image_is_built_once_for_what_is_in_it(ecr: Any, tmp_path: Path):
    run = FakeDocker()
    repository = ImageRepository(ecr, run)
    image = repository.publish(tmp_path / "context", say=QUIET)
    assert [arguments[0] for arguments, _ in run.calls] == ["pull", "image", "build", "login", "push"]
    password = run.calls[3][1]
    assert password, "the password goes by standard input"
    assert password not in run.calls[3][0], "and not by the command line"
    assert f"BASE={BASE}" in run.called("build")[0]
    assert "--provenance=false" in run.called("build")[0], "one image for each push, not three"
    put(ecr, image.rpartition(":")[2])
    run.calls.clear()
    assert repository.publish(tmp_path / "context", say=QUIET) == image
    assert not run.called("build")


def test_a_new_base_makes_a_new_image(ecr: Any, tmp_path: Path):
    first = ImageRepository(ecr, FakeDocker()).publish(tmp_path / "context", say=QUIET)
    put(ecr, first.rpartition(":")[2])
    patched = FakeDocker("python@sha256:" + "1" * 64)
    assert ImageRepository(ecr, patched).publish(tmp_path / "context", say=QUIET) != first
    assert patched.called("build")


def test_a_base_with_its_digest_is_taken_as_it_is():
    run = FakeDocker()
    assert pinned_base(run, BASE) == BASE
    assert run.calls == []
    assert pinned_base(run, base_name()) == BASE
    with pytest.raises(OperatorError, match="no digest"):
        pinned_base(FakeDocker(digest=""), base_name())


def test_the_image_holds_the_annotator_and_nothing_of_the_site(tmp_path: Path):
    tag = write_context(tmp_path / "context", BASE)
    names = {path.relative_to(tmp_path / "context").as_posix() for path in (tmp_path / "context").rglob("*")}
    assert {"Dockerfile", "requirements.lock", "annotator/__main__.py", "chalicelib/settings.py",
            "reference/rCRS/manifest.json"} <= names
    assert not [name for name in names if name.startswith("chalicelib/web") or "__pycache__" in name]
    assert write_context(tmp_path / "other", BASE) == tag


def test_no_rule_of_the_repository_expires_an_image_with_a_tag(ecr: Any):
    ImageRepository(ecr, FakeDocker()).ensure()
    policy = json.loads(ecr.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"])
    assert {rule["selection"]["tagStatus"] for rule in policy["rules"]} == {"untagged"}


class AFullRepository:
    """ECR's answers for images of one day each, the newest first; moto gives all the same time."""

    def __init__(self, count: int) -> None:
        self.images = [{"imageDigest": f"sha256:{number}", "imageTags": [f"tag-{number}"],
                        "imagePushedAt": datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=number)}
                       for number in range(count)]
        self.deleted: list[str] = []
        self.exceptions = SimpleNamespace(RepositoryNotFoundException=KeyError)

    def get_paginator(self, _: str) -> Any:
        halves = [{"imageDetails": self.images[1::2]}, {"imageDetails": self.images[::2]}]
        return SimpleNamespace(paginate=lambda **_: halves)

    def batch_delete_image(self, repositoryName: str, imageIds: list[dict[str, str]]) -> None:  # noqa: N803
        assert repositoryName == REPOSITORY
        self.deleted += [image["imageDigest"] for image in imageIds]


def test_old_images_go_and_those_in_use_stay():
    ecr = AFullRepository(33)
    assert ImageRepository(ecr, FakeDocker()).clean(["repository:tag-31", "repository:tag-2"]) == 2
    assert ecr.deleted == ["sha256:30", "sha256:32"], "all but the newest 30 and an older one that a stack runs"


def test_where_images_are_kept_elsewhere_none_are_deleted(ecr: Any):
    assert ImageRepository(ecr, FakeDocker()).clean([]) == 0


def test_every_package_of_the_image_is_checked_by_its_hash():
    pins = (PROJECT / "infra" / "worker" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lock = (PROJECT / "infra" / "worker" / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = [line for line in lock if line and not line.startswith("#")]
    assert [line.split()[0] for line in locked] == [line for line in pins if line and not line.startswith("#")]
    assert all(" --hash=sha256:" in line for line in locked)
    assert "--require-hashes" in (PROJECT / "infra" / "worker" / "Dockerfile").read_text(encoding="utf-8")


def test_without_docker_the_operator_is_told_of_the_other_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="--image"):
        docker(["build"])
