"""Scores by position of a new reference: bigWig files, and tables with a position or a range in each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine.byte_columns import spread
from annotator.engine.errors import BundleError
from annotator.engine.library_errors import step
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.build.sources import Tally
from annotator.engine.reference.build.table_rows import TableRows, rows_of_contig
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.position_scores import DIGITS, GROUP_ROWS, NOTHING

WINDOW = 16 * GROUP_ROWS
"""Positions that are held in memory at once."""
PLACES = 3
"""Decimal places that scores have unless others are chosen: those of phyloP, phastCons and GERP."""
MOST_PLACES = 6
PARALLEL_BASES = 100_000_000
"""References of at least this many bases are written by several processes."""
_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
"""First bytes of a bigWig file, in both orders of bytes."""


def is_bigwig(path: Path) -> bool:
    """Whether a file is a bigWig."""
    with path.open("rb") as stream:
        return stream.read(4) in _BIGWIG


@dataclass
class PositionSource(Tally):
    """A source of scores by position.

    Attributes:
        name: of the source, and of its INFO field if it has one column of scores without a name.
        path: a bigWig file, or a table with or without ranges.
        wanted: columns of a table, as :class:`FieldChoice` reads them; without any the one behind the position.
        rows: how a table is read.
        digits: decimal places that are kept.
        rounded: number of positions whose score has more decimal places.
    """

    name: str
    path: Path
    wanted: tuple[str, ...] = ()
    rows: TableRows = field(default_factory=TableRows)
    digits: int = PLACES
    rounded: int = field(default=0, init=False)

    def fields(self) -> list[tuple[str, str]]:
        """INFO field and description of each column of scores."""
        if not self.wanted:
            return [(self.name, f"{self.name} of the position; largest of the positions that the allele changes")]
        choices = [FieldChoice.parse(one) for one in self.wanted]
        what = "largest of the positions that the allele changes"
        return [(f"{self.name}_{one.name}", f"{one.words} ({self.name}); {what}") for one in choices]

    def prepare(self, work: Path) -> Path:
        """The file to read: the bigWig itself, or a copy of the table.

        Raises:
            BundleError: the file cannot be read, lacks a column, or has no number where there should be one.
        """
        if is_bigwig(self.path):
            return self.path
        out = work / f"{self.name}.{self.path.name}.parquet"
        wanted = self.wanted or (f"score={self.rows.only_score(self.path)}",)
        kinds = self.rows.copy(self.path, wanted, out, self.left_out)
        if "String" in kinds:
            message = f"{self.path.name} has texts in {wanted[kinds.index('String')]}; scores are numbers"
            raise BundleError("reference_table", f"{message}: choose another column.")
        return out


def write_position_scores(
    sources: list[PositionSource], directory: Path, contigs: list[Contig], names: dict[str, str], work: Path
) -> dict[str, Any]:
    """Write the scores of all sources, one file for each contig that has some.

    Args:
        sources: of scores; what is used of them is counted.
        directory: for the files.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        work: directory for copies of tables.

    Returns:
        The layer, as the manifest has it.

    Raises:
        BundleError: a source cannot be read, or has no score on a contig of the sequence.
    """
    paths = [source.prepare(work) for source in sources]
    fields = [pair for source in sources for pair in source.fields()]
    if len({name for name, _ in fields}) != len(fields):
        listed = ", ".join(name for name, _ in fields)
        raise BundleError("reference_build", f"Two scores by position have one name: {listed}.")
    files = [directory / f"position_scores.{number}.parquet" for number in range(1, len(contigs) + 1)]
    write = partial(_write_contig, sources, paths, names)
    large = sum(contig.length for contig in contigs) >= PARALLEL_BASES
    with ProcessPoolExecutor() if large else nullcontext() as pool:
        for counts in (pool.map if pool else map)(write, contigs, files):
            for source, (used, rounded, beyond) in zip(sources, counts, strict=True):
                source.used += used
                source.rounded += rounded
                if beyond:
                    source.left_out["beyond the end of its contig"] += beyond
    for source, path in zip(sources, paths, strict=True):
        lengths = lengths_in(path) if is_bigwig(path) else {}
        known = {contig.name: contig.length for contig in contigs}
        other = [name for name, length in lengths.items() if known.get(names.get(name, ""), length) != length]
        if other:
            source.left_out["contig of another length"] = len(other)
        if not source.used:
            listed = f"; its {', '.join(other[:5])} have another length: is it of another build?" if other else ""
            raise BundleError("reference_mismatch", f"{source.name} has no score on a contig of the sequence{listed}.")
        if source.rounded:
            source.left_out[f"decimal places behind the {source.digits} that are kept"] = source.rounded
    return {
        "files": {contig.name: file.name for contig, file in zip(contigs, files, strict=True) if file.exists()},
        "fields": [
            {"column": name, "info": name, "type": "Float", "description": description} for name, description in fields
        ],
    }


def _write_contig(
    sources: list[PositionSource], paths: list[Path], names: dict[str, str], contig: Contig, out: Path
) -> list[tuple[int, int, int]]:
    """Write the file of a contig, if it has scores.

    Returns:
        Of each source, how many positions have scores, how many of these were rounded, and how many rows are not used
        because they lie beyond the end of the contig.
    """
    readers = [_reader(source, path, names, contig) for source, path in zip(sources, paths, strict=True)]
    counts = np.zeros((len(sources), 2), np.int64)
    schema = pa.schema(
        pa.field(name, pa.int32(), metadata={DIGITS: str(source.digits).encode()})
        for source in sources
        for name, _ in source.fields()
    )
    if not any(readers):
        return [(0, 0, 0) for _ in sources]
    with pq.ParquetWriter(
        out, schema, compression="zstd", use_dictionary=False, write_statistics=False, write_page_checksum=True,
        column_encoding=dict.fromkeys(schema.names, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        for start in range(0, contig.length, WINDOW):
            size = min(WINDOW, contig.length - start)
            columns: list[pa.Array] = []
            for at, (source, reader) in enumerate(zip(sources, readers, strict=True)):
                width = len(source.fields())
                values = reader(start, size) if reader else np.full((width, size), np.nan)
                whole = np.rint(values * 10.0**source.digits)
                there = ~np.isnan(values)
                counts[at, 0] += int(there.any(axis=0).sum())
                # Of a number with single precision the last digit is not exact.
                off = np.abs(whole / 10.0**source.digits - values) > np.maximum(np.abs(values) * 2.0**-22, 1e-12)
                counts[at, 1] += int((off & there).any(axis=0).sum())
                if (np.abs(whole[there]) >= -float(NOTHING)).any():
                    message = f"{source.name} has scores beyond {-NOTHING / 10**source.digits:,.0f}"
                    raise BundleError("reference_table", f"{message}: choose fewer decimal places (digits=N).")
                for row, mask in zip(whole, there, strict=True):
                    columns.append(pa.array(np.where(mask, row, 0).astype(np.int32), mask=~mask))
            writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)
    beyond = [reader.rows_left() if isinstance(reader, _TableReader) else 0 for reader in readers]
    return [(int(used), int(rounded), rest) for (used, rounded), rest in zip(counts, beyond, strict=True)]


Reader = Callable[[int, int], np.ndarray]
"""Gives the scores of a stretch, ``(columns, size) float64`` with NaN where there is none, by its first base (0-based)
and its size. Stretches are asked for in order, each after the one before."""


def _reader(source: PositionSource, path: Path, names: dict[str, str], contig: Contig) -> Reader | None:
    """Reads the scores of a source on a contig; None where it has none."""
    if is_bigwig(path):
        return _bigwig_reader(path, names, contig)
    theirs = frozenset(name for name, ours in names.items() if ours == contig.name)
    rows = rows_of_contig(path, theirs)
    first = next(rows, None)
    return None if first is None else _TableReader(first, rows)


def _bigwig_reader(path: Path, names: dict[str, str], contig: Contig) -> Reader | None:
    name = next((one for one, length in lengths_in(path).items() if _is_of(one, length, names, contig)), None)
    if name is None:
        return None
    file = _opened(path)

    def read(start: int, size: int) -> np.ndarray:
        with step("reference_table", f"{path.name} cannot be read as a bigWig file"):
            return np.asarray(file.values(name, start, start + size, fillna=None)).reshape(1, size)

    return read


def lengths_in(path: Path) -> dict[str, int]:
    """The lengths of the contigs of a bigWig file, by their names in it."""
    with step("reference_table", f"{path.name} cannot be read as a bigWig file"):
        return dict(_opened(path).chroms())


def _is_of(name: str, length: int, names: dict[str, str], contig: Contig) -> bool:
    return names.get(name) == contig.name and length == contig.length


def _opened(path: Path) -> Any:
    try:
        import pybigtools
    except ImportError as error:
        message = f"{path.name}: bigWig files are read with pybigtools; install it: pip install pybigtools."
        raise BundleError("reference_build", message) from error
    return pybigtools.open(str(path))


class _TableReader:
    """Reads the scores of a table on one contig.

    Args:
        first: its first rows.
        rest: the others, in the order of their first bases.
    """

    def __init__(self, first: pa.Table, rest: Iterator[pa.Table]) -> None:
        self._names = [name for name in first.column_names if name.isdigit()]
        self._waiting = [first]
        self._rest = rest

    def rows_left(self) -> int:
        """How many rows lie behind all stretches that were read."""
        return sum(map(len, [*self._waiting, *self._rest]))

    def __call__(self, start: int, size: int) -> np.ndarray:
        """The scores of a stretch, as :data:`Reader` has them; the largest where ranges overlap."""
        while not self._waiting or self._waiting[-1]["start"][-1].as_py() <= start + size:
            rows = next(self._rest, None)
            if rows is None:
                break
            self._waiting.append(rows)
        found = np.full((len(self._names), size), np.nan)
        kept = []
        for rows in self._waiting:
            begin, end = rows["start"].to_numpy() - 1 - start, rows["end"].to_numpy() - start
            low, high = np.clip(begin, 0, size), np.clip(end, 0, size)
            offsets = np.concatenate([[0], np.cumsum(np.maximum(high - low, 0))])
            place = spread(low, offsets)
            for column, name in zip(found, self._names, strict=True):
                values = np.repeat(rows[name].to_numpy().astype(float), np.diff(offsets))
                np.fmax.at(column, place, values)
            left = end > size
            if left.any():
                kept.append(rows.filter(pa.array(left)))
        self._waiting = kept
        return found
