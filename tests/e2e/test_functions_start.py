"""Every function starts from the zip alone, in an interpreter that has nothing else, as Lambda starts it."""
from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from chalicelib.settings import NEEDED
from infra.aws.artifact import Artifact
from infra.local.emulator import bare_interpreter
from tests.conftest import PROJECT, real_template

pytestmark = pytest.mark.e2e

HANDLERS = sorted({resource["Properties"]["Handler"] for resource in real_template()["Resources"].values()
                   if resource.get("Type") == "AWS::Serverless::Function"})


@pytest.fixture(scope="module")
def unpacked(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(artifact.directory / "deployment.zip") as package:
        package.extractall(folder)
    return folder


@pytest.mark.parametrize("handler", ["app.app", *HANDLERS])
def test_a_function_starts_from_the_zip_alone_with_tracing_on(unpacked: Path, handler: str) -> None:
    module = handler.rpartition(".")[0]
    environment = {
        "PATH": os.environ["PATH"], "LAMBDA_TASK_ROOT": str(unpacked), "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_METRICS_NAMESPACE": "GAS", "POWERTOOLS_SERVICE_NAME": "s",
        "STAGE": "test", "PYTHONNOUSERSITE": "1",
        **dict.fromkeys(NEEDED.get(module.rpartition(".")[2], ()), "given"),
    }
    started = subprocess.run(
        [bare_interpreter(), "-c", f"import sys; sys.path[0] = '.'; import {module}; print(callable({handler}))"],
        cwd=unpacked, env=environment, capture_output=True, text=True, timeout=60)
    assert started.stdout.strip().endswith("True"), started.stderr


def test_every_trigger_module_is_a_function_of_the_template() -> None:
    modules = {path.stem for path in (PROJECT / "lambdas").glob("*.py")} - {"__init__", "_handler"}
    assert {f"lambdas.{module}.handler" for module in modules} == set(HANDLERS)
