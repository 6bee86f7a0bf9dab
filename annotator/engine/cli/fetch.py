"""``python -m annotator reference fetch``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

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
    given: tuple[str, ...],
    only_plan: bool,
) -> int:
    """Fetch the public files of a preset and build its bundle."""
    try:
        preset = load_preset(preset_name)
        files = _files(given)
        parts = preset.chosen([*_names(extra), *files], _names(without))
        out = out or Path("references") / preset.name
        with downloads() as report:
            fetcher = Fetcher(cache or out.with_name(f"{out.name}.files"), report)
            enough = plan(preset, parts, files, fetcher, out, say)
            if only_plan:
                return DONE
            if not enough:
                raise BundleError("reference_disk", "There is too little free disk for this.")
            recipe = fetch(preset, parts, files, fetcher, say)
        with steps() as tell:
            build(recipe, out, tell)
            tell(f"built {out}")
    except (EngineError, OSError) as error:
        return refused(error)
    return DONE


def plan(
    preset: Preset,
    parts: list[PresetPart],
    given: dict[str, list[Path]],
    fetcher: Fetcher,
    out: Path,
    say: Callable[[str], None],
) -> bool:
    """Show what is to be fetched and how much disk it takes.

    Args:
        preset: of the reference.
        parts: of it that are wanted.
        given: files that the user has, by the name of their part.
        fetcher: asks for the sizes of the others.
        out: the new bundle.
        say: receives the plan, line by line.

    Returns:
        Whether the disk has room.

    Raises:
        BundleError: the bundle is there already, or a file cannot be found.
    """
    if out.exists():
        raise BundleError("reference_build", f"{out} is there already.")
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
    built = preset.built + sum(part.built for part in parts)
    more = f" and {unknown} files of unknown size" if unknown else ""
    needed = f"{size_words(to_come)}{more} to fetch, about {size_words(built)} for the bundle"
    say(f"{needed}; {size_words(free)} of disk are free")
    return free >= to_come + built


def fetch(
    preset: Preset,
    parts: list[PresetPart],
    given: dict[str, list[Path]],
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
