"""The simulated CloudWatch has its rules, and the fleet of the templates does what docs/operations.md says."""
from __future__ import annotations

import copy

import pytest

from infra.template.cloudformation_yaml import WORKER, load
from infra.template.service_template import service_template
from tests.simulation.cloudwatch import LATE, Alarm, CloudWatch, Query, evaluate
from tests.simulation.fleet import Fleet, Job, Template

HOUR = 3600.0


@pytest.fixture(scope="module")
def templates() -> tuple[Template, Template]:
    return load(WORKER), service_template()


def fleet(templates: tuple[Template, Template], *jobs: tuple[float, float]) -> Fleet:
    return Fleet(*copy.deepcopy(templates), [Job(*times) for times in jobs])


# ---- CloudWatch ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("expression", "value"), [
    ("waiting + running", None), ("waiting + FILL(running, 0)", 3), ("IF(waiting > 2, 7, 8)", 7),
    ("IF(running > 0, 0, waiting)", None), ("waiting / zero", None), ("(waiting + zero) / 2", 1.5)])
def test_what_is_missing_makes_the_result_missing(expression: str, value: float | None):
    assert evaluate(expression, {"waiting": 3.0, "running": None, "zero": 0.0}) == value


def test_metric_math_that_is_not_known_is_no_zero():
    with pytest.raises(ValueError, match="RATE"):
        evaluate("RATE(waiting)", {"waiting": 1.0})


def alarm(expression: str, missing: str, periods: int = 3) -> Alarm:
    return Alarm(Query(expression, {"m": ("Maximum", "m")}), lambda value: value > 0, 0, periods, periods, missing)


def points(*values: float | None) -> tuple[CloudWatch, int]:
    """A metric's datapoints, and the minute in which the last of them can be read."""
    made = CloudWatch()
    for minute, value in enumerate(values):
        if value is not None:
            made.put("m", minute, value)
    return made, len(values) + LATE


@pytest.mark.parametrize(("missing", "values", "alarming"), [
    ("notBreaching", (1, 1, 1, 1), True),
    ("notBreaching", (None,) * 5, False),
    ("breaching", (None,) * 5, True),
    ("missing", (None,) * 5, False),
    ("breaching", (0, 0, 0, 0), False),
    ("notBreaching", (1, 1, 1, None), True),  # a wider range has enough datapoints
])
def test_an_alarm_takes_missing_data_as_it_is_told(missing: str, values: tuple[float | None, ...], alarming: bool):
    made, now = points(*values)
    one = alarm("m", missing)
    one.look(made, now)
    assert one.alarming is alarming


def test_filling_in_what_is_only_late_keeps_an_alarm_quiet():
    """Why no alarm and no policy of the template has FILL."""
    made, now = points(1, 1, 1, 1, 1, 1)
    filled, plain = alarm("FILL(m, 0)", "notBreaching"), alarm("m", "notBreaching")
    for one in (filled, plain):
        one.look(made, now)
    assert (filled.alarming, plain.alarming) == (False, True)
    assert "FILL(" not in str([resource for resource in load(WORKER)["Resources"].values()
                               if "Scaling" in resource["Type"]])


# ---- the fleet -----------------------------------------------------------------------------------------------------
def test_a_job_after_six_idle_hours_is_begun_within_minutes(templates: tuple[Template, Template]):
    done = fleet(templates, (60, 120), (20 * HOUR, 120)).run(21 * HOUR)
    assert all(wait <= 5 * 60 for wait in done.waits)
    assert done.desired == 0, "and the annotator has gone again"


def test_without_the_sweep_it_waits_for_sqs(templates: tuple[Template, Template]):
    """What the minutely count is for."""
    worker, service = copy.deepcopy(templates)
    del service["Resources"]["SweepFunction"]["Properties"]["Events"]["Requests"]
    assert max(Fleet(worker, service, [Job(20 * HOUR, 120)]).run(21 * HOUR).waits) > 15 * 60


def test_after_a_batch_the_fleet_shrinks_while_jobs_still_come(templates: tuple[Template, Template]):
    batch = [(67.0, 300.0)] * 12
    trickle = [(HOUR + 7 + number * 600, 180.0) for number in range(30)]
    done = fleet(templates, *batch, *trickle).run(7 * HOUR)
    assert max(done.sizes) == 4
    assert max(done.sizes[3 * 60:]) == 1, "one annotator is enough for the trickle"
    assert not any(job.interrupted for job in done.jobs)
    assert all(job.ended == job.ended for job in done.jobs)


def test_scaling_in_would_end_jobs_without_protection(templates: tuple[Template, Template]):
    """The right that the annotator protects its task with is what makes scaling in safe."""
    long = [(60.0, 3 * HOUR)] * 4 + [(60.0, 1200.0)] * 4
    protected = fleet(templates, *long).run(10 * HOUR)
    assert not any(job.interrupted for job in protected.jobs)
    worker, service = copy.deepcopy(templates)
    policy = service["Resources"]["WorkerRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "ScaleInProtection"]
    worker["Parameters"]["JobsPerWorker"]["Default"] = 2
    assert any(job.interrupted for job in Fleet(worker, service, [Job(*times) for times in long]).run(10 * HOUR).jobs)


def test_a_batch_starts_more_than_one_annotator_at_once(templates: tuple[Template, Template]):
    done = fleet(templates, *[(70.0, 60.0)] * 100).run(HOUR)
    assert max(done.sizes[:5]) == 4
    assert done.hours * done.price < 0.5
