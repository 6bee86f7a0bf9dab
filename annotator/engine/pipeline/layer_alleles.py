"""The alleles of a user's VCF file as tables of alleles, which are looked up as a bundle's known variants are.

The file is read as an input file is: the same checks, in the same words, and the same rules for names of contigs and
for REF. Its alleles are normalised, put into the order of their positions contig by contig, and each is kept once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine.errors import SKIPS, BundleError, InputError
from annotator.engine.normalise import Normalised, normalise_all
from annotator.engine.output.summary import Counts
from annotator.engine.pipeline.build_check import refuse_wrong_reference
from annotator.engine.progress import Warnings
from annotator.engine.reference.allele_table import KEY_COLUMNS
from annotator.engine.reference.build.allele_table_writer import AlleleTableWriter
from annotator.engine.reference.build.field_values import field_values
from annotator.engine.reference.build.known_variants import KNOWN_IN, merged
from annotator.engine.reference.build.sources import INFO_NAME
from annotator.engine.reference.build.variant_source import VariantSource, declared_fields
from annotator.engine.reference.bundle import LayerField, Reference
from annotator.engine.vcf.block_parser import SKIP_CODES, BlockParser, Records
from annotator.engine.vcf.header import read_header
from annotator.engine.vcf.reader import Limits, Lines
from annotator.engine.vcf.record_warnings import warnings_of

MOST_FIELDS = 50
"""INFO fields that are taken from a file whose user has not chosen any: the first ones."""
NOT_OF_ALLELES = frozenset({"ANN", "BCSQ", "CSQ", "EFF", "END"})
"""INFO fields that are not taken unless they are chosen: consequences, which this annotation has itself, and places."""
NO_PLAIN_ALLELE = "without an alternate allele of plain bases"


@dataclass
class AlleleLayer:
    """The tables of a file.

    Attributes:
        files: the table of each contig, by its name.
        fields: of the layer; the first one has 1 for every allele of the file.
        records: of the file.
        used: alleles in the tables, before those that are there twice become one.
        left_out: number of the other alleles, by reason.
        details: some of them, with the line and what is wrong.
    """

    files: dict[str, Path] = field(default_factory=dict)
    fields: tuple[LayerField, ...] = ()
    records: int = 0
    used: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)


def write_alleles(
    name: str, path: Path, file: str, wanted: tuple[str, ...], reference: Reference, folder: Path, limits: Limits
) -> AlleleLayer:
    """Read a VCF file and write its alleles as tables.

    Args:
        name: of the layer; the names of its fields begin with it.
        path: of the file.
        file: its name for people.
        wanted: INFO fields, or ``ID``, that are taken; none for all that fit.
        reference: that the file belongs to.
        folder: for the tables.
        limits: of the file.

    Raises:
        InputError: the file is at fault.
        BundleError: the reference cannot be read.
    """
    lines, warnings = Lines(path, limits), Warnings()
    header = read_header(iter(lines), limits.header, warnings)
    meta = [line.decode("utf-8", "replace") for line in header.meta]
    source = VariantSource(name, (path,), tuple(dict.fromkeys(wanted)) or _fitting(meta))
    try:
        source.declare(meta, "The file")
    except BundleError as error:
        raise InputError("unusable_layer", error.message, hint="Choose fields that the header declares.") from error
    layer, counts, left_out = AlleleLayer(), Counts(), Counter[str]()
    parser, sequence = BlockParser(header, reference), reference.sequence()
    named: dict[str, bytes] = {}
    with _Unsorted(folder / "unsorted.arrow") as unsorted:
        for block in lines.blocks():
            records = parser.parse(block, named)
            for chrom, canonical in zip(records.chroms, records.contigs, strict=True):
                if canonical is not None:
                    named.setdefault(canonical, chrom)
            layer.records += len(records)
            limits.check_records(layer.records)
            _count(records, counts, left_out, warnings)
            for contig, alleles in _tables(records, source, sequence.fetch):
                layer.used += len(alleles)
                unsorted.add(contig, alleles)
    if not layer.records:
        raise InputError("unusable_layer", "It has no records.", hint="Add a file with records, or none.")
    refuse_wrong_reference(counts, header, reference, warnings)
    layer.left_out = {reason: count for reason, count in sorted(left_out.items()) if count}
    layer.details = list(_details(left_out, warnings))
    presence = f"1 for alleles of the user's file {file}"
    described = [(name, "Integer", presence)]
    described += [(source.info(one), kind, text)
                  for one, (_, kind, text) in zip(source.wanted, source.fields, strict=True)]  # fmt: skip
    layer.fields = tuple(LayerField(info, info, kind, text) for info, kind, text in described)
    for number, (contig, table) in enumerate(unsorted.by_contig(), start=1):
        layer.files[contig] = folder / f"{number}.parquet"
        _write_sorted(table, source, layer.files[contig])
    return layer


def _fitting(meta: list[str]) -> tuple[str, ...]:
    """The fields that are taken where none are chosen: ID, and what has a value for an allele or a record."""
    fields = [
        name
        for name, (number, _, _) in declared_fields(meta).items()
        if number != "G" and name not in NOT_OF_ALLELES and name != "ID" and INFO_NAME.fullmatch(name)
    ]
    return ("ID", *fields[:MOST_FIELDS])


def _count(records: Records, counts: Counts, left_out: Counter[str], warnings: Warnings) -> None:
    """Count the records of a block, and what is left out of them."""
    compared = records.compared()
    counts.total["compared"] += int(compared.sum())
    counts.total["mismatched"] += int((records.skip == SKIP_CODES.index("ref_mismatch"))[compared].sum())
    per_contig = np.bincount(records.chrom, minlength=len(records.chroms)).tolist()
    counts.contigs.update({chrom.decode("latin-1"): number
                           for chrom, number in zip(records.chroms, per_contig, strict=True) if number})  # fmt: skip
    warnings.merge(warnings_of(records))
    unused = ~_used(records)
    skip = records.skip[records.alleles.record[unused]]
    for code, number in enumerate(np.bincount(skip + 1, minlength=len(SKIP_CODES) + 1).tolist()):
        if number:
            left_out[SKIPS[SKIP_CODES[code - 1]] if code else NO_PLAIN_ALLELE] += number


def _used(records: Records) -> np.ndarray:
    """``(n,) bool``: which alleles of a block are of plain bases, in records that are not skipped."""
    alleles = records.alleles
    used: np.ndarray = alleles.plain & alleles.asked & (records.skip[alleles.record] < 0)
    return used


def _details(left_out: Counter[str], warnings: Warnings) -> Iterator[str]:
    """What was left out, in words: each reason with the first lines and places that it applies to."""
    for reason, count in sorted(left_out.items()):
        code = next((code for code, words in SKIPS.items() if words == reason), None)
        warned = warnings.by_code.get(code or "")
        first = [] if warned is None else warned.first_lines
        lines = f", line{'s' if len(first) > 1 else ''} {', '.join(map(str, first))}" if first else ""
        places = "" if warned is None or not warned.details else f" ({'; '.join(warned.details)})"
        yield f"{count:,}, {reason}{lines}{places}"


def _tables(
    records: Records, source: VariantSource, fetch: Callable[[str, int, int], bytes]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The alleles of a block that are used, by contig: key columns and the fields of the source, as text."""
    alleles = records.alleles
    used = _used(records)
    rows = pa.record_batch([records.fields[2], records.fields[7]], names=["ID", "INFO"])
    code_of = records.chrom[alleles.record]
    names = [source.info(one) for one in source.wanted]
    for code, contig in enumerate(records.contigs):
        at = np.flatnonzero(used & (code_of == code))
        if contig is None or not len(at):
            continue
        owner = alleles.record[at]
        found = normalise_all(
            *Normalised(records.pos[owner], records.ref.take(pa.array(owner)), alleles.alt.take(pa.array(at))),
            np.ones(len(at), bool),
            partial(fetch, contig),
        )
        values = [field_values(rows, one, kind, owner, alleles.number[at])
                  for one, kind in zip(source.wanted, source.fields, strict=True)]  # fmt: skip
        keys = [pa.array(found.pos), found.ref.cast(pa.string()), found.alt.cast(pa.string())]
        yield contig, pa.record_batch([*keys, *values], names=[*KEY_COLUMNS, *names])


class _Unsorted:
    """Alleles on disk in the order of the file, so that those of one contig at a time are in memory.

    Args:
        path: of the file that holds them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._contigs: list[str] = []

    def __enter__(self) -> _Unsorted:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, contig: str, alleles: pa.RecordBatch) -> None:
        """Write alleles of one contig."""
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), alleles.schema)
        self._writer.write_batch(alleles)
        self._contigs.append(contig)

    def by_contig(self) -> Iterator[tuple[str, pa.Table]]:
        """All alleles of each contig. The file is removed afterwards."""
        if not self._contigs:
            return
        with pa.ipc.open_file(str(self._path)) as reader:
            for contig in dict.fromkeys(self._contigs):
                numbers = [number for number, name in enumerate(self._contigs) if name == contig]
                yield contig, pa.Table.from_batches([reader.get_batch(number) for number in numbers])
        self._path.unlink()


def _write_sorted(alleles: pa.Table, source: VariantSource, out: Path) -> None:
    """Write the alleles of a contig as a table of alleles: in its order, and each once."""
    kinds = {source.info(one): kind for one, (_, kind, _) in zip(source.wanted, source.fields, strict=True)}
    table = merged([(0, alleles)], [source], {KNOWN_IN: "String"} | kinds)
    table = table.set_column(len(KEY_COLUMNS), source.name, pa.array(["1"] * len(table), pa.string()))
    writer = AlleleTableWriter(out, {source.name: "Integer"} | kinds)
    writer.write(table)
    writer.close()
