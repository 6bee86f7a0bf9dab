"""A user's own annotations: VCF and BED files that become layers of one run, beside those of the reference.

A VCF file becomes a table of alleles and a BED file a track of regions, in the format of a bundle's. Both are written
to the folder of working files, and the run opens its reference with them: they are looked up as known variants and
regions are. What they say does not make an allele a known variant.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.engine.errors import BundleError, InputError, quote
from annotator.engine.input_formats import open_input
from annotator.engine.output.info_fields import info_lines
from annotator.engine.output.summary import Counts
from annotator.engine.output.variants_table import COLUMNS
from annotator.engine.pipeline.build_check import WRONG_BUILD_LEAST, WRONG_BUILD_PART
from annotator.engine.pipeline.layer_alleles import write_alleles
from annotator.engine.progress import Warnings
from annotator.engine.reference.build.regions import RegionSource, column_number, merge_regions
from annotator.engine.reference.build.sources import split_source
from annotator.engine.reference.bundle import LayerSpec, Reference, RegionSpec, TrackSpec
from annotator.engine.vcf.file_type import RECORD
from annotator.engine.vcf.reader import BYTE_ORDER_MARK, Limits, Lines

FORM = "NAME=FILE or NAME=FILE:FIELD,..."
HEAD = 1 << 16
"""Bytes of a file that show what it is. The upload page looks at as many, by the same rules and in the same words."""
VCF_STARTS = (b"##fileformat", b"#CHROM")
COMMENTS = (b"#", b"track", b"browser")
"""How the lines of a BED file begin that are no regions."""
REGION = re.compile(rb"[^\t]+\t\d+\t\d+(\t|$)")
UNKNOWN = (
    "It is neither a VCF file, which begins with ##fileformat=VCFv4.2, nor a BED file, whose lines have a contig, a "
    "start and an end, separated by tabs."
)
NO_RECORDS = "It has no records."
KINDS = "Add a VCF or a BED file, plain or compressed with gzip, bgzip, xz or zstd."
_OTHER_BUILD = "Use a file that was made for the reference of this annotation, or lift it over."


@dataclass(frozen=True)
class UserLayer:
    """A file with a user's own annotations.

    Attributes:
        name: of the layer. The INFO fields that it becomes begin with it.
        path: of the file: VCF or BED, plain or compressed.
        fields: the INFO fields (or ``ID``) of a VCF file that are taken, by default all that fit; of a BED file the
            columns that are its value, by default its name.
    """

    name: str
    path: Path
    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> UserLayer:
        """From ``NAME=FILE`` or ``NAME=FILE:FIELD,...``.

        Raises:
            BundleError: it is not of that form.
        """
        return cls(*split_source(text, "--layer", FORM, bool))

    @property
    def file(self) -> str:
        """Name of the file, safe to show and to write into a header."""
        return quote(self.path.name.encode("utf-8", "surrogateescape"), 255)

    def renamed(self, taken: set[str]) -> UserLayer:
        """The layer under a name that no field begins with.

        Args:
            taken: names of fields, in lower case.
        """
        name, number = self.name, 1
        while any(one == name.lower() or one.startswith(f"{name.lower()}_") for one in taken):
            number += 1
            name = f"{self.name}_{number}"
        return dataclasses.replace(self, name=name)


@dataclass(frozen=True)
class ReadLayer:
    """A layer that was read.

    Attributes:
        layer: what was read.
        counted: the INFO field that has a value for each allele or record that matches.
        records: of the file.
        used: alleles or regions that can match.
        left_out: number of the others, by reason.
        of_regions: it is a track of regions, which match records.
    """

    layer: UserLayer
    counted: str
    records: int
    used: int
    left_out: dict[str, int]
    of_regions: bool = False

    def summary(self, counts: Counts) -> dict[str, Any]:
        """The layer for the summary of an annotation with these counts."""
        return {
            "name": self.layer.name,
            "file": self.layer.file,
            "kind": "regions" if self.of_regions else "alleles",
            "records": self.records,
            "used": self.used,
            "left_out": self.left_out,
            "matched": counts.matched[self.counted],
        }


def with_user_layers(
    reference: Reference, layers: Sequence[UserLayer], work: Path, limits: Limits, warnings: Warnings
) -> tuple[Reference, list[ReadLayer]]:
    """Open a reference with a user's layers.

    Args:
        reference: of the run.
        layers: in the order in which their fields are written.
        work: directory for the tables.
        limits: of each file.
        warnings: receives what was left out of the files.

    Returns:
        The reference, and what was read.

    Raises:
        InputError: a file cannot be read, or belongs to another reference; the message names file and line.
        BundleError: the reference cannot be read.
    """
    found = []
    for number, given in enumerate(layers, start=1):
        layer = given.renamed({one.lower() for one in (*COLUMNS, *info_lines(reference))})
        if layer.name != given.name:
            detail = f"{given.file}: {layer.name}, since fields that begin with {given.name} are there already"
            warnings.add("layer_renamed", None, detail)
        folder = work / f"layer-{number}"
        folder.mkdir()
        with _faults_of(layer.file):
            read = _add_regions if _is_bed(layer.path) else _add_alleles
            reference, one = read(reference, layer, folder, limits, warnings)
        found.append(one)
    return reference, found


def _is_bed(path: Path) -> bool:
    """Whether a file is BED rather than VCF.

    Raises:
        InputError: it is neither, or cannot be read.
    """
    with open_input(path) as stream:
        lines = stream.read(HEAD).removeprefix(BYTE_ORDER_MARK).splitlines() or [b""]
    if lines[0].startswith(VCF_STARTS):
        return False
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith(COMMENTS):
            if REGION.match(line) and not RECORD.match(line):
                return True
            raise InputError("unusable_layer", UNKNOWN, line=number, text=line, hint=KINDS)
    raise InputError("unusable_layer", NO_RECORDS, hint=KINDS)


def _add_alleles(
    reference: Reference, layer: UserLayer, folder: Path, limits: Limits, warnings: Warnings
) -> tuple[Reference, ReadLayer]:
    read = write_alleles(layer.name, layer.path, layer.file, layer.fields, reference, folder, limits)
    _note_left_out(layer, read.left_out, read.details, warnings)
    spec = LayerSpec(layer.name, read.files, None, read.fields)
    wider = dataclasses.replace(reference, layers=(*reference.layers, spec))
    return wider, ReadLayer(layer, layer.name, read.records, read.used, read.left_out)


def _add_regions(
    reference: Reference, layer: UserLayer, folder: Path, limits: Limits, warnings: Warnings
) -> tuple[Reference, ReadLayer]:
    columns = tuple(map(column_number, layer.fields))
    if not all(columns):
        raise InputError("unusable_layer", f"A BED file has no column {layer.fields[columns.index(0)]!r}.",
                         hint="Columns are name, score, or their numbers from 1.")  # fmt: skip
    copy = folder / layer.path.name
    records = _copy(layer.path, copy, limits)
    source = RegionSource(layer.name, copy, f"Regions of the user's file {layer.file}", values=columns)
    out = folder / "regions.tsv.gz"
    try:
        (track,) = merge_regions([source], out, reference.contigs, reference.canonical, folder)
    except BundleError as error:
        hint = _OTHER_BUILD if error.code == "reference_mismatch" else None
        raise InputError("unusable_layer", error.message, hint=hint) from error
    copy.unlink()
    beyond = source.left_out["beyond the end of its contig"]
    if beyond >= WRONG_BUILD_LEAST and beyond > WRONG_BUILD_PART * (source.used + beyond):
        message = f"{beyond:,} of {source.used + beyond:,} regions lie beyond the end of their contig in"
        message += f" {reference.name} ({reference.assembly}): the file was made for another reference."
        raise InputError("unusable_layer", message, hint=_OTHER_BUILD)
    left_out = {reason: count for reason, count in sorted(source.left_out.items()) if count}
    _note_left_out(layer, left_out, [], warnings)
    spec = RegionSpec(out, (TrackSpec(track["name"], track["info"], track["description"]),))
    wider = dataclasses.replace(reference, regions=(*reference.regions, spec))
    return wider, ReadLayer(layer, layer.name, records, source.used, left_out, of_regions=True)


def _copy(path: Path, out: Path, limits: Limits) -> int:
    """Write a file as plain text, line by line, within its limits; returns how many regions it may have."""
    records = 0
    with out.open("wb") as stream:
        for line in Lines(path, limits, known_text=True):
            stream.write(line.removeprefix(BYTE_ORDER_MARK) + b"\n")
            records += bool(line.strip()) and not line.startswith(COMMENTS)
            limits.check_records(records)
    return records


def _note_left_out(layer: UserLayer, left_out: dict[str, int], details: list[str], warnings: Warnings) -> None:
    """Warn of what was left out of a file, once for each allele or region."""
    said = details or [f"{count:,}, {reason}" for reason, count in left_out.items()]
    count = sum(left_out.values())
    warnings.add_count("layer_left_out", count, [f"{layer.file}: {one}" for one in said])


@contextmanager
def _faults_of(file: str) -> Iterator[None]:
    """Let the errors of a file name it: a line that is given without a file is one of the input file."""
    try:
        yield
    except InputError as error:
        where = file if error.line is None else f"{file}, line {error.line}"
        message = error.message if error.message.startswith(f"{file}, line") else f"{where}: {error.message}"
        renamed = InputError("unusable_layer", message, hint=error.hint)
        renamed.text = error.text
        raise renamed from error
