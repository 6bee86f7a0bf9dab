"""Runs a bcftools command in a process of its own: ``python bcftools_child.py <parent's process id> csq <arguments>``.

In the caller's process the command would hold the interpreter's lock for its whole run, and a crash would end that
process. Nothing of ours is imported here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux's prctl(2)."""


def die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends, even when the parent is killed; elsewhere do nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The parent has ended already.")
    # The parent holds its signals back while it starts this process, and that is inherited.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})


def main() -> int:
    """Run the command; exit status 1 when bcftools refuses."""
    die_with(int(sys.argv[1]))
    # Not sooner: loading takes a while, in which the parent may end.
    import pysam
    import pysam.bcftools

    command = getattr(pysam.bcftools, sys.argv[2])
    try:
        command(*sys.argv[3:], catch_stdout=False)
    except pysam.SamtoolsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
