"""What functions and annotators log, in a form that a person reads while it comes."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_FRAME = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
"""Lines that Lambda itself writes around each call."""
_SHOWN = {"timestamp", "service", "level", "message", "job_id"}
_LEFT_OUT = {"location", "cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id",
             "xray_trace_id", "exception", "exception_name", "stack_trace", "sampling_rate", "owner",
             "correlation_id", "user_id"}
_OVERLAP = 10_000
"""Milliseconds that each look goes back: events reach CloudWatch Logs late and out of order."""


def readable(line: str, source: str, time: str = "") -> str | None:
    """One logged line for the terminal, or None when it says nothing.

    Args:
        line: JSON as powertools' Logger writes it, or plain text.
        source: Who wrote it, where the line does not tell.
        time: when, `HH:MM:SS`, where the line does not tell.
    """
    line = line.rstrip()
    if not line or line.startswith(_FRAME):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or "message" not in record:
        return f"{time:8} {source:10} {'':7} {line}"
    if "_aws" in record:  # a metric in the embedded format
        return None
    stamp = str(record.get("timestamp", ""))
    when = stamp[11:19] if len(stamp) >= 19 else time
    job = str(record.get("job_id", ""))[:8]
    extra = " ".join(f"{key}={_short(value)}" for key, value in record.items()
                     if key not in _SHOWN | _LEFT_OUT and value not in (None, ""))
    parts = [f"{when:8} {record.get('service', source):10} {record.get('level', ''):7}", job, str(record["message"]),
             f"({extra})" if extra else ""]
    text = " ".join(part for part in parts if part)
    if record.get("exception"):
        text += "\n" + "\n".join(f"    {trace}" for trace in str(record["exception"]).splitlines())
    return text


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "…"


@dataclass
class FileTail:
    """The lines added to a file since the last look.

    Attributes:
        source: Who writes it.
    """

    path: Path
    source: str
    _offset: int = 0
    _rest: bytes = b""

    def lines(self) -> Iterator[str]:
        """New whole lines, readable."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            return
        self._offset += len(added)
        *whole, self._rest = (self._rest + added).split(b"\n")
        for line in whole:
            text = readable(line.decode("utf-8", "replace"), self.source)
            if text is not None:
                yield text


@dataclass
class FunctionLogs:
    """New events of every function's log group.

    Attributes:
        client: boto3 client of CloudWatch Logs.
        prefix: Of the log groups.
        since: Milliseconds since the epoch.
        clock: Local wall clock, `HH:MM:SS` of milliseconds since the epoch.
    """

    client: Any
    prefix: str
    since: int
    clock: Callable[[int], str]
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """New events, oldest first, readable. Nothing while the logs cannot be read."""
        try:
            events = sorted(self._events(), key=lambda event: event["timestamp"])
        except (BotoCoreError, ClientError):
            return  # the stack is going down, or busy: the next look finds them
        if events:
            self.since = max(self.since, events[-1]["timestamp"] - _OVERLAP)
        for event in events:
            # The emulator gives events no ids.
            known = (event["source"], event.get("logStreamName"), event["timestamp"], event["message"])
            if known in self._seen:
                continue
            self._seen.add(known)
            for line in event["message"].splitlines():
                text = readable(line, event["source"], self.clock(event["timestamp"]))
                if text is not None:
                    yield text

    def _events(self) -> Iterator[dict[str, Any]]:
        groups = self.client.describe_log_groups(logGroupNamePrefix=self.prefix)["logGroups"]
        for group in groups:
            name = group["logGroupName"]
            token: dict[str, str] = {}
            while True:
                page = self.client.filter_log_events(logGroupName=name, startTime=self.since, **token)
                for event in page["events"]:
                    yield {**event, "source": name.removeprefix(self.prefix)}
                if not page.get("nextToken"):
                    break
                token = {"nextToken": page["nextToken"]}
