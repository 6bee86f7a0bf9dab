"""The files of a reference, downloaded side by side and verified as they arrive."""
from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from annotator.engine.files import sha256_of
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.domain.references import ReferenceInfo
from chalicelib.exceptions import GasError, ReferenceUnavailableError

MANIFEST = "manifest.json"
FILES_AT_A_TIME = 6
"""Each in several parts at a time (`chalicelib.aws.s3.files`): S3 gives one connection about 90 MB/s, whatever the
network has."""
CHECK_SECONDS = 0.2
"""Between two questions whether to go on."""


class _StoppedError(GasError):
    """The download is no longer wanted."""

    code = "download_stopped"
    default_message = "The download was stopped."


def download_reference(catalogue: ReferenceCatalogue, info: ReferenceInfo, folder: Path,
                       check: Callable[[int], None]) -> None:
    """Download the files of a reference that are not in a folder yet, the gene models and the sequence first.

    Args:
        check: Called often; what it raises ends the download. What is complete by then stays.

    Raises:
        ReferenceUnavailableError: A file is missing, or not what the catalogue or the manifest says.
    """
    _file(catalogue, info, MANIFEST, info.manifest_sha256, folder, check)
    listed, first = _listed(folder / MANIFEST, info)
    names = sorted(listed, key=lambda name: (not name.startswith(first), name))
    stopped = threading.Event()

    def go_on(_: int) -> None:
        if stopped.is_set():
            raise _StoppedError()

    with ThreadPoolExecutor(FILES_AT_A_TIME, thread_name_prefix="reference") as pool:
        waiting = {pool.submit(_file, catalogue, info, name, listed[name], folder, go_on) for name in names}
        try:
            while waiting:
                done, waiting = wait(waiting, CHECK_SECONDS, FIRST_COMPLETED)
                for one in done:
                    one.result()
                check(0)
        finally:
            stopped.set()
            for one in waiting:
                one.cancel()


def _file(catalogue: ReferenceCatalogue, info: ReferenceInfo, name: str, sha256: str, folder: Path,
          check: Callable[[int], None]) -> None:
    """Download one file, unless it is there, and compare it with its checksum."""
    path = folder / name
    if path.is_file() and sha256_of(path, check) == sha256:
        return
    if not catalogue.download(info, name, path, check):
        raise ReferenceUnavailableError(f"The bucket lacks {name} of reference {info.name}.")
    found = sha256_of(path, check)
    if found != sha256:
        path.unlink()
        raise ReferenceUnavailableError(f"{name} of reference {info.name} has the SHA-256 {found}, not {sha256}.")


def _listed(manifest: Path, info: ReferenceInfo) -> tuple[dict[str, str], tuple[str, ...]]:
    """Names and checksums of the files of a reference, and how the names of those begin that every job needs."""
    try:
        read: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
        listed = {str(name): str(sha256) for name, sha256 in read["sha256"].items()}
        first = tuple(str(read[part]) for part in ("compiled", "models", "fasta"))
    except (ValueError, KeyError, AttributeError) as error:
        raise ReferenceUnavailableError(f"The manifest of {info.name} cannot be used: {error!r}.") from error
    if any(Path(name).name != name for name in listed):
        raise ReferenceUnavailableError(f"The manifest of {info.name} names files outside its folder.")
    return listed, first
