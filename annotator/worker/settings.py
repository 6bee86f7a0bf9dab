"""What the operator set for the worker, from its environment (`infra/worker.yaml`)."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """One worker's settings. Times are seconds, sizes bytes.

    Attributes:
        work_dir: Local disk for the files of the current job.
        references_dir: Local disk for references from the bucket, which workers of one machine share.
        lease: How long a job stays this worker's after its last heartbeat; also how long its message stays hidden.
        heartbeat: Between two writes of progress and lease.
        pause: Before the next message, when there was one and no job may be taken.
        time_limit: Longest that one annotation may take.
        memory_limit: Most memory that the annotation process may have.
        most_running_of_user: Jobs of one user that run at the same time. Further ones wait even where annotators are
            idle, so that the next user finds one: less than there are annotators at most.
        ecs_agent: Address of the ECS container agent, "" outside ECS.
        most_attempts: How often a job is begun before it counts as one that stops its worker.
    """

    work_dir: Path
    references_dir: Path = Path(tempfile.gettempdir()) / "gas-references"
    lease: int = 120
    heartbeat: float = 3.0
    pause: float = 5.0
    time_limit: int = 6 * 3600
    memory_limit: int = 3 * 1024**3
    most_attempts: int = 3
    most_running_of_user: int = 3
    ecs_agent: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> WorkerSettings:
        """Settings from environment variables.

        Raises:
            ValueError: For a number that is none.
        """
        return cls(
            work_dir=Path(environment.get("GAS_WORK_DIR") or Path(tempfile.gettempdir()) / "gas-work"),
            references_dir=Path(environment.get("GAS_REFERENCES_DIR") or cls.references_dir),
            lease=int(environment.get("LEASE_SECONDS", cls.lease)),
            heartbeat=float(environment.get("HEARTBEAT_SECONDS", cls.heartbeat)),
            time_limit=int(environment.get("TIME_LIMIT_SECONDS", cls.time_limit)),
            memory_limit=int(environment.get("MEMORY_LIMIT_BYTES", cls.memory_limit)),
            most_attempts=int(environment.get("MOST_ATTEMPTS", cls.most_attempts)),
            most_running_of_user=int(environment.get("MOST_RUNNING_OF_USER", cls.most_running_of_user)),
            ecs_agent=environment.get("ECS_AGENT_URI", cls.ecs_agent),
        )
