"""The deployment artifact: `sam.yaml` and `deployment.zip`, as `chalice package` made them, on their way to S3."""
from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from infra.errors import OperatorError


@dataclass(frozen=True)
class Artifact:
    """A packaged GAS.

    Attributes:
        directory: Holds `sam.yaml` and `deployment.zip`.
    """

    directory: Path

    @property
    def code(self) -> Path:
        """What every function runs."""
        return self.directory / "deployment.zip"

    @property
    def template(self) -> Path:
        """Every resource, in SAM."""
        return self.directory / "sam.yaml"

    def check(self) -> None:
        """Check that the package is complete.

        Raises:
            OperatorError: The package is missing or cannot be read.
        """
        if not self.code.is_file() or not self.template.is_file():
            raise OperatorError(f"There is no package in {self.directory}.", "Run `make package`.")

    def code_key(self) -> str:
        """Name of the code in the artifacts bucket: made from its content, so that it never changes meaning."""
        return f"deployment-{_sha256(self.code.read_bytes())}.zip"

    def deployable_template(self, code_uri: str) -> str:
        """The template with every function's code at an S3 address.

        Args:
            code_uri: `s3://bucket/key`.
        """
        try:
            template = yaml.safe_load(self.template.read_text(encoding="utf-8"))
            functions = [resource for resource in template["Resources"].values()
                         if resource.get("Type") == "AWS::Serverless::Function"]
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise OperatorError(f"The package's template {self.template} cannot be read ({error}).",
                                "Run `make clean package`.") from error
        for function in functions:
            function["Properties"]["CodeUri"] = code_uri
        return str(yaml.safe_dump(template, sort_keys=True, width=110))



class ArtifactsBucket:
    """The private bucket that CloudFormation and Lambda read the artifact from; one for an account and region.

    Args:
        s3: boto3 client of S3.
        account: AWS account id.
        region: AWS region of the bucket and of the stacks.
    """

    def __init__(self, s3: Any, account: str, region: str) -> None:
        self._s3 = s3
        self._account = account
        self._region = region
        self.name = f"gas-artifacts-{account}-{region}"

    def ensure(self, tls_only: bool = True) -> None:
        """Makes the bucket when it is not there: encrypted, private, over TLS only.

        Args:
            tls_only: False for an emulator, which has no TLS.
        """
        if self._exists():
            return
        place = {} if self._region == "us-east-1" else {
            "CreateBucketConfiguration": {"LocationConstraint": self._region}}
        self._s3.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **place)
        self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True})
        self._s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
        # Nothing expires: CloudFormation needs the code before when it rolls back, however old that is.
        self._s3.put_bucket_lifecycle_configuration(Bucket=self.name, LifecycleConfiguration={"Rules": [{
            "ID": "abandoned-uploads", "Status": "Enabled", "Filter": {},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]})
        if not tls_only:
            return
        arn = f"arn:{self._s3.meta.partition}:s3:::{self.name}"
        self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}))

    def _exists(self) -> bool:
        try:
            self._s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=self._account)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 403:
                raise OperatorError(f"The bucket {self.name} is not this account's, or you may not use it.",
                                    "Ask whoever administers the account.") from error
            if status != 404:
                raise
            return False
        return True

    def put(self, key: str, body: bytes) -> None:
        """Stores an object unless one of this name is there: names are made from contents."""
        try:
            self._s3.head_object(Bucket=self.name, Key=key, ExpectedBucketOwner=self._account)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            self._s3.put_object(Bucket=self.name, Key=key, Body=body, ExpectedBucketOwner=self._account)

    def put_template(self, template: str) -> str:
        """Stores a template and gives its address.

        CloudFormation takes templates over 51,200 bytes only from S3.
        """
        key = f"template-{_sha256(template.encode())}.yaml"
        self.put(key, template.encode())
        return f"{self._s3.meta.endpoint_url}/{self.name}/{key}"

    def put_code(self, artifact: Artifact) -> str:
        """Stores the functions' code and gives its `s3://` address."""
        key = artifact.code_key()
        self.put(key, artifact.code.read_bytes())
        return f"s3://{self.name}/{key}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
