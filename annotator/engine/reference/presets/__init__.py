"""References that can be fetched, and the public files they are made of: the TOML files beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from annotator.engine.errors import BundleError

DIRECTORY = Path(__file__).parent
PARTS = ("fasta", "gff", "variants", "scores", "genes", "regions")
MODELS = PARTS[:2]
"""Parts that every reference has."""
BUILDS = "builds"
"""The data file that identifies genomes; it is no preset."""
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y")
"""Chromosomes in the order of the lists in ``builds.toml``."""


@dataclass(frozen=True)
class PublicFile:
    """One file to fetch.

    Attributes:
        url: its address.
        name: of the file on disk.
        size: in bytes, where it is fixed.
        sha256, md5: checksums that the publisher gives.
        md5_url: address of a text whose first word, or whose line with the file's name, has the MD5.
    """

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    md5_url: str | None = None


@dataclass(frozen=True)
class PresetPart:
    """One source of a reference: the sequence, the gene models or a layer, in one file or in several.

    Attributes:
        part: one of :data:`PARTS`.
        fields: that are taken from known variants, scores and tables of genes, as the options of a build have them.
        columns: of a table of regions: ``contig``, ``start``, ``end`` (numbers from 1), ``values`` (numbers), ``base``.
        default: whether it is fetched by default.
        obtain: how to get the files, where they cannot be fetched: the publisher wants a login or a form.
        built: bytes that it adds to the bundle, about; 0 for layers that are fetched by default.
    """

    part: str
    name: str
    files: tuple[PublicFile, ...]
    version: str
    licence: str
    fields: tuple[str, ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    default: bool = True
    obtain: str = ""
    built: int = 0


@dataclass(frozen=True)
class Preset:
    """A reference that can be fetched.

    Attributes:
        built: about what the bundle takes on disk with its default layers, in bytes.
        small: names of the layers for a first look; empty where the preset does not say.
        small_built: about what the bundle takes with only these, in bytes.
    """

    name: str
    title: str
    assembly: str
    built: int
    genetic_codes: dict[str, int]
    aliases: dict[str, str]
    parts: tuple[PresetPart, ...]
    small: tuple[str, ...] = ()
    small_built: int = 0

    def chosen(self, extra: list[str], without: list[str], small: bool = False) -> list[PresetPart]:
        """The parts to fetch: those by default and ``extra`` ones, without the others.

        Args:
            extra, without: names of layers.
            small: of the layers only those for a first look, and ``extra`` ones.

        Raises:
            BundleError: a name is not one of the preset's layers, or the preset has no layers for a first look.
        """
        if small and not self.small:
            raise BundleError("reference_preset", f"{self.name} has no small version: its preset has no [small].")
        layers = [one.name for one in self.parts if one.part not in MODELS]
        unknown = [name for name in (*extra, *without) if name not in layers]
        if unknown:
            raise BundleError("reference_preset", f"{self.name} has no layer {unknown[0]}; it has {', '.join(layers)}.")
        default = [one.name for one in self.parts if one.default and (not small or one.part in MODELS)]
        wanted = {*default, *extra, *(self.small if small else ())} - set(without)
        return [one for one in self.parts if one.name in wanted]

    def bytes_built(self, parts: list[PresetPart], small: bool = False) -> int:
        """About what the bundle takes on disk with the parts that :meth:`chosen` gave, in bytes."""
        return (self.small_built if small else self.built) + sum(part.built for part in parts)


def preset_names() -> list[str]:
    """Names of the presets that come with the engine."""
    return sorted(path.stem for path in DIRECTORY.glob("*.toml") if path.stem != BUILDS)


def load_preset(name_or_path: str) -> Preset:
    """Read a preset, by its name or from a file of one's own.

    Raises:
        BundleError: there is none, or it is not usable.
    """
    path = Path(name_or_path) if name_or_path.endswith(".toml") else DIRECTORY / f"{name_or_path}.toml"
    if path.stem == BUILDS or not path.is_file():
        known = ", ".join(preset_names())
        raise BundleError("reference_preset", f"There is no preset {name_or_path!r}; known: {known}, or a file .toml.")
    try:
        text = tomllib.loads(path.read_text("utf-8"))
        return Preset(
            name=text["name"],
            title=text["title"],
            assembly=text["assembly"],
            built=text["built"],
            genetic_codes=dict(text.get("genetic_codes", {})),
            aliases={**_refseq(text.get("refseq_build", "")), **text.get("aliases", {})},
            parts=tuple(_part(one) for one in text["files"]),
            small=tuple(text.get("small", {}).get("layers", ())),
            small_built=text.get("small", {}).get("built", 0),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BundleError("reference_preset", f"{path.name} is not usable: {error!r}") from error


def read_builds() -> dict[str, dict[str, Any]]:
    """What identifies human builds: ``names``, ``lengths`` and ``refseq`` versions, by build."""
    builds: dict[str, dict[str, Any]] = _read_genomes()["builds"]
    return builds


def read_sequences() -> dict[str, dict[str, Any]]:
    """What identifies genomes of one sequence: its ``length``, ``accessions`` and other ``names``, by genome."""
    sequences: dict[str, dict[str, Any]] = _read_genomes()["sequences"]
    return sequences


@cache
def _read_genomes() -> dict[str, Any]:
    return tomllib.loads((DIRECTORY / f"{BUILDS}.toml").read_text("utf-8"))


def refseq_accession(chromosome: str, version: int) -> str:
    """RefSeq's name of a human chromosome, such as ``NC_000022.11``."""
    return f"NC_{CHROMOSOMES.index(chromosome) + 1:06d}.{version}"


def _refseq(build: str) -> dict[str, str]:
    if not build:
        return {}
    versions = read_builds()[build]["refseq"]
    names = {refseq_accession(one, version): one for one, version in zip(CHROMOSOMES, versions, strict=True)}
    return {**names, "NC_012920.1": "MT"}


def _part(text: dict[str, Any]) -> PresetPart:
    if text["part"] not in PARTS:
        raise ValueError(f"part {text['part']!r}")
    files: list[PublicFile] = []
    obtain = text.get("obtain", "")
    pattern = "" if obtain or "urls" in text else text["url"]
    urls = [pattern.replace("{contig}", one) for one in text.get("contigs", [""])] if pattern else text.get("urls", [])
    for url in urls:
        name = PurePosixPath(urlsplit(url).path).name
        fixed = {key: text[key] for key in ("size", "sha256", "md5", "md5_url") if key in text}
        files.append(PublicFile(url, name, **fixed))
        if text.get("index"):
            files.append(PublicFile(f"{url}.tbi", f"{name}.tbi"))
    return PresetPart(
        part=text["part"],
        name=text["name"],
        files=tuple(files),
        version=text["version"],
        licence=text["licence"],
        fields=tuple(text.get("fields", ())),
        columns=dict(text.get("columns", {})),
        description=text.get("description", ""),
        default=text.get("default", not obtain),
        obtain=obtain,
        built=text.get("built", 0),
    )
