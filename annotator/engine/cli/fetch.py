"""``python -m annotator reference fetch``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import click

from annotator.engine.cli.command_errors import DONE, refused
from annotator.engine.cli.progress import downloads, say, size_words, steps
from annotator.engine.cli.run import PATH, SETTINGS, exit_codes
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.indexes import ENDINGS
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.build.download import Fetcher
from annotator.engine.reference.build.gene_source import GeneSource
from annotator.engine.reference.build.regions import RegionSource
from annotator.engine.reference.build.score_sources import score_source
from annotator.engine.reference.build.variant_source import VariantSource
from annotator.engine.reference.presets import MODELS, Preset, PresetPart, load_preset, preset_names


@click.command(
    context_settings=SETTINGS,
    epilog=exit_codes("0 built, or planned with --plan", "1 not built, or wrong usage"),
    help=f"""Fetch public files and build a reference from them.

    PRESET is {" or ".join(preset_names())}, or a .toml file of your own (docs/references.md). A fetch that was
    interrupted resumes where it stopped.
    """,
)
@click.argument("preset_name", metavar="PRESET")
@click.option("--out", type=PATH, metavar="DIR", help="The new bundle (default: references/NAME).")
@click.option("--cache", type=PATH, metavar="DIR", help="Where fetched files stay (default: DIR.files).")
@click.option("--with", "extra", default="", metavar="LAYER,...", help="Layers that are otherwise left out.")
@click.option("--without", default="", metavar="LAYER,...", help="Layers to leave out.")
@click.option("--small", is_flag=True, help="Only the layers for a first look (default DIR: references/NAME-small).")
@click.option(
    "--file",
    "given",
    multiple=True,
    metavar="LAYER=FILE",
    help="* Files of a layer that you have; they are not fetched. Of several files give each.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be fetched, and stop.")
def command(
    preset_name: str,
    out: Path | None,
    cache: Path | None,
    extra: str,
    without: str,
    small: bool,
    given: tuple[str, ...],
    only_plan: bool,
) -> int:
    """Fetch the public files of a preset and build its bundle."""
    try:
        preset = load_preset(preset_name)
        files = _files(given)
        parts = preset.chosen([*_names(extra), *files], _names(without), small)
        out = out or default_directory(Path("references"), preset, small)
        built = preset.bytes_built(parts, small)
        fetch_and_build(
            preset, parts, out, cache or default_cache(out, preset, small), built, lambda: not only_plan, files
        )
    except (EngineError, OSError) as error:
        return refused(error)
    return DONE


def default_directory(parent: Path, preset: Preset, small: bool) -> Path:
    """Where the bundle of a preset is built unless a directory is given."""
    return parent / (f"{preset.name}-small" if small else preset.name)


def default_cache(out: Path, preset: Preset, small: bool) -> Path:
    """Where the files of a preset are kept unless a directory is given: those of a small bundle serve a whole one."""
    name = preset.name if small and out.name == f"{preset.name}-small" else out.name
    return out.with_name(f"{name}.files")


def fetch_and_build(
    preset: Preset,
    parts: list[PresetPart],
    out: Path,
    cache: Path,
    built: int,
    go_on: Callable[[], bool],
    given: Mapping[str, list[Path]] = MappingProxyType({}),
) -> bool:
    """Show what is to be fetched, fetch it and build the bundle; a run that was interrupted is resumed.

    Args:
        preset: of the reference.
        parts: the parts of it to fetch.
        out: directory of the bundle, which must not exist.
        cache: directory of the files.
        built: about what the bundle takes on disk, in bytes.
        go_on: whether to fetch, asked when the sizes have been shown.
        given: files that the user has, by the name of their part.

    Returns:
        Whether the bundle was built.

    Raises:
        BundleError: the bundle is there already, the disk has too little room, a file cannot be fetched, or the files
            do not belong together.
        OSError: a file cannot be written.
    """
    if out.exists():
        raise BundleError("reference_build", f"{out} is there already.")
    with downloads() as report:
        fetcher = Fetcher(cache, report)
        enough = plan(parts, given, fetcher, built, say)
        if not go_on():
            return False
        if not enough:
            raise BundleError("reference_disk", "There is too little free disk for this.")
        recipe = fetch(preset, parts, given, fetcher, say)
    with steps() as tell:
        build(recipe, out, tell)
        tell(f"built {out}")
    return True


def plan(
    parts: list[PresetPart],
    given: Mapping[str, list[Path]],
    fetcher: Fetcher,
    built: int,
    say: Callable[[str], None],
) -> bool:
    """Show what is to be fetched and how much disk it takes.

    Args:
        parts: of the preset that are wanted.
        given: files that the user has, by the name of their part.
        fetcher: asks for the sizes of the others.
        built: about what the bundle takes on disk, in bytes.
        say: receives the plan, line by line.

    Returns:
        Whether the disk has room.

    Raises:
        BundleError: a file cannot be found.
    """
    to_come, unknown = 0, 0
    for part in parts:
        if part.name in given:
            listed = ", ".join(map(str, given[part.name]))
            say(f"{part.name}: nothing to fetch; {part.version}; {part.licence}; {listed}")
            continue
        if part.obtain:
            message = f"{part.name} cannot be fetched: {part.obtain} Then give its files: --file {part.name}=FILE."
            raise BundleError("reference_preset", message)
        sizes = fetcher.sizes(list(part.files))
        to_come += sum(size or 0 for size in sizes.values())
        unknown += sum(size is None for size in sizes.values())
        told = "size not told" if None in sizes.values() else size_words(sum(size or 0 for size in sizes.values()))
        say(f"{part.name}: {told} to fetch; {part.version}; {part.licence}; {part.files[0].url}")
    place = next(parent for parent in fetcher.directory.resolve().parents if parent.is_dir())
    free = shutil.disk_usage(place).free
    more = f" and {unknown} files of unknown size" if unknown else ""
    needed = f"{size_words(to_come)}{more} to fetch, about {size_words(built)} for the bundle"
    say(f"{needed}; {size_words(free)} of disk are free")
    return free >= to_come + built


def fetch(
    preset: Preset,
    parts: list[PresetPart],
    given: Mapping[str, list[Path]],
    fetcher: Fetcher,
    say: Callable[[str], None],
) -> Recipe:
    """Fetch all files of a reference.

    Args:
        preset: of the reference.
        parts: of it that are wanted.
        given: files that the user has, by the name of their part.
        fetcher: fetches the others.
        say: receives a line for each part.

    Returns:
        What to build from them.

    Raises:
        BundleError: a file cannot be fetched or is not what it should be, or they do not belong together.
        OSError: a file cannot be written.
    """
    paths: dict[str, list[Path]] = {}
    facts: dict[str, dict[str, str]] = {}
    for part in parts:
        paths[part.name] = given.get(part.name) or [fetcher.fetch(one) for one in part.files]
        say(f"{part.name}: {size_words(sum(path.stat().st_size for path in paths[part.name]))} there")
        changed = fetcher.version(part.files[0]) if part.files and part.name not in given else ""
        key = part.part if part.part in MODELS else part.name
        facts[key] = {"version": part.version + (f", {changed}" if changed else ""), "licence": part.licence}
        if part.files:
            facts[key]["url"] = part.files[0].url
    recipe = Recipe(
        name=preset.name,
        title=preset.title,
        assembly=preset.assembly,
        fasta=_only(parts, paths, "fasta"),
        models=_only(parts, paths, "gff"),
        variants=[
            VariantSource(one.name, _tables(paths[one.name]), one.fields)
            for one in parts
            if one.part == "variants"
        ],
        genes=[
            GeneSource.of_items(one.name, paths[one.name][0], one.fields) for one in parts if one.part == "genes"
        ],
        regions=[_regions(one, paths[one.name][0]) for one in parts if one.part == "regions"],
        codes=preset.genetic_codes,
        aliases=preset.aliases,
        facts=facts,
    )
    for one in parts:
        if one.part == "scores":
            recipe.add_scores(score_source(one.name, _tables(paths[one.name]), one.fields))
    return recipe


def _tables(paths: list[Path]) -> tuple[Path, ...]:
    """Files without their indexes."""
    return tuple(path for path in paths if path.suffix not in ENDINGS)


def _only(parts: list[PresetPart], paths: dict[str, list[Path]], part: str) -> Path:
    found = [paths[one.name][0] for one in parts if one.part == part]
    if len(found) != 1:
        raise BundleError("reference_preset", f"A preset has one part {part!r}; this one has {len(found)}.")
    return found[0]


def _regions(one: PresetPart, path: Path) -> RegionSource:
    columns = {**one.columns, "values": tuple(one.columns.get("values", ()))}
    return RegionSource(one.name, path, one.description, **columns)


def _files(texts: tuple[str, ...]) -> dict[str, list[Path]]:
    """The files that the user has, by the name of their part."""
    found: dict[str, list[Path]] = {}
    for text in texts:
        name, _, path = text.partition("=")
        if not path:
            raise BundleError("reference_preset", f"--file {text}: LAYER=FILE is wanted.")
        if not Path(path).is_file():
            raise BundleError("reference_preset", f"There is no file {path}.")
        found.setdefault(name, []).append(Path(path))
    return found


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
