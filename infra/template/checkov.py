"""Runs checkov on every template as CloudFormation gets it: `make checkov`.

checkov has an environment of its own, since it pins other versions of what GAS uses. Exceptions are in
`infra/checkov.yaml`, each with its reason.
"""
from __future__ import annotations

import json
import os
import subprocess

from infra.aws.artifact import Artifact
from infra.errors import OperatorError
from infra.template import cloudformation_yaml as templates
from infra.template.package import PROJECT

CHECKOV = PROJECT / ".gas" / "checkov" / "bin" / "checkov"
CONFIGURATION = PROJECT / "infra" / "checkov.yaml"
TEMPLATES = ("worker.yaml", "edge.yaml", "pipeline.yaml")


def check(artifact: Artifact) -> None:
    """Run every check.

    Raises:
        OperatorError: One failed, or checkov is not there.
    """
    target = PROJECT / "out" / "checkov"
    target.mkdir(parents=True, exist_ok=True)
    expanded = target / "service.json"
    expanded.write_text(json.dumps(templates.expanded(artifact), indent=1), encoding="utf-8")
    files = [expanded, *(PROJECT / "infra" / name for name in TEMPLATES),
             *sorted((PROJECT / ".github" / "workflows").glob("*.yml"))]
    # Without an address to ask, it does not wait for its maker's servers.
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "CKV_IGNORE_HIDDEN_DIRECTORIES": "FALSE"}
    try:
        done = subprocess.run([str(CHECKOV), "--config-file", str(CONFIGURATION), "--skip-download",
                               *(word for file in files for word in ("--file", str(file)))],
                              env=environment, check=False)
    except OSError as error:
        raise OperatorError("checkov is not installed.", "Run `make checkov`, which installs it.") from error
    if done.returncode != 0:
        raise OperatorError("checkov found something.", f"Mend it, or write the reason into {CONFIGURATION.name}.")
