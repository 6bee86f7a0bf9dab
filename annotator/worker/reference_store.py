"""References on local disk: those of the bucket are brought here once, verified, and shared by jobs and workers."""
from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aws_lambda_powertools import Logger

from annotator.engine import BundleError, Reference
from annotator.worker.reference_download import download_reference
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.domain.references import ReferenceInfo
from chalicelib.exceptions import ReferenceUnavailableError, WorkerOutOfDiskError

logger = Logger(service="annotator", child=True)

WAIT_SECONDS = 0.5
"""Before trying again whether another worker has downloaded a reference."""


class ReferenceStore:
    """A directory of references, one folder a version, each with a lock file beside it.

    Who uses a version holds its lock shared; who brings or removes one holds it alone. Locks die with their process. A
    folder appears under its name when all of it is there and was verified.

    Args:
        catalogue: The bucket.
        directory: Shared by all workers of one machine.
    """

    def __init__(self, catalogue: ReferenceCatalogue, directory: Path) -> None:
        self._catalogue = catalogue
        self._directory = directory

    def all(self, now: int) -> list[ReferenceInfo]:
        """The references that there are.

        Args:
            now: Epoch seconds.
        """
        return self._catalogue.entries(now, fresh=True)

    @contextmanager
    def opened(self, info: ReferenceInfo, check: Callable[[int], None]) -> Iterator[Path]:
        """The folder of a reference, which stays as long as the `with` block lasts.

        Args:
            check: Called often while it is brought; what it raises ends that.

        Raises:
            ReferenceUnavailableError: It is not there, or not what the catalogue says.
            WorkerOutOfDiskError: No room for it now.
        """
        if not info.prefix:
            yield self._bundled(info)
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        folder = self._directory / f"{info.name}@{info.manifest_sha256[:16]}"
        lock = os.open(self._lock_of(folder), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            _hold(lock, fcntl.LOCK_SH, check)
            while not folder.is_dir():
                _hold(lock, fcntl.LOCK_EX, check)
                if not folder.is_dir():
                    self._bring(info, folder, check)
                _hold(lock, fcntl.LOCK_SH, check)
            os.utime(lock)  # when it was used last
            self._remove_older(info.name, folder)
            yield folder
        finally:
            os.close(lock)

    def _bundled(self, info: ReferenceInfo) -> Path:
        try:
            return Reference.load(info.name).directory
        except BundleError as error:
            raise ReferenceUnavailableError(error.message) from error

    def _lock_of(self, folder: Path) -> Path:
        return self._directory / f"{folder.name}.lock"

    def make_room(self, needed: int, work_dir: Path) -> None:
        """Remove references that nobody uses, those used longest ago first, until a job has room beside them.

        What is removed is downloaded again when a job needs it. There may be less room than asked for in the end.

        Args:
            needed: Bytes of free disk.
            work_dir: Where they are needed; nothing is removed where that is another disk.
        """
        if not self._directory.is_dir() or self._directory.stat().st_dev != work_dir.stat().st_dev:
            return
        folders = [path for path in self._directory.glob("[!.]*@*") if path.is_dir()]
        for folder in sorted(folders, key=lambda path: self._lock_of(path).stat().st_mtime):
            if shutil.disk_usage(self._directory).free >= needed:
                return
            self._remove_unused(folder)

    def _bring(self, info: ReferenceInfo, folder: Path, check: Callable[[int], None]) -> None:
        """Download and verify what is not there from a run that was cut off; then give it its name."""
        part = folder.with_name(f".{folder.name}.part")
        part.mkdir(exist_ok=True)
        missing = info.size - sum(path.stat().st_size for path in part.iterdir())
        self.make_room(missing, part)
        free = shutil.disk_usage(part).free
        if missing > free:
            raise WorkerOutOfDiskError(f"{missing} bytes needed for {info.name}, {free} free.")
        logger.info("Downloading a reference", extra={"reference": info.name, "size": info.size})
        download_reference(self._catalogue, info, part, check)
        part.rename(folder)
        logger.info("Reference ready", extra={"reference": info.name})

    def _remove_older(self, name: str, current: Path) -> None:
        """Remove other versions of a reference that nobody uses."""
        for folder in self._directory.glob(f"{name}@*"):
            if folder != current and folder.is_dir():
                self._remove_unused(folder)

    def _remove_unused(self, folder: Path) -> None:
        """Remove a version of a reference, unless somebody uses it."""
        lock = os.open(self._lock_of(folder), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            shutil.rmtree(folder, ignore_errors=True)
            logger.info("Removed a reference from this disk", extra={"folder": folder.name})
        finally:
            os.close(lock)


def _hold(lock: int, how: int, check: Callable[[int], None]) -> None:
    """Hold a lock; another worker may hold it for long, while it brings the same reference."""
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            check(0)
            time.sleep(WAIT_SECONDS)
        else:
            return
