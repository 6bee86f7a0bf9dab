"""Reference bundles: a sequence with its gene models, known variants and regions, described by ``manifest.json``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.indexed_fasta import IndexedFasta

SCHEMA = 3
"""Version of the format of bundles that is written and read."""
UNREAD_BY_CSQ = ("slippage", "across_origin", "genetic_codes")
"""Entries of the manifest with ids of transcripts that ``bcftools csq`` cannot read: those with ribosomal slippage,
across the origin of a circular contig, or with another genetic code than their contig."""
WINDOW = 1 << 16
"""Bases that are read at once from the sequence, about a block of BGZF."""
MOST_WINDOWS = 128
"""Windows that are kept: the stretch that a block of records of a whole genome spans, and the genes around it."""
STRETCH = 1 << 12
"""Bases that are read at once for places that lie near each other."""
_ACCESSIONS = (re.compile(r"[A-Z]{2}_[A-Z]*\d+\.\d+"), re.compile(r"[A-Z]{1,6}\d{5,}\.\d+"))
"""Accessions with versions: RefSeq's, and those of GenBank, ENA and DDBJ."""
_MITOCHONDRIAL = frozenset({"m", "mt", "mito", "mitochondrion"})
"""Names of mitochondrial sequences, in lower case and without ``chr``."""


@dataclass(frozen=True)
class Contig:
    """One sequence of a reference.

    Attributes:
        name: its canonical name.
        length: in bases.
        genetic_code: number of the table in NCBI's list.
        start_codons: codons that start a protein.
        circular: whether its last base is followed by its first.
        aliases: its other names.
    """

    name: str
    length: int
    genetic_code: int
    start_codons: frozenset[str]
    circular: bool
    aliases: tuple[str, ...]

    @property
    def hgvs_prefix(self) -> str:
        """What HGVS names of changes of the sequence begin with: ``NC_000022.11:g.``, ``NC_012920.1:m.``.

        The sequence is called by its accession where one of its names is one, that of RefSeq first.
        """
        names = (self.name, *self.aliases)
        accession = next((one for kind in _ACCESSIONS for one in names if kind.fullmatch(one)), self.name)
        mitochondrial = any(one.lower().removeprefix("chr") in _MITOCHONDRIAL for one in names)
        return f"{accession}:{'m' if mitochondrial else 'g'}."


@dataclass(frozen=True)
class LayerField:
    """A column of a table, and the INFO field (``Number=A``) that it becomes."""

    column: str
    info: str
    type: str
    description: str


@dataclass(frozen=True)
class LayerSpec:
    """Tables of known variants and of scores by allele, or of scores by position.

    Attributes:
        name: of the layer.
        files: the table of each contig that has one, by the contig's name.
        known: name of the column that has a value for each allele that counts as known; None where the layer does not
            make alleles known variants.
        fields: that are reported.
    """

    name: str
    files: dict[str, Path]
    known: str | None
    fields: tuple[LayerField, ...]


@dataclass(frozen=True)
class GeneSpec:
    """The table of what is known about genes, and the fields that are reported of it."""

    path: Path
    fields: tuple[LayerField, ...]


@dataclass(frozen=True)
class TrackSpec:
    """A track of regions. Its INFO field (``Number=.``, ``Type=String``) has the values of those a record overlaps.

    Attributes:
        name: of the track.
        info: name of the INFO field.
        description: of the INFO field.
    """

    name: str
    info: str
    description: str


@dataclass(frozen=True)
class RegionSpec:
    """The tabix-indexed file with the regions of all tracks."""

    path: Path
    tracks: tuple[TrackSpec, ...]


class Sequence:
    """The bases of a reference, read in windows so that memory does not grow with the length of the contigs.

    Args:
        fasta: the indexed sequence, plain or bgzip.

    Raises:
        BundleError: it cannot be opened.
    """

    def __init__(self, fasta: Path) -> None:
        self._fault = f"{fasta.name} cannot be read"
        with step("reference_sequence", self._fault, VERIFY):
            self._file = IndexedFasta(fasta)
        #: The windows that were used last, by contig and number, the latest at the end.
        self._windows: dict[tuple[str, int], bytes] = {}

    def fetch(self, contig: str, start: int, length: int) -> bytes:
        """Read bases of the forward strand.

        Args:
            contig: canonical name.
            start: first position, 1-based.
            length: number of bases.

        Returns:
            Upper-case bases; fewer than ``length`` at the end of the contig.

        Raises:
            BundleError: the file cannot be read.
        """
        at, offset = divmod(start - 1, WINDOW)
        found = self._window(contig, at)[offset : offset + length]
        if offset + length <= WINDOW:
            return found
        last = (start + length - 2) // WINDOW
        whole = b"".join([found, *(self._window(contig, one) for one in range(at + 1, last + 1))])
        return whole[:length]

    def _window(self, contig: str, at: int) -> bytes:
        """The bases of a window, counted from 0; fewer than :data:`WINDOW` at the end of the contig."""
        window = self._windows.pop((contig, at), None)
        if window is None:
            with step("reference_sequence", self._fault, VERIFY):
                window = self._file.read(contig, at * WINDOW, (at + 1) * WINDOW)
            if len(self._windows) >= MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
        self._windows[contig, at] = window
        return window

    def fetch_on(self, contig: Contig, start: int, length: int) -> bytes:
        """Read bases as :meth:`fetch` does, on a circular contig across its origin."""
        fetch = partial(self.fetch, contig.name)
        return (around_origin(fetch, contig.length) if contig.circular else fetch)(start, length)


def around_origin(fetch: Callable[[int, int], bytes], length: int) -> Callable[[int, int], bytes]:
    """A function that reads bases of a circular contig across its origin.

    Args:
        fetch: reads bases by a 1-based position and their number; fewer at the end of the contig.
        length: of the contig in bases.

    Returns:
        A function like ``fetch`` whose position may be below 1 or beyond ``length``.
    """

    def bases(start: int, count: int) -> bytes:
        found = []
        while count > 0:
            at = (start - 1) % length + 1
            found.append(fetch(at, min(count, length - at + 1)))
            start, count = start + len(found[-1]), count - len(found[-1])
            if not found[-1]:
                break
        return b"".join(found)

    return bases


def bases_at(fetch: Callable[[int, int], bytes], position: np.ndarray) -> np.ndarray:
    """Bases at many places of a contig.

    Args:
        fetch: reads bases by a 1-based position and their number; fewer at the end of the contig.
        position: ``(n,) int64``, 1-based, of bases that ``fetch`` can read.

    Returns:
        ``(n,) uint8``.
    """
    stretch, index = np.unique((position - 1) // STRETCH, return_inverse=True)
    text = b"".join([fetch(one * STRETCH + 1, STRETCH).ljust(STRETCH) for one in stretch.tolist()])
    found: np.ndarray = np.frombuffer(text, np.uint8)[index * STRETCH + (position - 1) % STRETCH]
    return found


@dataclass(frozen=True)
class Reference:
    """An opened bundle.

    Example:
        >>> reference = Reference.load("rCRS", [Path("reference")])
        >>> reference.canonical("chrM")
        'MT'
    """

    directory: Path
    name: str
    title: str
    assembly: str
    contigs: tuple[Contig, ...]
    fasta: Path
    models: Path
    compiled: Path
    layers: tuple[LayerSpec, ...]
    positions: LayerSpec | None
    """Scores by position."""
    genes: GeneSpec | None
    regions: tuple[RegionSpec, ...]
    sources: tuple[dict[str, str], ...]
    checksums: dict[str, str]
    exceptions: frozenset[str]
    """Ids of coding transcripts that are known not to fit the sequence (cut off, selenocysteine, ...)."""
    unread_by_csq: frozenset[str]
    """Ids of transcripts that ``bcftools csq`` cannot read: those in :data:`UNREAD_BY_CSQ`."""
    notes: tuple[str, ...]
    """Remarks for the log of every annotation, such as that the gene models do not fit the sequence."""
    _names: dict[str, str]

    @classmethod
    def load(cls, name_or_directory: str | Path, search: list[Path] | None = None) -> Reference:
        """Open a bundle by directory, or by its name in the search path.

        Args:
            name_or_directory: a directory with a ``manifest.json``, or the name of one in ``search``.
            search: directories that hold bundles; by default :func:`search_path`.

        Raises:
            BundleError: no such bundle, or its manifest is not usable.
        """
        places = [Path(name_or_directory)]
        if os.sep not in str(name_or_directory):
            places = [place / name_or_directory for place in (search_path() if search is None else search)] + places
        for place in places:
            if (place / "manifest.json").is_file():
                return cls._read(place)
        known = ", ".join(reference_names(search)) or "none"
        raise BundleError("reference_unknown", f"There is no reference {name_or_directory!r}; known: {known}.")

    @classmethod
    def _read(cls, directory: Path) -> Reference:
        try:
            manifest: dict[str, Any] = json.loads((directory / "manifest.json").read_text("utf-8"))
            if manifest["schema"] != SCHEMA:
                raise _other_format(directory.name, manifest["schema"])
            contigs = tuple(read_contig(item) for item in manifest["contigs"])
            layers = tuple(
                LayerSpec(item["name"], _files(directory, item), item["known"], _fields(item))
                for item in manifest["layers"]
            )
            positions, genes = manifest.get("positions"), manifest.get("genes")
            regions = manifest.get("regions")
            names = {alias: contig.name for contig in contigs for alias in (*contig.aliases, contig.name)}
            reference = cls(
                directory=directory,
                name=manifest["name"],
                title=manifest["title"],
                assembly=manifest["assembly"],
                contigs=contigs,
                fasta=directory / manifest["fasta"],
                models=directory / manifest["models"],
                compiled=directory / manifest["compiled"],
                layers=layers,
                positions=LayerSpec("scores by position", _files(directory, positions), None, _fields(positions))
                if positions
                else None,
                genes=GeneSpec(directory / genes["file"], _fields(genes)) if genes else None,
                regions=(
                    RegionSpec(
                        directory / regions["file"],
                        tuple(TrackSpec(one["name"], one["info"], one["description"]) for one in regions["tracks"]),
                    ),
                )
                if regions
                else (),
                sources=tuple(manifest["sources"]),
                checksums=dict(manifest["sha256"]),
                exceptions=frozenset(manifest.get("exceptions", ())),
                unread_by_csq=frozenset(one for name in UNREAD_BY_CSQ for one in manifest.get(name, ())),
                notes=tuple(manifest.get("notes", ())),
                _names=names | {name.lower(): contig for name, contig in names.items()},
            )
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            remedy = "build or fetch the reference again"
            message = f"{directory.name}/manifest.json is not usable: {_fault_of(error)}; {remedy}."
            raise BundleError("reference_manifest", message) from error
        by_contig = (*layers, *([reference.positions] if reference.positions else []))
        tables = [path for layer in by_contig for path in layer.files.values()]
        tables += [reference.genes.path] if reference.genes else []
        tables += [one.path for one in reference.regions]
        for path in (reference.fasta, reference.models, reference.compiled, *tables):
            if not path.is_file():
                raise BundleError("reference_incomplete", f"Reference {reference.name} lacks {path.name}.")
        return reference

    @property
    def tracks(self) -> tuple[TrackSpec, ...]:
        """The tracks of all files of regions."""
        return tuple(track for one in self.regions for track in one.tracks)

    @property
    def lists_known(self) -> bool:
        """Whether the reference has known variants."""
        return any(layer.known is not None for layer in self.layers)

    @property
    def reported(self) -> tuple[LayerSpec | GeneSpec, ...]:
        """Everything with fields that are reported of each allele, in the order in which they are reported."""
        return (*self.layers, *(one for one in (self.positions, self.genes) if one is not None))

    def canonical(self, name: str) -> str | None:
        """The canonical name of a contig by any of its names; None when the reference has no such contig."""
        return self._names.get(name) or self._names.get(name.lower())

    def contig(self, name: str) -> Contig:
        """The contig with a canonical name.

        Raises:
            StopIteration: there is none.
        """
        return next(contig for contig in self.contigs if contig.name == name)

    def is_exception(self, transcript: str) -> bool:
        """Whether a transcript is known not to fit the sequence.

        Args:
            transcript: its id with its version, which older manifests leave out.
        """
        name, _, version = transcript.rpartition(".")
        return transcript in self.exceptions or (version.isdigit() and name in self.exceptions)

    def sequence(self) -> Sequence:
        """The sequence, opened once: all who read from it share its windows.

        Raises:
            BundleError: it cannot be opened.
        """
        return self._sequence

    @cached_property
    def _sequence(self) -> Sequence:
        return Sequence(self.fasta)


def _files(directory: Path, item: dict[str, Any]) -> dict[str, Path]:
    return {contig: directory / file for contig, file in item["files"].items()}


def _fields(item: dict[str, Any]) -> tuple[LayerField, ...]:
    return tuple(LayerField(one["column"], one["info"], one["type"], one["description"]) for one in item["fields"])


def _fault_of(error: Exception) -> str:
    """What is wrong with a manifest, by the error that reading it raised."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno} is not JSON"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]!r}"
    return "a value is of the wrong kind"


def read_contig(item: dict[str, Any]) -> Contig:
    """Read a contig of a manifest.

    Raises:
        KeyError: a value is missing.
    """
    return Contig(
        name=item["name"],
        length=item["length"],
        genetic_code=item["genetic_code"],
        start_codons=frozenset(item["start_codons"]),
        circular=item["circular"],
        aliases=tuple(item["aliases"]),
    )


def _other_format(name: str, found: object) -> BundleError:
    if isinstance(found, int) and found < SCHEMA:
        message = f"Reference {name} was built in the older format {found}: build or fetch it again."
    else:
        message = f"Reference {name} has format {found}, which this version does not know; it reads {SCHEMA}."
    return BundleError("reference_schema", message)


def search_path() -> list[Path]:
    """Directories that hold bundles: ``GAS_REFERENCE_PATH`` (colon-separated), then ``reference`` of the project."""
    configured = [Path(item) for item in os.environ.get("GAS_REFERENCE_PATH", "").split(os.pathsep) if item]
    return [*configured, Path(__file__).resolve().parents[3] / "reference"]


def reference_names(search: list[Path] | None = None) -> list[str]:
    """Names of the bundles in the search path, in alphabetical order."""
    places = search_path() if search is None else search
    return sorted({found.parent.name for place in places for found in place.glob("*/manifest.json")}, key=str.lower)
