"""CloudWatch: metrics that come late or not at all, metric math, and alarms with their rules for missing data."""
from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = float | None
"""A datapoint, None where there is none."""
LATE = 1
"""Minutes until a datapoint can be read."""
EXTRA_PERIODS = 2
"""An alarm looks at so many periods more than it needs, and takes the newest that have data
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html)."""
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Maximum": max, "Minimum": min, "Sum": sum, "Average": lambda values: sum(values) / len(values),
    "SampleCount": len}
_ARITHMETIC: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARISONS: dict[type, Callable[[float, float], bool]] = {
    ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le, ast.Eq: operator.eq}
_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt, "LessThanOrEqualToThreshold": operator.le}


@dataclass
class CloudWatch:
    """The datapoints of every metric, one a minute at most, by the metric's name."""

    points: dict[str, dict[int, float]] = field(default_factory=dict)

    def put(self, name: str, minute: int, value: float) -> None:
        """Keep the datapoint of a minute."""
        self.points.setdefault(name, {})[minute] = value

    def statistic(self, name: str, statistic: str, end: int, minutes: int, now: int) -> Value:
        """One period's value.

        Args:
            name: The metric.
            statistic: "Maximum", for example.
            end: The minute after the period.
            minutes: Its length.
            now: The minute in which it is asked for: datapoints of the last `LATE` minutes are not there yet.
        """
        points = self.points.get(name, {})
        values = [points[minute] for minute in range(end - minutes, min(end, now - LATE)) if minute in points]
        return _STATISTICS[statistic](values) if values else None


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """Metric math for one period.

    An operation on what is missing is missing, and so is a division by zero; `FILL` replaces what is missing, also
    where the datapoint is only late (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
    """
    return _value(ast.parse(expression, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _function(node.func.id, node.args, values)
    if isinstance(node, ast.BinOp):
        return _both(_ARITHMETIC[type(node.op)], _value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Compare):
        return _both(_COMPARISONS[type(node.ops[0])], _value(node.left, values), _value(node.comparators[0], values))
    raise ValueError(f"metric math that is not known here: {ast.unparse(node)}")


def _function(name: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    if name == "FILL":
        value = _value(arguments[0], values)
        return _value(arguments[1], values) if value is None else value
    if name == "IF":
        condition = _value(arguments[0], values)
        return None if condition is None else _value(arguments[1 if condition else 2], values)
    raise ValueError(f"a function of metric math that is not known here: {name}")


def _both(operation: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return float(operation(left, right))
    except ZeroDivisionError:
        return None


@dataclass
class Query:
    """What an alarm or a policy looks at: one metric, or an expression over several.

    Attributes:
        metrics: Statistic and metric name by the identifier in the expression.
        period: Minutes.
    """

    expression: str
    metrics: dict[str, tuple[str, str]]
    period: int = 1

    @classmethod
    def of_alarm(cls, properties: Mapping[str, Any]) -> Query:
        """That of `AWS::CloudWatch::Alarm`."""
        if "MetricName" in properties:
            return cls("only", {"only": (properties["Statistic"], properties["MetricName"])},
                       properties["Period"] // 60)
        return cls.of_metrics(properties["Metrics"])

    @classmethod
    def of_metrics(cls, metrics: Sequence[Mapping[str, Any]]) -> Query:
        """That of a list of metrics of which one expression is returned."""
        stats = [(metric["Id"], metric["MetricStat"]) for metric in metrics if "MetricStat" in metric]
        return cls(next(metric["Expression"] for metric in metrics if metric.get("ReturnData", True)),
                   {name: (stat["Stat"], stat["Metric"]["MetricName"]) for name, stat in stats},
                   stats[0][1].get("Period", 60) // 60)

    def newest(self, cloudwatch: CloudWatch, now: int, count: int) -> list[Value]:
        """The values of the last periods, newest first."""
        ends = range(now - now % self.period, 0, -self.period)
        return [evaluate(self.expression, {
            name: cloudwatch.statistic(metric, statistic, end, self.period, now)
            for name, (statistic, metric) in self.metrics.items()}) for _, end in zip(range(count), ends, strict=False)]


@dataclass
class Alarm:
    """An alarm and its state.

    Attributes:
        datapoints: How many of the last `periods` must breach.
        missing: "notBreaching", "breaching", "ignore" or "missing": what a period without data counts as.
        actions: Logical names of what it sets off.
    """

    query: Query
    breaches: Callable[[float], bool]
    threshold: float
    periods: int
    datapoints: int
    missing: str = "missing"
    actions: tuple[str, ...] = ()
    alarming: bool = False

    @classmethod
    def of_template(cls, properties: Mapping[str, Any]) -> Alarm:
        """`AWS::CloudWatch::Alarm`."""
        threshold, breach = float(properties["Threshold"]), _BREACHES[properties["ComparisonOperator"]]
        return cls(Query.of_alarm(properties), lambda value: breach(value, threshold), threshold,
                   properties["EvaluationPeriods"],
                   properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]),
                   properties.get("TreatMissingData", "missing"),
                   tuple(action["Ref"] for action in properties.get("AlarmActions", [])))

    def look(self, cloudwatch: CloudWatch, now: int) -> Value:
        """Evaluate the alarm.

        Returns:
            The newest value, None when there is none.
        """
        values = self.query.newest(cloudwatch, now, self.periods + EXTRA_PERIODS)
        real = [value for value in values if value is not None][: self.periods]
        breaching = sum(self.breaches(value) for value in real)
        absent = self.periods - len(real)
        if self.missing == "breaching":
            breaching += absent
        if real or self.missing in ("breaching", "notBreaching"):
            certain = breaching >= self.datapoints
            undecided = self.missing in ("ignore", "missing") and absent and breaching + absent >= self.datapoints
            self.alarming = certain if not undecided else certain or self.alarming
        return real[0] if real else None
