"""Builds the tables of known variants of a reference: several VCF files are merged by allele, contig by contig."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.reference.allele_table import KEY_COLUMNS, allele_codes
from annotator.engine.reference.build.allele_table_writer import TYPES, AlleleTableWriter
from annotator.engine.reference.build.partial_build import PartialBuild
from annotator.engine.reference.build.processes import in_processes
from annotator.engine.reference.build.sources import Tally
from annotator.engine.reference.build.time_left import TimeLeft
from annotator.engine.reference.build.variant_source import OTHER_REF, SourceAlleles, VariantSource
from annotator.engine.reference.bundle import Contig, Sequence

KNOWN_IN = "KNOWN_IN"
"""Column and INFO field with the sources that list an allele."""
MOST_MISMATCHES = 0.1
"""A source with REF mismatches in more than this share of its alleles belongs to another build."""
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
        due = self.rows["pos"].to_numpy() <= limit
        first = len(due) if due.all() else int(np.argmin(due))  # the rest is in the order of the file, not of positions
        head, rest, due = self.rows.slice(0, first), self.rows.slice(first), pa.array(due[first:])
        self.rows = rest.filter(pc.invert(due))
        return pa.concat_tables([head, rest.filter(due)])


def merge_variants(
    sources: list[VariantSource],
    partial: PartialBuild,
    contigs: list[Contig],
    names: dict[str, str],
    fasta: Path,
    say: Callable[[str], None],
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Merge sources into a table of normalised alleles for each contig; large ones by several processes.

    Args:
        sources: each sorted within its contigs; what is used of them is counted.
        partial: the bundle that is being built; contigs whose tables are complete are not merged again.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        fasta: sequence of the reference, indexed.
        say: receives the progress.

    Returns:
        Names of the files by contig, and the fields of the layer, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, lacks a field, or belongs to another sequence.
    """
    lengths = [contig.length for contig in contigs]
    paths = [[source.prepare(path, partial.work, lengths) for path in source.paths] for source in sources]
    listed = ", ".join(source.name for source in sources if source.marks_known)
    about = f"Sources of known variants that list the allele, joined by & ({listed})"
    fields = [_field(KNOWN_IN, "String", about)] if listed else []
    for source in sources:
        for wanted, (_, kind, description) in zip(source.wanted, source.fields, strict=True):
            fields.append(_field(source.info(wanted), kind, description))
    columns = [one["column"] for one in fields]
    if len(set(columns)) != len(columns):
        raise BundleError("reference_build", f"Two fields of known variants have one name: {', '.join(columns)}.")
    files = [partial.bundle / f"known_variants.{number}.parquet" for number in range(1, len(contigs) + 1)]
    tallies = [partial.found(file.stem) for file in files]

    def merge(number: int) -> list[Tally]:
        return _merge_contig(sources, paths, names, fasta, contigs[number], files[number])

    to_do = sorted((at for at, done in enumerate(tallies) if done is None), key=lambda at: -contigs[at].length)
    left = sum(contigs[at].length for at in to_do)
    progress, merged = TimeLeft("known variants", sum(lengths), say), sum(lengths) - left
    progress.begin(merged)
    size = sum(path.stat().st_size for some in paths for path in some)
    for at, found in in_processes(merge, to_do, size):
        number = to_do[at]
        tallies[number] = [[tally.used, tally.left_out] for tally in found]
        partial.note(files[number].stem, tallies[number])
        merged += contigs[number].length
        progress.show(merged)
    for some in tallies:
        for source, (used, left_out) in zip(sources, some, strict=True):
            source.used += used
            source.left_out += Counter(left_out)
    for source in sources:
        _refuse_other_build(source)
    return {contig.name: file.name for contig, file in zip(contigs, files, strict=True) if file.exists()}, fields


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
        _Waiting(number, source.alleles(tallies[number], path, contig, names, sequences[number]))
        for number, source in enumerate(sources)
        for path in paths[number]
    ]
    columns = [[source.info(one) for one in source.wanted] for source in sources]
    kinds = ({KNOWN_IN: "String"} if any(source.marks_known for source in sources) else {}) | {
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
    owner = np.repeat([number for number, _ in due], [len(table) for _, table in due])
    order, new = _order(*(rows[name].chunk(0) for name in KEY_COLUMNS))
    first = np.flatnonzero(new)
    allele = np.empty(len(order), np.int64)  # of each row, in the order of `rows`
    allele[order] = np.cumsum(new) - 1
    columns: dict[str, pa.Array] = {name: rows[name].chunk(0).take(pa.array(order[first])) for name in KEY_COLUMNS}
    bits = pa.array(np.bitwise_or.reduceat(np.int64(1) << owner[order], first)).dictionary_encode()
    marking = [(at, source.name) for at, source in enumerate(sources) if source.marks_known]
    masks = bits.dictionary.to_pylist()
    listed = ["&".join(name for at, name in marking if mask >> at & 1) or None for mask in masks]
    columns[KNOWN_IN] = pa.array(listed, pa.string()).take(bits.indices)
    starts = np.cumsum([0, *(len(table) for _, table in due)])
    for number, source in enumerate(sources):
        mine = [(at, table) for at, (other, table) in enumerate(due) if other == number]
        at = np.concatenate([np.arange(starts[one], starts[one + 1]) for one, _ in mine] or [np.zeros(0, np.int64)])
        for wanted in source.wanted:
            name = source.info(wanted)
            chunks = [chunk for _, table in mine for chunk in table[name].chunks]
            values = pa.concat_arrays(chunks or [pa.array([], TYPES[kinds[name]])])
            columns[name] = _by_allele(values, allele[at], len(first), join=kinds[name] == "String")
    return pa.table(columns).select([*KEY_COLUMNS, *kinds])


def _order(pos: pa.Array, ref: pa.StringArray, alt: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """The order of alleles in a table; equal ones stay in the order in which they are.

    Args:
        pos, ref, alt: key columns of n alleles.

    Returns:
        ``(n,)`` indices in that order, and ``(n,) bool``, which of them differ from the one before.
    """
    codes = allele_codes(ref, alt)
    keys = pos.to_numpy().astype(np.uint64) << np.uint64(32) | codes
    long = np.flatnonzero(codes == np.iinfo(codes.dtype).max)
    new = np.ones(len(keys), bool)
    if not len(long):
        order = np.argsort(keys, kind="stable")
        new[1:] = keys[order[1:]] != keys[order[:-1]]
        return order, new
    rank = np.zeros(len(keys), np.int64)  # of the text of long alleles
    pick = pa.array(long)
    text = pc.binary_join_element_wise(ref.take(pick), alt.take(pick), ">")
    rank[long] = pc.rank(text, sort_keys="ascending", tiebreaker="dense").to_numpy()
    order = np.lexsort((rank, keys))
    new[1:] = (keys[order[1:]] != keys[order[:-1]]) | (rank[order[1:]] != rank[order[:-1]])
    return order, new


def _by_allele(values: pa.Array, allele: np.ndarray, alleles: int, join: bool) -> pa.Array:
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
    wrong = source.left_out[OTHER_REF]
    total = source.used + wrong
    if wrong > MOST_MISMATCHES * total:
        message = f"in {wrong:,} of {total:,} alleles ({wrong / total:.1%}) REF is not what the sequence has"
        raise BundleError("reference_mismatch", f"{source.name} and the sequence do not belong together: {message}.")
    if not source.used:
        raise BundleError("reference_mismatch", f"{source.name} has no allele on a contig of the sequence.")
