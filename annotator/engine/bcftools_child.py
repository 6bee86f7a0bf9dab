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


def command(*arguments: str) -> list[str]:
    """The command line that runs bcftools in a child of this process.

    Args:
        arguments: The bcftools command and its arguments.
    """
    return [sys.executable, "-P", __file__, str(os.getpid()), *arguments]


def tie_to_parent(parent: int) -> bool:
    """Ask Linux to kill this process when its parent ends, even when the parent is killed; elsewhere do nothing.

    Args:
        parent: Process id of the parent.

    Returns:
        False if the parent has already ended.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    return os.getppid() == parent


def main() -> int:
    """Run the command; exit status 1 when bcftools refuses."""
    if not tie_to_parent(int(sys.argv[1])):
        sys.exit("The parent has ended already.")
    # The parent holds its signals back while it starts this process, and that is inherited.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    # Not sooner: loading takes a while, in which the parent may end.
    import pysam
    import pysam.bcftools

    run = getattr(pysam.bcftools, sys.argv[2])
    try:
        run(*sys.argv[3:], catch_stdout=False)
    except pysam.SamtoolsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
