"""infra/worker.yaml: what its tasks may reach, how they end, and what scales them."""
from __future__ import annotations

import json
from typing import Any

import cfnlint.decode
import pytest

from chalicelib.domain.profiles import Role
from chalicelib.settings import Settings
from infra.aws.deploy import FROM_SERVICE, WORKER_TEMPLATE
from infra.local.stack import PLAN_LIMITS
from infra.template.package import PROJECT


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


def test_scaling_reads_numbers_that_are_always_there(resources: dict[str, Any]):
    """The sweep writes them every minute, zero or not; an alarm takes a filled-in newest minute for a zero."""
    alarms = [resources[name]["Properties"] for name in ("WakeAlarm", "IdleAlarm", "StuckAlarm")]
    tracking = resources["BacklogPolicy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    for metrics in (*(alarm["Metrics"] for alarm in alarms), tracking["CustomizedMetricSpecification"]["Metrics"]):
        names = {metric["MetricStat"]["Metric"]["MetricName"] for metric in metrics if "MetricStat" in metric}
        assert names - {"RunningTaskCount"} == {"SweepRequestsWaiting", "SweepRequestsInFlight"}
        assert not any("FILL" in metric.get("Expression", "") for metric in metrics)
    assert {alarm["TreatMissingData"] for alarm in alarms} == {"notBreaching"}, "without numbers nothing is done"


def test_a_waiting_job_wakes_annotators_only_when_none_runs(resources: dict[str, Any]):
    alarm = resources["WakeAlarm"]["Properties"]
    assert [metric["Expression"] for metric in alarm["Metrics"] if "Expression" in metric] == [
        "IF(running > 0, 0, waiting)"]
    assert alarm["AlarmActions"] == [{"Ref": "WakePolicy"}]
    steps = resources["WakePolicy"]["Properties"]["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ChangeInCapacity"
    assert [step["ScalingAdjustment"] for step in steps["StepAdjustments"]] == [1, 2, 4]


def test_scaling_in_leaves_annotators_that_have_a_job(resources: dict[str, Any]):
    """ECS ends no task that protects itself, and every annotator may protect its own and no other stage's."""
    tracking = resources["BacklogPolicy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["DisableScaleIn"] is False
    role = cfnlint.decode.decode(str(PROJECT / "infra" / "resources.yaml"))[0]["Resources"]["WorkerRole"]
    protected = next(statement for statement in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                     if statement["Sid"] == "ScaleInProtection")
    assert protected["Action"] == "ecs:UpdateTaskProtection"
    assert protected["Resource"]["Fn::Sub"].endswith(":task/gas-${Stage}/*")
    assert resources["Cluster"]["Properties"]["ClusterName"] == {"Fn::Sub": "gas-${Stage}"}


def test_idle_annotators_all_go(resources: dict[str, Any]):
    idle = resources["IdleAlarm"]["Properties"]
    assert idle["Threshold"] == 0
    steps = resources["IdlePolicy"]["Properties"]["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ExactCapacity"
    assert [step["ScalingAdjustment"] for step in steps["StepAdjustments"]] == [0]


def test_a_deployment_brings_the_new_annotators_before_the_old_ones_go(resources: dict[str, Any]):
    configuration = resources["Service"]["Properties"]["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)
    assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_the_dashboard_is_json_and_shows_metrics_that_are_written(resources: dict[str, Any]):
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    assert len(widgets) >= 10
    metrics = [metric for widget in widgets for metric in widget["properties"]["metrics"] if isinstance(metric[0], str)]
    ours = {metric[1] for metric in metrics if metric[0] == "GAS/${Stage}"}
    assert ours >= {"JobsSubmitted", "SweepOldestWaitingJob", "SweepRequestsWaiting", "BytesRequested"}
    documented = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in ours if f"`{name}`" not in documented] == []
    assert all("Stage" in str(metric) or metric[0] in ("AWS/SES",) or "${" in str(metric) for metric in metrics)


def test_logs_do_not_stay_for_ever(resources: dict[str, Any]):
    assert [group["RetentionInDays"] for group in of_type(resources, "AWS::Logs::LogGroup")] == [
        {"Ref": "LogRetentionDays"}]
