"""infra/worker.yaml: what its tasks may reach, how they end, and what scales them."""
from __future__ import annotations

import json
from typing import Any

import cfnlint.decode
import pytest

from chalicelib.domain.profiles import Role
from chalicelib.settings import Settings
from infra.deploy import FROM_SERVICE, WORKER_TEMPLATE
from infra.local.stack import PLAN_LIMITS
from infra.package import PROJECT


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template, problems = cfnlint.decode.decode(str(WORKER_TEMPLATE))
    assert not problems
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return dict(plain["Resources"])


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def test_nothing_reaches_a_task(resources: dict[str, Any]):
    groups = of_type(resources, "AWS::EC2::SecurityGroup")
    assert len(groups) == 1
    assert "SecurityGroupIngress" not in groups[0]
    assert not of_type(resources, "AWS::EC2::SecurityGroupIngress")
    assert [rule["FromPort"] for rule in groups[0]["SecurityGroupEgress"]] == [443]


def test_a_task_has_time_to_hand_its_job_back(resources: dict[str, Any]):
    container = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    assert container["StopTimeout"] == 120
    assert container["ReadonlyRootFilesystem"] is True
    assert "EphemeralStorage" in resources["TaskDefinition"]["Properties"]


def test_the_annotator_gets_the_limits_of_plans(resources: dict[str, Any]):
    """By the names that it reads, from outputs that the service's stack has."""
    container = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    environment = {one["Name"]: one["Value"] for one in container["Environment"]}
    outputs = cfnlint.decode.decode(str(PROJECT / "infra" / "resources.yaml"))[0]["Outputs"]
    for name, variable in PLAN_LIMITS.items():
        assert environment[variable] == {"Ref": name}
        assert outputs[name]["Value"] == {"Ref": name}
        assert name in FROM_SERVICE
    plans = Settings.from_environment({variable: str(at) for at, variable in enumerate(PLAN_LIMITS.values())}).plans
    free, premium = plans.of(Role.FREE), plans.of(Role.PREMIUM)
    assert [limit for one, two in zip(
        (free.uncompressed_limit, free.record_limit, free.processor_limit),
        (premium.uncompressed_limit, premium.record_limit, premium.processor_limit), strict=True,
    ) for limit in (one, two)] == list(range(6))


def test_tasks_go_down_to_none_and_up_to_the_operators_limit(resources: dict[str, Any]):
    target = resources["ScalableTarget"]["Properties"]
    assert target["MinCapacity"] == 0
    assert target["MaxCapacity"] == {"Ref": "LargestWorkerCount"}
    assert "DesiredCount" not in resources["Service"]["Properties"]


def test_a_waiting_job_wakes_the_first_annotator(resources: dict[str, Any]):
    alarm = resources["WakeAlarm"]["Properties"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["AlarmActions"] == [{"Ref": "WakePolicy"}]
    steps = resources["WakePolicy"]["Properties"]["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ChangeInCapacity"
    assert [step["ScalingAdjustment"] for step in steps["StepAdjustments"]] == [1]


def test_running_jobs_keep_their_annotators(resources: dict[str, Any]):
    """No policy takes a task away while a job is in somebody's hands: such a message is not visible, but there."""
    tracking = resources["BacklogPolicy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["DisableScaleIn"] is True
    idle = resources["IdleAlarm"]["Properties"]
    counted = {metric["MetricStat"]["Metric"]["MetricName"] for metric in idle["Metrics"] if "MetricStat" in metric}
    assert counted == {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"}
    assert idle["Threshold"] == 0
    steps = resources["IdlePolicy"]["Properties"]["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ExactCapacity"
    assert [step["ScalingAdjustment"] for step in steps["StepAdjustments"]] == [0]


def test_logs_do_not_stay_for_ever(resources: dict[str, Any]):
    assert [group["RetentionInDays"] for group in of_type(resources, "AWS::Logs::LogGroup")] == [
        {"Ref": "LogRetentionDays"}]
