"""The engine's command line: ``python -m annotator annotate``, ``reference`` and ``compare``."""

from __future__ import annotations

import importlib
import sys

import click
import pysam

from annotator.engine.cli.command_errors import FAILED
from annotator.engine.cli.run import SETTINGS, exit_codes, run

COMMANDS = ("annotate", "reference", "compare")


class _Commands(click.Group):
    """Imports a command when it is called: what builds references takes as long to load as a small file to annotate."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"annotator.engine.cli.{cmd_name}").command
        return command


@click.command(
    cls=_Commands,
    context_settings=SETTINGS,
    epilog=exit_codes("0 done", "1 failed, or wrong usage", "2 the file to annotate is at fault (annotate only)"),
)
def application() -> None:
    """Annotate VCF files, and manage the references to annotate them with."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    pysam.set_verbosity(0)  # htslib writes to standard error itself; what it finds is reported in our words
    return run(application, "annotator", sys.argv[1:] if arguments is None else arguments, usage_error=FAILED)
