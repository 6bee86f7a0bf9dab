"""The pipelines in GitHub and in AWS take the same steps in the same order, and neither stores a key."""
from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.template.cloudformation_yaml import load
from infra.template.package import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))
    return loaded


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_every_change_must_pass_what_ci_run_does():
    triggers = workflow("ci")[True]  # YAML reads `on` as a truth value
    assert {"pull_request", "push"} <= set(triggers)
    assert commands(workflow("ci")["jobs"]["test"]) == [".ci/run"]


def test_prod_comes_after_test_and_approval():
    jobs = workflow("deploy")["jobs"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert (jobs["test"]["needs"], jobs["prod"]["needs"]) == ("ci", "test")
    assert (jobs["test"]["environment"], jobs["prod"]["environment"]) == ("test", "prod")
    for stage in ("test", "prod"):
        made = [word.split()[1] for word in commands(jobs[stage]) if word.startswith("make")]
        assert made == ["deploy", "smoke"]
        assert f"STAGE={stage}" in " ".join(commands(jobs[stage]))
        assert jobs[stage]["concurrency"] == f"deploy-{stage}", "one deployment of a stage at a time"


def test_jobs_that_deploy_get_their_rights_by_openid_connect():
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.glob("*.yml"))
    assert "AWS_ACCESS_KEY" not in text
    assert "aws-access-key" not in text
    jobs = workflow("deploy")["jobs"]
    assert {name for name, job in jobs.items() if job.get("permissions", {}).get("id-token") == "write"} == {
        "test", "prod"}
    assert workflow("deploy")["permissions"] == {"contents": "read"}


def test_no_workflow_puts_a_value_of_others_into_a_command():
    """What is in a branch's name or an output would run as a command; it goes through the environment."""
    for name in ("ci", "deploy"):
        for job in workflow(name)["jobs"].values():
            for command in commands(job) if "steps" in job else []:
                assert "${{" not in command


def test_codepipeline_takes_the_same_steps():
    resources = load(PROJECT / "infra" / "pipeline.yaml")["Resources"]
    stages = [stage["Name"] for stage in resources["Pipeline"]["Properties"]["Stages"]]
    assert stages == ["Source", "Check", "Test", "Approve", "Prod"]
    build = yaml.safe_load(resources["DeployProject"]["Properties"]["Source"]["BuildSpec"])
    made = [command for command in build["phases"]["build"]["commands"] if command.startswith("make")]
    assert [command.split()[1] for command in made] == ["deploy", "smoke"]
    checked = yaml.safe_load(resources["TestProject"]["Properties"]["Source"]["BuildSpec"])
    assert checked["phases"]["build"]["commands"] == [".ci/run"]
    assert "ManagedPolicyArns" not in resources["TestRole"]["Properties"], "code that is only tested may deploy nothing"


@pytest.fixture(scope="module")
def edge() -> dict[str, Any]:
    return dict(load(PROJECT / "infra" / "edge.yaml")["Resources"])


def test_the_edge_keeps_static_files_and_nothing_else(edge: dict[str, Any]):
    distribution = edge["Distribution"]["Properties"]["DistributionConfig"]
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert distribution["DefaultCacheBehavior"]["CachePolicyId"] == disabled
    assert [(one["PathPattern"], one["CachePolicyId"]) for one in distribution["CacheBehaviors"]] == [
        ("/static/*", {"Ref": "StaticFiles"})]
    key = edge["StaticFiles"]["Properties"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def test_one_address_cannot_use_up_the_requests_of_all(edge: dict[str, Any]):
    rules = edge["Firewall"]["Properties"]["Rules"]
    rate = next(rule for rule in rules if "RateBasedStatement" in rule["Statement"])
    assert rate["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
    assert rate["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    assert edge["Distribution"]["Properties"]["DistributionConfig"]["WebACLId"] == {"Fn::GetAtt": ["Firewall", "Arn"]}


def test_every_check_that_is_left_out_has_its_reason():
    lines = (PROJECT / "infra" / "checkov.yaml").read_text(encoding="utf-8").splitlines()
    left_out = [number for number, line in enumerate(lines) if re.match(r"\s+- CKV", line)]
    assert left_out
    for number in left_out:
        before = lines[number - 1].strip()
        assert before.startswith(("#", "- CKV")), lines[number]
