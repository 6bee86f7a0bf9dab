"""The command line of ``python -m annotator reference fetch``."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from annotator.engine.cli.command_errors import refused
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.build.download import Fetcher
from annotator.engine.reference.build.known_variants import VariantSource
from annotator.engine.reference.build.regions import RegionSource
from annotator.engine.reference.presets import Preset, PresetPart, load_preset, preset_names

#: Seconds between two lines of progress.
SAY_EVERY = 5.0


class Progress:
    """Tells how far a fetch is, a line every few seconds.

    Args:
        say: receives the lines.
        clock: seconds, monotonic.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say, self._clock = say, clock
        self._next = clock() + SAY_EVERY
        self._from: tuple[str, int, float] = ("", 0, 0.0)

    def __call__(self, name: str, done: int, total: int | None) -> None:
        now = self._clock()
        if self._from[0] != name:
            self._from = (name, done, now)
        if now < self._next:
            return
        self._next = now + SAY_EVERY
        speed = (done - self._from[1]) / max(now - self._from[2], 0.001)
        left = f", {(total - done) / speed:,.0f} s left" if total and speed > 0 else ""
        whole = f" of {_size(total)}" if total else ""
        self._say(f"{name}: {_size(done)}{whole}, {_size(int(speed))}/s{left}")


def add_fetch_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("preset", help=f"{', '.join(preset_names())}, or a file .toml of one's own")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the new bundle (default: references/NAME)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where fetched files stay (default: DIR.files)")
    parser.add_argument("--with", dest="extra", default="", metavar="LAYER,...", help="layers that are left out else")
    parser.add_argument("--without", default="", metavar="LAYER,...", help="layers to leave out")
    parser.add_argument("--plan", action="store_true", help="tell what would be fetched, and end")


def run_fetch(options: argparse.Namespace) -> int:
    """Fetch what a reference is made of and build it; returns the exit code: 0, or 1 with the reason told."""
    say = _line(sys.stdout)
    try:
        preset = load_preset(options.preset)
        parts = preset.chosen(_names(options.extra), _names(options.without))
        out = options.out or Path("references") / preset.name
        fetcher = Fetcher(options.cache or out.with_name(f"{out.name}.files"), Progress(say, time.monotonic))
        enough = plan(preset, parts, fetcher, out, say)
        if options.plan:
            return 0
        if not enough:
            raise BundleError("reference_disk", "There is too little free disk for this.")
        fetch(preset, parts, fetcher, out, say)
    except (EngineError, OSError) as error:
        return refused(error)
    say(f"built {out}")
    return 0


def plan(preset: Preset, parts: list[PresetPart], fetcher: Fetcher, out: Path, say: Callable[[str], None]) -> bool:
    """Tell what is to be fetched and what it takes on disk.

    Returns:
        Whether the disk has room.

    Raises:
        BundleError: the bundle is there already, or a file is not to be had.
    """
    if out.exists():
        raise BundleError("reference_build", f"{out} is there already.")
    to_come, unknown = 0, 0
    for part in parts:
        sizes = fetcher.sizes(list(part.files))
        to_come += sum(size or 0 for size in sizes.values())
        unknown += sum(size is None for size in sizes.values())
        told = "size not told" if None in sizes.values() else _size(sum(size or 0 for size in sizes.values()))
        say(f"{part.name}: {told} to fetch; {part.version}; {part.licence}; {part.files[0].url}")
    place = next(parent for parent in fetcher.directory.resolve().parents if parent.is_dir())
    free = shutil.disk_usage(place).free
    more = f" and {unknown} files of unknown size" if unknown else ""
    say(f"{_size(to_come)}{more} to fetch, about {_size(preset.built)} for the bundle; {_size(free)} of disk are free")
    return free >= to_come + preset.built


def fetch(preset: Preset, parts: list[PresetPart], fetcher: Fetcher, out: Path, say: Callable[[str], None]) -> None:
    """Fetch all files of a reference, and build it from them.

    Raises:
        BundleError: a file cannot be had or is not what it should be, or they do not belong together.
        OSError: a file cannot be written.
    """
    paths: dict[str, list[Path]] = {}
    facts: dict[str, dict[str, str]] = {}
    for part in parts:
        paths[part.name] = [fetcher.fetch(one) for one in part.files]
        say(f"{part.name}: {_size(sum(path.stat().st_size for path in paths[part.name]))} there")
        changed = fetcher.version(part.files[0])
        key = part.part if part.part in ("fasta", "gff") else part.name
        facts[key] = {
            "version": part.version + (f", {changed}" if changed else ""),
            "licence": part.licence,
            "url": part.files[0].url,
        }
    recipe = Recipe(
        name=preset.name,
        title=preset.title,
        assembly=preset.assembly,
        fasta=_only(parts, paths, "fasta"),
        models=_only(parts, paths, "gff"),
        variants=[
            VariantSource(one.name, tuple(path for path in paths[one.name] if path.suffix != ".tbi"), one.fields)
            for one in parts
            if one.part == "variants"
        ],
        regions=[_regions(one, paths[one.name][0]) for one in parts if one.part == "regions"],
        codes=preset.genetic_codes,
        aliases=preset.aliases,
        facts=facts,
    )
    build(recipe, out, say)


def _only(parts: list[PresetPart], paths: dict[str, list[Path]], part: str) -> Path:
    found = [paths[one.name][0] for one in parts if one.part == part]
    if len(found) != 1:
        raise BundleError("reference_preset", f"A preset has one part {part!r}; this one has {len(found)}.")
    return found[0]


def _regions(one: PresetPart, path: Path) -> RegionSource:
    columns = {**one.columns, "values": tuple(one.columns.get("values", ()))}
    return RegionSource(one.name, path, one.description, **columns)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _line(stream: TextIO) -> Callable[[str], None]:
    def say(text: str) -> None:
        stream.write(text + "\n")
        stream.flush()

    return say
