"""The directory of a bundle while it is built. A build that was killed or interrupted is resumed in it.

Parts that are complete are noted in it with what they gave. They are used again only if the recipe, its files (size and
time of modification) and the engine are the same.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.recipe import Recipe
from annotator.engine.reference.bundle import SCHEMA
from annotator.engine.version import ENGINE_VERSION

_INPUTS = "inputs"
"""The note on what a build is made from."""


class PartialBuild:
    """A bundle that is being built; a context manager, which removes the directory unless the build is cut off.

    Args:
        recipe: what the bundle is made from.
        out: directory of the bundle.

    Attributes:
        bundle: directory for the files of the bundle.
        work: directory for temporary files.
        resumed: whether something of an interrupted build is used.

    Raises:
        BundleError: on entering, when another process is building this bundle.
        OSError: the directory cannot be made, or a file of the recipe cannot be read.
    """

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self._out = out
        self._directory = out.parent / f".{out.name}.partial"
        self._recipe = recipe
        self.bundle, self.work = self._directory / "bundle", self._directory / "work"
        self.resumed = False

    def __enter__(self) -> PartialBuild:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._lock = (self._directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            message = f"Another process is building {self._out}; wait for it, or build into another directory."
            raise BundleError("reference_build", message) from None
        inputs = _inputs_of(self._recipe)
        self.resumed = self.found(_INPUTS) == inputs
        if not self.resumed:
            for old in (self.bundle, self.work):
                shutil.rmtree(old, ignore_errors=True)
        self.bundle.mkdir(exist_ok=True)
        self.work.mkdir(exist_ok=True)
        self.note(_INPUTS, inputs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            shutil.rmtree(self._directory, ignore_errors=True)
        self._lock.close()

    def found(self, part: str) -> Any:
        """What was noted of a complete part; None when it is not complete."""
        try:
            return json.loads(self._note(part).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def note(self, part: str, value: Any) -> None:
        """Note that a part is complete, all of whose files have been written.

        Args:
            part: its name.
            value: what it gave, as JSON can have it.
        """
        note = self._note(part)
        new = note.with_suffix(".new")
        new.write_text(json.dumps(value), "utf-8")
        new.replace(note)

    def finish(self) -> None:
        """Make the complete bundle appear."""
        shutil.move(self.bundle, self._out)

    def _note(self, part: str) -> Path:
        return self.work / f"{part}.json"


def _inputs_of(recipe: Recipe) -> str:
    """A checksum of all that a bundle depends on."""
    paths = [recipe.fasta, recipe.models]
    paths += [path for source in (*recipe.variants, *recipe.scores) for path in source.paths]
    paths += [scores.path for scores in recipe.positions] + [genes.path for genes in recipe.genes]
    paths += [track.path for track in recipe.regions]
    stats = [path.stat() for path in paths if path.is_file()]  # the build says that a file is missing
    parts = [
        dataclasses.asdict(recipe),
        [(one.st_size, one.st_mtime_ns) for one in stats],
        [SCHEMA, ENGINE_VERSION, pa.__version__],
    ]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()
