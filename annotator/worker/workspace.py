"""Local disk for one job at a time: checked before use, and emptied whatever happens."""
from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aws_lambda_powertools import Logger

from chalicelib.domain.job_reason import JobReason
from chalicelib.exceptions import JobFailure, WorkerOutOfDiskError

logger = Logger(service="annotator", child=True)

BYTES_PER_INPUT_BYTE = 6
"""The input, and where it is not sorted, its records in sorted runs, which are merged into one: compressed both times.
A run takes 1.0 to 1.7 times as much as the input, measured with bgzip files of long and of bare records. Results and
table are uploaded while they are produced."""
SPARE_BYTES = 256 * 1024**2
"""For what does not grow with the input: blocks of results in flight, index, log and summary."""


class Workspace:
    """A worker's own folder under the work directory, marked as in use by a file lock that dies with the process.

    Args:
        work_dir: Shared by all workers of one machine.
        owner: This worker's name.
    """

    def __init__(self, work_dir: Path, owner: str) -> None:
        work_dir.mkdir(parents=True, exist_ok=True)
        self._work_dir = work_dir
        self.path = work_dir / f"worker-{owner}"
        self.path.mkdir(exist_ok=True)
        self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def touch_alive(self) -> None:
        """Leave a sign of life for the container's health check."""
        (self._work_dir / "alive").touch()

    def remove_leftovers(self) -> int:
        """Remove the folders of workers that died; returns how many."""
        removed = 0
        for folder in self._work_dir.glob("worker-*"):
            if folder == self.path or not _abandoned(folder):
                continue
            shutil.rmtree(folder, ignore_errors=True)
            logger.info("Removed what a dead worker left", extra={"folder": folder.name})
            removed += 1
        return removed

    @staticmethod
    def room_for(input_size: int) -> int:
        """Bytes of disk that a job needs, from those of its input."""
        return input_size * BYTES_PER_INPUT_BYTE + SPARE_BYTES

    def require_room(self, input_size: int) -> None:
        """Check that the disk can take a job.

        Args:
            input_size: Bytes.

        Raises:
            WorkerOutOfDiskError: Not now.
            JobFailure: Not ever, on this kind of worker.
        """
        needed = self.room_for(input_size)
        usage = shutil.disk_usage(self.path)
        if needed > usage.total:
            raise JobFailure(JobReason(
                "too_large_for_worker", "The file is too large for this service to process.",
                "Split the file by chromosome and upload the parts, or contact support."))
        if needed > usage.free:
            raise WorkerOutOfDiskError(f"{needed} bytes needed, {usage.free} free.")

    @contextmanager
    def job_folder(self, job_id: str) -> Iterator[Path]:
        """An empty folder for one job, gone afterwards."""
        folder = self.path / job_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Give the folder up. Doing so again does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _abandoned(folder: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError):
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
        return True
    return False


def alive(work_dir: Path, now: float, most_seconds: float) -> bool:
    """The container's health check: True when a worker left a sign of life.

    Args:
        now: Epoch seconds.
        most_seconds: How old the sign may be.
    """
    try:
        return now - (work_dir / "alive").stat().st_mtime <= most_seconds
    except FileNotFoundError:
        return False
