"""What the engine's commands share: exit codes, limits, and the message on standard error when one fails."""

from __future__ import annotations

import os
import resource
import sys

from annotator.engine.errors import EngineError

DONE, FAILED = 0, 1
"""Exit codes of every command."""


def file_error_words(error: OSError) -> str:
    """What the system says of a file, and which one it is; libraries raise such errors with words of their own."""
    if error.errno is None:
        return "A file cannot be read or written: it is damaged or of another kind."
    return f"{os.strerror(error.errno)}: {error.filename or ''}".rstrip(": ")


def limit_process(memory: int | None, processor_seconds: int | None) -> None:
    """Limit this process, and those that it starts, each.

    Args:
        memory: bytes of address space; None for no limit.
        processor_seconds: after so many the system ends the process; None for no limit.
    """
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if processor_seconds:
        # Where both limits are the same the system sends SIGKILL, which says nothing of the reason.
        resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds + 5))


def refused(error: EngineError | OSError) -> int:
    """Report why a command failed; returns its exit code."""
    words = file_error_words(error) if isinstance(error, OSError) else error.message
    sys.stderr.write(f"error: {words}\n")
    return FAILED
