"""Runs ``bcftools csq`` in a process of its own: ``python csq_child.py <arguments of csq>``.

In the caller's process it would hold the interpreter's lock for its whole run and take the process down when it
crashes. Nothing of ours is imported here.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys

import pysam
import pysam.bcftools

#: ``PR_SET_PDEATHSIG`` of Linux's prctl(2).
PARENT_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends, even when the parent is killed; elsewhere do nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def main() -> int:
    die_with_parent()
    try:
        pysam.bcftools.csq(*sys.argv[1:], catch_stdout=False)
    except pysam.SamtoolsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
