"""The queue, ECS and Application Auto Scaling in simulated time, set up from the templates."""
from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import simpy

from tests.simulation.cloudwatch import Alarm, CloudWatch, Query

Template = dict[str, Any]
Steps = Generator[simpy.Event, Any, None]
START = 90.0
"""Seconds from asking for a task until it polls: placement, network interface, image, start."""
QUIET = 6 * 3600.0
"""Seconds without any call after which SQS publishes no metrics of a queue."""
WAKING = 900.0
"""Seconds from the first call until it does again, at most
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html)."""
TRACKING_OUT, TRACKING_IN = 3, 15
"""Minutes that target tracking's own alarms look at; the lower one is at nine tenths of the target."""
PRICE = {"vcpu": 0.04048, "gb": 0.004445, "disk": 0.000111, "address": 0.005}
"""US dollars an hour in us-east-1: a processor of Fargate, a GB of memory, a GiB of disk over 20, an IPv4 address."""


def dollars_an_hour(size: Mapping[str, str], disk: int) -> float:
    """Price of one annotator of a size, a row of `Size` in infra/worker.yaml, with so many GiB of disk."""
    return (int(size["Cpu"]) / 1024 * PRICE["vcpu"] + int(size["Memory"]) / 1024 * PRICE["gb"]
            + (disk - 20) * PRICE["disk"] + PRICE["address"])


@dataclass
class Job:
    """One job of a load.

    Attributes:
        arrives: Second.
        lasts: Seconds on an annotator.
        started: Second at which the run that came to its end began.
        ended: Second.
        interrupted: Runs that were ended before their end.
    """

    arrives: float
    lasts: float
    started: float = math.nan
    ended: float = math.nan
    interrupted: int = 0


@dataclass(eq=False)
class Annotator:
    """One ECS task."""

    asked_for: float
    process: Any = None
    polling: bool = False
    job: Job | None = None
    ended: float | None = None


@dataclass
class StepPolicy:
    """`StepScaling`."""

    properties: dict[str, Any]
    ready: float = 0.0


@dataclass
class TrackingPolicy:
    """`TargetTrackingScaling` with the two alarms that it makes itself."""

    target: float
    high: Alarm
    low: Alarm | None
    out_cooldown: float
    in_cooldown: float
    out_ready: float = 0.0
    in_ready: float = 0.0


@dataclass
class Fleet:
    """The simulated service.

    Args:
        worker: `infra/worker.yaml`.
        service: The service's template.
        parameters: Parameters of the first, beside their defaults.
    """

    worker: Template
    service: Template
    jobs: list[Job]
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = simpy.Environment()
        self.queue: simpy.Store = simpy.Store(self.env)
        self.cloudwatch = CloudWatch()
        self.annotators: list[Annotator] = []
        self.past: list[Annotator] = []
        self.desired = 0
        self.sizes: list[int] = []
        self.parameters = {name: declared.get("Default") for name, declared in self.worker["Parameters"].items()
                           } | self.parameters
        self.most = int(self.parameters["LargestWorkerCount"])
        resources = {name: resource for name, resource in self.worker["Resources"].items() if "Properties" in resource}
        self.alarms = [Alarm.of_template(resource["Properties"]) for resource in resources.values()
                       if resource["Type"] == "AWS::CloudWatch::Alarm" and any(
                           action["Ref"] in resources for action in resource["Properties"]["AlarmActions"])]
        self.steps = {name: StepPolicy(resource["Properties"]["StepScalingPolicyConfiguration"])
                      for name, resource in resources.items()
                      if resource["Properties"].get("PolicyType") == "StepScaling"}
        self.tracking = [self._tracking(resource["Properties"]["TargetTrackingScalingPolicyConfiguration"])
                         for resource in resources.values()
                         if resource["Properties"].get("PolicyType") == "TargetTrackingScaling"]
        self.protected = "ecs:UpdateTaskProtection" in str(self.service["Resources"]["WorkerRole"])
        events = self.service["Resources"]["SweepFunction"]["Properties"]["Events"].values()
        self.counted = any('"requests"' in event["Properties"].get("Input", "") for event in events)
        self._active_since: float | None = None
        self._last_call = -math.inf

    def _tracking(self, properties: dict[str, Any]) -> TrackingPolicy:
        query = Query.of_metrics(properties["CustomizedMetricSpecification"]["Metrics"])
        value = properties["TargetValue"]
        target = float(self.parameters[value["Ref"]] if isinstance(value, dict) else value)
        low = None if properties.get("DisableScaleIn") else Alarm(
            query, lambda value: value < 0.9 * target, 0.9 * target, TRACKING_IN, TRACKING_IN)
        return TrackingPolicy(target, Alarm(query, lambda value: value > target, target, TRACKING_OUT, TRACKING_OUT),
                              low, properties.get("ScaleOutCooldown", 300), properties.get("ScaleInCooldown", 300))

    # ---- the run -------------------------------------------------------------------------------------------------
    def run(self, seconds: float) -> Fleet:
        """Simulate so many seconds."""
        self.env.process(self._arrivals(sorted(self.jobs, key=lambda job: job.arrives)))
        self.env.process(self._minutes())
        self.env.run(until=seconds)
        return self

    def _arrivals(self, jobs: Iterable[Job]) -> Steps:
        for job in jobs:
            yield self.env.timeout(job.arrives - self.env.now)
            self._call()
            yield self.queue.put(job)

    def _minutes(self) -> Steps:
        while True:
            yield self.env.timeout(60)
            self._publish(int(self.env.now // 60) - 1)
            self._scale(int(self.env.now // 60))
            self.sizes.append(len(self.annotators))

    # ---- the queue and its metrics -----------------------------------------------------------------------------
    def _call(self) -> None:
        """Somebody uses the queue."""
        if self.env.now - self._last_call > QUIET:
            self._active_since = self.env.now
        self._last_call = self.env.now

    def _publish(self, minute: int) -> None:
        waiting, running = len(self.queue.items), sum(one.job is not None for one in self.annotators)
        if self.counted or waiting or any(one.polling for one in self.annotators):
            self._call()
        if self.counted:
            self.cloudwatch.put("SweepRequestsWaiting", minute, waiting)
            self.cloudwatch.put("SweepRequestsInFlight", minute, running)
        active = self.env.now - self._last_call <= QUIET
        if active and self._active_since is not None and self.env.now - self._active_since >= WAKING:
            self.cloudwatch.put("ApproximateNumberOfMessagesVisible", minute, waiting)
            if running:  # "Reported if in-flight messages exist"
                self.cloudwatch.put("ApproximateNumberOfMessagesNotVisible", minute, running)
        if polling := sum(one.polling for one in self.annotators):
            self.cloudwatch.put("RunningTaskCount", minute, polling)

    # ---- Application Auto Scaling --------------------------------------------------------------------------------
    def _scale(self, minute: int) -> None:
        wanted = [self._tracked(policy, minute) for policy in self.tracking]
        for alarm in self.alarms:
            value = alarm.look(self.cloudwatch, minute)
            if alarm.alarming and value is not None:  # scaling actions are repeated as long as the alarm lasts
                wanted += [self._stepped(self.steps[name], value - alarm.threshold) for name in alarm.actions
                           if name in self.steps]
        chosen = [count for count in wanted if count is not None]
        if chosen:
            self.desired = min(max(chosen), self.most)
        self._reconcile()

    def _tracked(self, policy: TrackingPolicy, minute: int) -> int | None:
        now = self.env.now
        value = policy.high.look(self.cloudwatch, minute)
        if self.desired == 0:
            return None  # nothing to multiply
        if policy.high.alarming and value is not None:
            if now < policy.out_ready:
                return None
            policy.out_ready = now + policy.out_cooldown
            return max(self.desired, math.ceil(self.desired * value / policy.target))
        if policy.low is not None:
            value = policy.low.look(self.cloudwatch, minute)
            if policy.low.alarming and value is not None and now >= policy.in_ready:
                policy.in_ready = now + policy.in_cooldown
                return min(self.desired, math.ceil(self.desired * value / policy.target))
        return None

    def _stepped(self, policy: StepPolicy, over: float) -> int | None:
        if self.env.now < policy.ready:
            return None
        step = next((step for step in policy.properties["StepAdjustments"]
                     if step.get("MetricIntervalLowerBound", -math.inf) <= over
                     and (over < step.get("MetricIntervalUpperBound", math.inf)
                          or over == step.get("MetricIntervalUpperBound") == 0)), None)
        if step is None:
            return None
        policy.ready = self.env.now + policy.properties.get("Cooldown", 0)
        exact = policy.properties["AdjustmentType"] == "ExactCapacity"
        return int(step["ScalingAdjustment"]) + (0 if exact else self.desired)

    # ---- ECS -----------------------------------------------------------------------------------------------------
    def _reconcile(self) -> None:
        """Start or end tasks; ECS ends those that have no job first only where these protect themselves."""
        while len(self.annotators) < self.desired:
            one = Annotator(self.env.now)
            one.process = self.env.process(self._works(one))
            self.annotators.append(one)
        endable = [one for one in self.annotators if not (self.protected and one.job is not None)]
        for one in endable[: max(0, len(self.annotators) - self.desired)]:
            self.annotators.remove(one)
            self._ends(one)
            one.process.interrupt()

    def _works(self, one: Annotator) -> Steps:
        asked = None
        try:
            yield self.env.timeout(START)
            one.polling = True
            while True:
                asked = self.queue.get()
                one.job = None
                job: Job = yield asked
                asked, one.job, job.started = None, job, self.env.now
                yield self.env.timeout(job.lasts)
                job.ended, one.job = self.env.now, None
                if len(self.annotators) > self.desired:  # its protection has ended
                    self.annotators.remove(one)
                    self._ends(one)
                    return
        except simpy.Interrupt:
            if asked is not None:
                asked.cancel()
            if one.job is not None:  # it hands the job back, which starts again
                one.job.interrupted += 1
                self.queue.put(one.job)

    def _ends(self, one: Annotator) -> None:
        one.ended = self.env.now
        self.past.append(one)

    # ---- what came of it -------------------------------------------------------------------------------------------
    @property
    def waits(self) -> list[float]:
        """Seconds that each job waited for its last run; to the end of the simulation where it never began."""
        return sorted((job.started if job.started == job.started else self.env.now) - job.arrives for job in self.jobs)

    @property
    def hours(self) -> float:
        """Hours of annotators that are paid for: from the request on, a minute at least."""
        return sum(max(60.0, (one.ended or self.env.now) - one.asked_for)
                   for one in [*self.past, *self.annotators]) / 3600

    @property
    def price(self) -> float:
        """Dollars an hour of one annotator."""
        return dollars_an_hour(self.worker["Mappings"]["Size"][self.parameters["WorkerSize"]],
                               int(self.parameters["WorkerDiskGiB"]))
