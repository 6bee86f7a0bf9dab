"""A user's own annotations: a VCF or BED file that comes with the input file and becomes a layer of its results.

It lies beside the input file, under the prefix of its job. So it is its user's, whatever a browser says, and goes with
the job.
"""
from __future__ import annotations

import re
from pathlib import PurePosixPath

from chalicelib.domain.names import VCF_EXTENSIONS, check_name

LAYER = "layer"
"""Kind of the file, where it can be downloaded, and the folder of a job that it lies in."""
BED_EXTENSIONS = (".bed", ".bed.gz", ".bed.bgz", ".bed.xz", ".bed.zst")
LAYER_EXTENSIONS = (*VCF_EXTENSIONS, *BED_EXTENSIONS)
_LONGEST = 40


def check_layer_name(name: str) -> None:
    """Check the name of a file with a user's own annotations.

    Raises:
        JobFailure: With the reason, for a name that is not one of a VCF or BED file.
    """
    check_name(name, LAYER_EXTENSIONS, "wrong_layer_extension")


def layer_name(file_name: str) -> str:
    """What the INFO fields and columns that a file becomes begin with: its name, in the letters that INFO takes."""
    stem = file_name.lower()
    extension = max((one for one in LAYER_EXTENSIONS if stem.endswith(one)), key=len, default="")
    text = re.sub(r"[^0-9A-Za-z_]+", "_", file_name[: len(file_name) - len(extension)])[:_LONGEST].strip("_")
    return f"_{text}" if text[:1].isdigit() else text or "LAYER"


def safe_file_name(file_name: str) -> str:
    """The file's name for disks and command lines, which messages about it show: letters, digits, dots and lines."""
    name = re.sub(r"[^0-9A-Za-z._-]", "_", PurePosixPath(file_name).name)
    return f"_{name[-100:].lstrip('.-')}" if name[:1] in ".-" or len(name) > 100 else name
