"""Runs a click application: its exit code, its usage errors in one line, and shell completion."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import click

INTERRUPTED = 128 + signal.SIGINT
"""Exit code after Ctrl-C, as shells give it."""
PATH = click.Path(path_type=Path, readable=False)
"""A file or directory. Whether it can be used is reported by the code that opens it."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
"""Settings of every command."""


def exit_codes(*rows: str) -> str:
    """The table of exit codes that ends a command's help.

    Args:
        rows: each code and what it means, as "0 annotated".
    """
    return "\n".join(("\b", "Exit codes:", *(f"  {row}" for row in rows)))  # \b: click does not wrap what follows


def run(application: click.Command, package: str, words: Sequence[str], usage_error: int) -> int:
    """Run an application.

    Args:
        application: its commands return their exit codes; None is 0.
        package: its name after ``python -m``. It is also the name of the script in ``bin/``, which shells complete.
        words: the arguments.
        usage_error: exit code for arguments that make no sense.

    Returns:
        The exit code.
    """
    complete = f"_{package.upper()}_COMPLETE"  # set by the completion scripts that click writes
    program = package if complete in os.environ else f"python -m {package}"
    try:
        code: int | None = application.main(list(words), program, complete, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return usage_error
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else program
        sys.stderr.write(f"error: {error.format_message()} See `{where} --help`.\n")
        return usage_error
    except click.Abort:
        return INTERRUPTED
    return code or 0
