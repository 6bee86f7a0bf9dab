"""Builds the tables of known variants of a reference: several VCF files are merged by allele, contig by contig."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.reference.allele_table import KEY_COLUMNS, allele_codes
from annotator.engine.reference.build.allele_table_writer import AlleleTableWriter
from annotator.engine.reference.build.sources import Tally
from annotator.engine.reference.build.variant_source import SourceAlleles, VariantSource, read_contig
from annotator.engine.reference.bundle import Contig, Sequence

KNOWN_IN = "KNOWN_IN"
"""Column and INFO field with the sources that list an allele."""
MOST_MISMATCHES = 0.1
"""A source with REF mismatches in more than this share of its alleles belongs to another build."""
PARALLEL_BYTES = 64 << 20
"""Sources of at least this many bytes in total are merged by several processes."""
_END = np.iinfo(np.int64).max
_NULL = pa.scalar(None, pa.string())


@dataclass
class _Waiting:
    """Alleles of one file that have been read and not yet written.

    Attributes:
        source: index of the source.
        batches: what is left of the file.
        rows: key columns and fields; None before the first batch.
        complete: every allele up to this position is in ``rows``.
    """

    source: int
    batches: Iterator[SourceAlleles]
    rows: pa.Table | None = None
    complete: int = -1

    def read(self, names: list[str]) -> None:
        """Read the next batch; ``names`` are those of the fields of the source."""
        batch = next(self.batches, None)
        if batch is None:
            self.complete = _END
            return
        columns = [pa.array(batch.pos), *(one.cast(pa.string()) for one in (batch.ref, batch.alt)), *batch.values]
        table = pa.table(columns, names=[*KEY_COLUMNS, *names])
        self.rows = table if self.rows is None else pa.concat_tables([self.rows, table])
        self.complete = max(self.complete, batch.complete)

    def take(self, limit: int) -> pa.Table | None:
        """Remove and return the alleles up to a position."""
        if self.rows is None:
            return None
        due = pc.less_equal(self.rows["pos"], limit)
        taken, self.rows = self.rows.filter(due), self.rows.filter(pc.invert(due))
        return taken


def merge_variants(
    sources: list[VariantSource],
    directory: Path,
    contigs: list[Contig],
    names: dict[str, str],
    fasta: Path,
    work: Path,
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Merge sources into a table of normalised alleles for each contig; large ones by several processes.

    Args:
        sources: each sorted within its contigs; what is used of them is counted.
        directory: for the tables.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        fasta: sequence of the reference, indexed.
        work: directory for indexed copies of sources without an index.

    Returns:
        Names of the files by contig, and the fields of the layer, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, lacks a field, or belongs to another sequence.
    """
    lengths = [contig.length for contig in contigs]
    paths = [[source.prepare(path, work, lengths) for path in source.paths] for source in sources]
    listed = ", ".join(source.name for source in sources)
    fields = [_field(KNOWN_IN, "String", f"Sources of known variants that list the allele, joined by & ({listed})")]
    for source in sources:
        for wanted, (_, kind, description) in zip(source.wanted, source.fields, strict=True):
            fields.append(_field(source.info(wanted), kind, description))
    columns = [one["column"] for one in fields]
    if len(set(columns)) != len(columns):
        raise BundleError("reference_build", f"Two fields of known variants have one name: {', '.join(columns)}.")
    files = [directory / f"known_variants.{number}.parquet" for number in range(1, len(contigs) + 1)]
    merge = partial(_merge_contig, sources, paths, names, fasta)
    large = sum(path.stat().st_size for some in paths for path in some) >= PARALLEL_BYTES
    written: dict[str, str] = {}
    with ProcessPoolExecutor() if large else nullcontext() as pool:
        answers = (pool.map if pool else map)(merge, contigs, files)
        for contig, file, tallies in zip(contigs, files, answers, strict=True):
            for source, tally in zip(sources, tallies, strict=True):
                source.used += tally.used
                source.left_out += tally.left_out
            if file.exists():
                written[contig.name] = file.name
    for source in sources:
        _refuse_other_build(source)
    return written, fields


def _field(name: str, kind: str, description: str) -> dict[str, str]:
    return {"column": name, "info": name, "type": kind, "description": description}


def _merge_contig(
    sources: list[VariantSource],
    paths: list[list[Path]],
    names: dict[str, str],
    fasta: Path,
    contig: Contig,
    out: Path,
) -> list[Tally]:
    """Write the table of one contig, if there are alleles on it; returns the tally of each source."""
    tallies = [Tally() for _ in sources]
    sequences = [Sequence(fasta) for _ in sources]  # each has its own window
    waiting = [
        _Waiting(number, read_contig(source, tallies[number], path, contig, names, sequences[number]))
        for number, source in enumerate(sources)
        for path in paths[number]
    ]
    columns = [[source.info(one) for one in source.wanted] for source in sources]
    kinds = {KNOWN_IN: "String"} | {
        source.info(wanted): kind
        for source in sources
        for wanted, (_, kind, _) in zip(source.wanted, source.fields, strict=True)
    }
    writer: AlleleTableWriter | None = None
    try:
        while True:
            for one in waiting:
                while one.complete < 0:
                    one.read(columns[one.source])
            limit = min((one.complete for one in waiting), default=_END)
            due = [(one.source, rows) for one in waiting if (rows := one.take(limit)) is not None and len(rows)]
            if due:
                writer = writer or AlleleTableWriter(out, kinds)
                writer.write(merged(due, sources, kinds))
            if limit == _END:
                break
            for one in waiting:
                if one.complete == limit:
                    one.read(columns[one.source])
        if writer is not None:
            writer.close()
    except LIBRARY_ERRORS as error:
        listed = ", ".join(source.name for source in sources)
        message = in_words(error, f"Known variants ({listed}) on {contig.name} cannot be read")
        raise BundleError("reference_variants", message) from error
    return tallies


def merged(due: list[tuple[int, pa.Table]], sources: list[VariantSource], kinds: dict[str, str]) -> pa.Table:
    """Alleles of all sources, each once, in the order of an allele table.

    Args:
        due: indices of sources, and rows of each: key columns and its fields.
        sources: all of them.
        kinds: Type of each field of the table by its name.
    """
    rows = pa.concat_tables([table.select(KEY_COLUMNS) for _, table in due]).combine_chunks()
    owner = np.concatenate([np.full(len(table), number) for number, table in due])
    pos, ref, alt = (rows[name].chunk(0) for name in KEY_COLUMNS)
    codes = allele_codes(ref, alt)
    long = np.flatnonzero(codes == np.iinfo(codes.dtype).max)
    rank = np.zeros(len(rows), np.int64)  # of the text of long alleles
    if len(long):
        pick = pa.array(long)
        text = pc.binary_join_element_wise(ref.take(pick), alt.take(pick), ">")
        rank[long] = pc.rank(text, sort_keys="ascending", tiebreaker="dense").to_numpy()
    position = pos.to_numpy()
    order = np.lexsort((owner, rank, codes, position))
    keys = [one[order] for one in (position, codes, rank)]
    new = np.ones(len(order), bool)
    new[1:] = np.any([one[1:] != one[:-1] for one in keys], axis=0)
    first = np.flatnonzero(new)
    allele = np.empty(len(order), np.int64)  # of each row, in the order of `rows`
    allele[order] = np.cumsum(new) - 1
    columns: dict[str, pa.Array] = {name: rows[name].take(pa.array(order[first])) for name in KEY_COLUMNS}
    bits = np.bitwise_or.reduceat(np.int64(1) << owner[order], first)
    masks, place = np.unique(bits, return_inverse=True)
    listed = ["&".join(source.name for at, source in enumerate(sources) if mask >> at & 1) for mask in masks.tolist()]
    columns[KNOWN_IN] = pa.array(listed, pa.string()).take(pa.array(place))
    starts = np.cumsum([0, *(len(table) for _, table in due)])
    for number, source in enumerate(sources):
        mine = [(at, table) for at, (other, table) in enumerate(due) if other == number]
        at = np.concatenate([np.arange(starts[one], starts[one + 1]) for one, _ in mine] or [np.zeros(0, np.int64)])
        for wanted in source.wanted:
            name = source.info(wanted)
            chunks = [chunk for _, table in mine for chunk in table[name].chunks]
            values = pa.concat_arrays(chunks or [pa.array([], pa.string())])
            columns[name] = _by_allele(values, allele[at], len(first), join=kinds[name] == "String")
    return pa.table(columns).select([*KEY_COLUMNS, *kinds])


def _by_allele(values: pa.StringArray, allele: np.ndarray, alleles: int, join: bool) -> pa.StringArray:
    """The value of each allele from the rows that have it: distinct texts joined by ``&``, or the first number.

    Args:
        values: of n rows.
        allele: ``(n,)``, the index of the allele of each.
        alleles: number of alleles.
        join: whether several values are joined.
    """
    there = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    index = np.full(alleles, -1, np.int64)
    index[allele[there[::-1]]] = there[::-1]  # the first row of each allele is the last one written
    found = values.take(pa.array(index, mask=index < 0))
    if len(there) == int((index >= 0).sum()) or not join:
        return found
    several: dict[int, dict[str, None]] = {}
    counts = np.bincount(allele[there], minlength=alleles)
    for row in there[counts[allele[there]] > 1].tolist():
        several.setdefault(int(allele[row]), {})[values[row].as_py()] = None
    mask = np.zeros(alleles, bool)
    mask[sorted(several)] = True
    joined = pa.array(["&".join(several[at]) for at in sorted(several)], pa.string())
    return pc.replace_with_mask(found, pa.array(mask), joined)


def _refuse_other_build(source: VariantSource) -> None:
    wrong = source.left_out["REF is not the sequence"]
    total = source.used + wrong
    if wrong > MOST_MISMATCHES * total:
        message = f"in {wrong:,} of {total:,} alleles ({wrong / total:.1%}) REF is not what the sequence has"
        raise BundleError("reference_mismatch", f"{source.name} and the sequence do not belong together: {message}.")
    if not source.used:
        raise BundleError("reference_mismatch", f"{source.name} has no allele on a contig of the sequence.")
