"""`make reference`: a genome for the site that runs on this machine. It is fetched, built and published.

Each step resumes where it was interrupted: files that have been fetched, contigs that have been built and files that
have been uploaded are not fetched, built or uploaded again.
"""
from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from annotator.engine import EngineError
from annotator.engine.cli.fetch import default_cache, default_directory, fetch_and_build
from annotator.engine.cli.progress import say, size_words
from annotator.engine.reference.presets import load_preset
from infra.aws.references import MANIFEST, References
from infra.errors import OperatorError
from infra.local.running import running_place

COPIES = 2
"""Copies of a published bundle on this machine: the emulated bucket's and the annotator's."""


def add_preset(name: str, home: Path, directory: Path, small: bool) -> None:
    """Fetch a genome, build its bundle and publish it.

    Args:
        name: Of a preset, or the path of one (`.toml`).
        home: Directory of the local stack.
        directory: For bundles and fetched files.
        small: Only the layers for a first look.

    Raises:
        OperatorError: No local stack is running, or a step failed.
    """
    running_place(home)  # before hours of work
    try:
        preset = load_preset(name)
        parts = preset.chosen([], [], small)
        bundle = default_directory(directory, preset, small)
        if (bundle / MANIFEST).is_file():
            say(f"{bundle} is built already")
        else:
            built = preset.bytes_built(parts, small)
            say(f"Publishing takes about {size_words(COPIES * built)} more of disk.")
            if not fetch_and_build(preset, parts, bundle, default_cache(bundle, preset, small), built, _go_on):
                return
    except EngineError as error:
        raise OperatorError(error.message) from error
    try:
        add_bundle(bundle, home)
    except OperatorError as error:
        again = f"The bundle is built, in {bundle}: `make reference DIR={bundle}` publishes it."
        raise OperatorError(error.message, f"{error.remedy} {again}".strip()) from error


def add_bundle(directory: Path, home: Path) -> None:
    """Publish a bundle that exists.

    Args:
        home: Directory of the local stack.

    Raises:
        OperatorError: No local stack is running, it is no sound bundle, or the disk has too little room.
    """
    place = running_place(home)
    if not (directory / MANIFEST).is_file():
        raise OperatorError(f"{directory} is no bundle: it has no {MANIFEST}.")
    needed = COPIES * sum(path.stat().st_size for path in directory.iterdir())
    free = shutil.disk_usage(home).free
    say(f"{directory}: {size_words(needed)} for {COPIES} copies; {size_words(free)} of disk are free")
    if free < needed:
        raise OperatorError("There is too little free disk for this.", "Make room and start again.")
    References(place, say).publish(directory)


def _go_on() -> bool:
    """Whether to begin; asked only where somebody is there to answer."""
    return not sys.stdin.isatty() or click.confirm("Go on?", default=True)
