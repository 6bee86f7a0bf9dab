"""What each part of GAS needs to know is what the templates tell it."""
from __future__ import annotations

from typing import Any

import pytest

from annotator.worker import loop as worker
from chalicelib.exceptions import MissingSettingsError
from chalicelib.settings import NEEDED, Settings
from tests.conftest import real_template
from tests.unit.infra.template.test_worker_template import of_type, resources

__all__ = ["resources"]

NAMES = ("_TABLE", "_BUCKET", "_QUEUE_URL", "_TOPIC")
"""Endings of variables that name a resource."""
OPTIONAL = {("annotator", "REFERENCES_BUCKET")}
"""Resources that a part can do without."""


def variables(resource: dict[str, Any]) -> set[str]:
    return set(resource.get("Properties", {}).get("Environment", {}).get("Variables", {}))


FUNCTIONS = {resource["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: variables(resource)
             for resource in real_template()["Resources"].values() if variables(resource)}


def test_every_function_has_a_list() -> None:
    assert {*FUNCTIONS, "annotator"} == set(NEEDED)


@pytest.mark.parametrize("part", sorted(FUNCTIONS))
def test_the_template_gives_a_function_what_it_needs(part: str) -> None:
    assert set(NEEDED[part]) <= FUNCTIONS[part]
    assert {name for name in FUNCTIONS[part] if name.endswith(NAMES)} <= set(NEEDED[part])


def test_the_template_gives_the_annotator_what_it_needs(resources: dict[str, Any]) -> None:
    (container,) = of_type(resources, "AWS::ECS::TaskDefinition")[0]["ContainerDefinitions"]
    given = {variable["Name"] for variable in container["Environment"]}
    assert set(NEEDED["annotator"]) <= given
    assert {name for name in given if name.endswith(NAMES) and ("annotator", name) not in OPTIONAL} <= set(
        NEEDED["annotator"])


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(MissingSettingsError) as missing:
        Settings.from_environment({"ANNOTATIONS_TABLE": "t", "SITE_URL": ""}, "notify")
    assert missing.value.message == "These environment variables are missing: PROFILES_TABLE, SITE_URL, MAIL_SENDER."


def test_the_annotator_ends_with_one_message(monkeypatch: pytest.MonkeyPatch,
                                             caplog: pytest.LogCaptureFixture) -> None:
    for name in NEEDED["annotator"][1:]:
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv(NEEDED["annotator"][0], raising=False)
    assert worker.main() == 1
    assert caplog.messages == ["These environment variables are missing: ANNOTATIONS_TABLE."]
