"""CloudFormation templates as plain data: short forms (`!Ref`, `!Sub`) as their long ones."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import cfnlint.decode
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.aws.artifact import Artifact
from infra.errors import OperatorError

INFRA = Path(__file__).resolve().parents[1]
SERVICE = INFRA / "resources.yaml"
"""The service's parameters and what exists once (`service_template` adds the rest)."""
WORKER = INFRA / "worker.yaml"
"""The annotator's service and its scaling."""


def load(path: Path) -> dict[str, Any]:
    """Read a template.

    Raises:
        OperatorError: It is not a template.
    """
    template, problems = cfnlint.decode.decode(str(path))
    if problems or template is None:
        raise OperatorError(f"{path} is not a CloudFormation template: {'; '.join(str(one) for one in problems)}.")
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return plain


def expanded(artifact: Artifact, region: str = "eu-west-1") -> dict[str, Any]:
    """The packaged template as CloudFormation's SAM macro makes it.

    Args:
        region: Where it would be deployed.
    """
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    template = yaml.safe_load(artifact.deployable_template("s3://bucket/code.zip"))
    translated: dict[str, Any] = translator.translate(template, {"Stage": "prod"})
    return translated


def defaults(*paths: Path) -> dict[str, str]:
    """The parameters of some templates that have a default, with it."""
    return {name: str(declared["Default"]) for path in paths
            for name, declared in load(path)["Parameters"].items() if "Default" in declared}
