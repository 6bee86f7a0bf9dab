"""The references of a stage: `publish references/GRCh38` uploads one to the stage's bucket.

Files go up first, under a prefix of their version; then the catalogue names them. Annotators and functions read the
catalogue, so that a reference is there whole or not at all, and a running annotation keeps the version that it has.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from annotator.engine import BundleError, Reference
from annotator.engine.reference.verify import verify
from chalicelib.aws.s3.object_copy import MISSING
from chalicelib.aws.s3.references import CATALOGUE
from chalicelib.domain.references import ReferenceInfo
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError

MANIFEST = "manifest.json"


class References:
    """The bucket of references of one stage.

    Args:
        say: Receives what was done, a line at a time.

    Raises:
        OperatorError: The stage is not deployed.
    """

    def __init__(self, place: Deployment, say: Callable[[str], None]) -> None:
        self._s3 = place.client("s3")
        self._say = say
        try:
            stack = place.client("cloudformation").describe_stacks(StackName=place.stack_name)["Stacks"][0]
        except ClientError as error:
            raise OperatorError(f"There is no stack {place.stack_name} here: {error}") from error
        self.bucket = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}["ReferencesBucket"]

    def catalogue(self) -> list[ReferenceInfo]:
        """What is in the bucket."""
        try:
            body = self._s3.get_object(Bucket=self.bucket, Key=CATALOGUE)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return []
            raise
        return [ReferenceInfo.from_entry(entry) for entry in json.loads(body)]

    def publish(self, directory: Path) -> ReferenceInfo:
        """Put a bundle into the bucket, in the place of an older one of its name.

        Raises:
            OperatorError: It is no sound bundle.
        """
        try:
            failed = verify(Reference.load(directory.resolve())).failed
        except BundleError as error:
            raise OperatorError(error.message) from error
        if failed:
            raise OperatorError(f"{directory} is not sound: {failed[0]}.", "Build it again.")
        raw = (directory / MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(raw)
        digest = hashlib.sha256(raw).hexdigest()
        names = sorted(manifest["sha256"])
        info = ReferenceInfo.of_manifest(
            manifest, prefix=f"{manifest['name']}/{digest[:16]}", manifest_sha256=digest,
            size=len(raw) + sum((directory / name).stat().st_size for name in names))
        there = self._sizes(f"{info.prefix}/")
        for name in [*names, MANIFEST]:
            # The prefix is that of these very files, and an upload is there whole or not at all.
            if there.get(f"{info.prefix}/{name}") == (directory / name).stat().st_size:
                continue
            self._s3.upload_file(str(directory / name), self.bucket, f"{info.prefix}/{name}",
                                 ExtraArgs={"ServerSideEncryption": "AES256"})
            self._say(f"{name}: uploaded")
        older = [one for one in self.catalogue() if one.name == info.name and one.prefix != info.prefix]
        self._write([*(one for one in self.catalogue() if one.name != info.name), info])
        self._say(f"{info.label} can be chosen, within a minute")
        for one in older:
            self._say(f"the older version stays at {one.prefix}/ for annotators that have just begun; "
                      "`clean` removes it")
        return info

    def withdraw(self, name: str) -> None:
        """Take a reference out of the catalogue; its files stay until `clean`.

        Raises:
            OperatorError: There is none of that name.
        """
        listed = self.catalogue()
        if all(one.name != name for one in listed):
            raise OperatorError(f"There is no reference {name} in the bucket.",
                                f"There are: {', '.join(one.name for one in listed) or 'none'}.")
        self._write([one for one in listed if one.name != name])
        self._say(f"{name} can no longer be chosen")

    def clean(self) -> int:
        """Remove files of versions that the catalogue does not name; returns how many there were."""
        named = tuple(f"{one.prefix}/" for one in self.catalogue())
        count = 0
        for key in self._sizes(""):
            if key != CATALOGUE and not key.startswith(named):
                self._s3.delete_object(Bucket=self.bucket, Key=key)
                count += 1
        self._say(f"{count} files removed")
        return count

    def _sizes(self, prefix: str) -> dict[str, int]:
        """Bytes of the files whose keys begin with a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def _write(self, references: list[ReferenceInfo]) -> None:
        entries = [one.to_entry() for one in sorted(references, key=lambda one: one.name)]
        self._s3.put_object(Bucket=self.bucket, Key=CATALOGUE, Body=json.dumps(entries, ensure_ascii=False).encode(),
                            ContentType="application/json", ServerSideEncryption="AES256")
