"""What goes wrong in one of the engine's commands, told on standard error."""

from __future__ import annotations

import os
import sys

from annotator.engine.errors import EngineError


def file_error_words(error: OSError) -> str:
    """What the system says of a file, and which one it is; libraries raise such errors with words of their own."""
    if error.errno is None:
        return "A file cannot be read or written: it is damaged or of another kind."
    return f"{os.strerror(error.errno)}: {error.filename or ''}".rstrip(": ")


def refused(error: EngineError | OSError) -> int:
    """Tell why a command could not be done; returns its exit code."""
    words = file_error_words(error) if isinstance(error, OSError) else error.message
    sys.stderr.write(f"error: {words}\n")
    return 1
