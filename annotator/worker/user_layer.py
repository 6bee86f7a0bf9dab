"""The user's own annotations of a job on local disk, as the engine takes them."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job
from chalicelib.domain.layers import layer_name, safe_file_name
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services


def download_layer(services: Services, job: Job, folder: Path, check: Callable[[int], None]) -> str | None:
    """Download the file with the user's own annotations.

    Args:
        folder: Of the job.
        check: Called while the file comes; what it raises ends the download.

    Returns:
        The value of the engine's option `--layer`; None where the job has no such file.

    Raises:
        JobFailure: The file is no longer there.
    """
    layer = job.layer
    if layer.name is None or layer.key is None:
        return None
    # Its name is in the engine's messages, so the disk has it as well, in letters that do no harm there.
    path = folder / "layer" / safe_file_name(layer.name)
    path.parent.mkdir()
    if not services.files.download(job.input.bucket, layer.key, path, on_bytes=check, version_id=layer.version):
        raise JobFailure(JobReason("layer_missing", f"“{layer.name}”, with your own annotations, is no longer there.",
                                   "Upload both files again, or annotate again without your own annotations."))
    return f"{layer_name(layer.name)}={path}"
