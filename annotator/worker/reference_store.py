"""References on local disk: those of the bucket are brought here once, verified, and shared by jobs and workers."""
from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from annotator.engine import BundleError, Reference
from annotator.engine.files import sha256_of
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.domain.references import ReferenceInfo
from chalicelib.exceptions import ReferenceUnavailableError, WorkerOutOfDiskError

logger = Logger(service="annotator", child=True)

MANIFEST = "manifest.json"
WAIT_SECONDS = 0.5
"""Between two looks whether another worker has brought a reference."""


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

    def _bring(self, info: ReferenceInfo, folder: Path, check: Callable[[int], None]) -> None:
        """Download and verify what is not there from a run that was cut off; then give it its name."""
        part = folder.with_name(f".{folder.name}.part")
        part.mkdir(exist_ok=True)
        there = sum(path.stat().st_size for path in part.iterdir())
        free = shutil.disk_usage(part).free
        if info.size - there > free:
            raise WorkerOutOfDiskError(f"{info.size - there} bytes needed for {info.name}, {free} free.")
        logger.info("Bringing a reference", extra={"reference": info.name, "size": info.size})
        self._file(info, MANIFEST, info.manifest_sha256, part, check)
        for name, sha256 in _listed(part / MANIFEST, info).items():
            self._file(info, name, sha256, part, check)
        part.rename(folder)
        logger.info("Reference ready", extra={"reference": info.name})

    def _file(self, info: ReferenceInfo, name: str, sha256: str, part: Path, check: Callable[[int], None]) -> None:
        path = part / name
        if path.is_file() and sha256_of(path, check) == sha256:
            return
        if not self._catalogue.download(info, name, path, check):
            raise ReferenceUnavailableError(f"The bucket lacks {name} of reference {info.name}.")
        found = sha256_of(path, check)
        if found != sha256:
            path.unlink()
            raise ReferenceUnavailableError(f"{name} of reference {info.name} has the SHA-256 {found}, not {sha256}.")

    def _remove_older(self, name: str, current: Path) -> None:
        """Remove other versions of a reference that nobody uses."""
        for folder in self._directory.glob(f"{name}@*"):
            if folder == current or not folder.is_dir():
                continue
            lock = os.open(self._lock_of(folder), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(folder, ignore_errors=True)
                logger.info("Removed an older reference", extra={"folder": folder.name})
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


def _listed(manifest: Path, info: ReferenceInfo) -> dict[str, str]:
    """Names and checksums of the files of a reference."""
    try:
        read: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
        listed = {str(name): str(sha256) for name, sha256 in read["sha256"].items()}
    except (ValueError, KeyError, AttributeError) as error:
        raise ReferenceUnavailableError(f"The manifest of {info.name} is none: {error!r}.") from error
    if any(Path(name).name != name for name in listed):
        raise ReferenceUnavailableError(f"The manifest of {info.name} names files outside its folder.")
    return listed
