"""Rows of tables of scores: which columns they are in, checked, typed, and copied so that contigs can be read apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.errors import BundleError
from annotator.engine.reference.build.delimited import MISSING, Delimited
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.info_encoding import NUMBER

NAMES = {
    "chrom": ("chrom", "chr", "chromosome", "contig", "seqnames"),
    "pos": ("pos", "position", "pos(1-based)"),
    "start": ("start", "chromstart", "begin"),
    "end": ("end", "chromend", "stop"),
    "ref": ("ref", "reference"),
    "alt": ("alt", "alternate", "alternative"),
}
"""Columns of places and alleles, and the names by which they are found, in lower case."""
BASE = "base"
LISTED = ";"
"""Separates several numbers in one cell."""
_BED = {"chrom": 0, "start": 1, "end": 2}
_SHORT = {"chrom": 0, "pos": 1}
_LONGEST_INTEGER = 9
"""Digits of numbers that are surely whole numbers of 32 bits."""
_NULL = pa.scalar(None, pa.string())


@dataclass
class TableRows:
    """How a table is read.

    Attributes:
        columns: the names (or numbers) of columns by the keys of :data:`NAMES`; others are found by their names.
        base: position of the first base of a contig: 0 (then an ``end`` is exclusive, as in BED) or 1 (inclusive); None
            for 0 where the table has a column ``start``, and 1 where it has ``pos``.
    """

    columns: dict[str, str] = field(default_factory=dict)
    base: int | None = None

    def places(self, table: Delimited) -> dict[str, int]:
        """The indices of the columns of places and alleles, by the keys of :data:`NAMES`.

        Raises:
            BundleError: there is no column of contigs or of positions.
        """
        found = {key: table.column(name) for key, name in self.columns.items()}
        lowered = [name.lower() for name in table.names]
        if table.headed:
            for key, names in NAMES.items():
                at = next((lowered.index(name) for name in names if name in lowered), None)
                if at is not None:
                    found.setdefault(key, at)
        else:
            found = (_BED if len(table.names) > len(_BED) else _SHORT) | found
        if "pos" in self.columns or ("pos" in found and "start" not in self.columns):
            found = {key: at for key, at in found.items() if key not in ("start", "end")}
        missing = [key for key in ("chrom", "pos") if key not in found and not (key == "pos" and "start" in found)]
        if missing:
            listed = ", ".join(table.names)
            message = f"{table.path.name} has no column {missing[0]}; name it: {missing[0]}=COLUMN"
            raise BundleError("reference_table", f"{message} (there are {listed}).")
        return found

    def only_score(self, path: Path) -> int:
        """The number of the column that is left beside those of places, from 1.

        Raises:
            BundleError: there is none, or several are.
        """
        table = Delimited(path)
        places = self.places(table).values()
        rest = [number for number in range(len(table.names)) if number not in places]
        if len(rest) != 1:
            listed = ", ".join(table.names[number] for number in rest) or "none"
            message = f"{path.name} has {len(rest)} columns beside those of places ({listed}); choose: FILE:COLUMN,..."
            raise BundleError("reference_table", f"{message}.")
        return rest[0] + 1

    def copy(self, path: Path, wanted: tuple[str, ...], out: Path, left_out: Counter[str]) -> list[str]:
        """Copy what is used of a table, in the order of the table.

        Args:
            path: the table.
            wanted: columns, as :class:`FieldChoice` reads them.
            out: a Parquet file: ``chrom``, ``start`` and ``end`` (1-based, inclusive), ``ref`` and ``alt`` where the
                table has them, and the values of each of ``wanted`` under its index. A row group has one contig.
            left_out: counts rows without a position.

        Returns:
            The Type of each of ``wanted``: ``Integer``, ``Float`` or ``String``.

        Raises:
            BundleError: the table cannot be read, lacks a column, or has no number where there should be one.
        """
        table = Delimited(path)
        places = self.places(table)
        choices = [FieldChoice.parse(one) for one in wanted]
        columns = [[table.column(name) for name in one.of] for one in choices]
        kinds: list[str] = []
        writer: pq.ParquetWriter | None = None
        try:
            for line, rows in table.batches([*places.values(), *(at for one in columns for at in one)]):
                if not kinds:
                    kinds = [_kind(rows, at, one.extreme) for at, one in zip(columns, choices, strict=True)]
                placed = self._placed(table, rows, places, line)
                for at, (choice, of) in enumerate(zip(choices, columns, strict=True)):
                    if kinds[at] == "String":
                        placed[str(at)] = _text(rows[str(of[0])])
                        continue
                    numbers = [_numbers(table, rows, index, line, choice.extreme or "max") for index in of]
                    placed[str(at)] = pa.array(_extreme(numbers, choice.extreme or "max"), from_pandas=True)
                    if kinds[at] == "Integer" and not all(_are_whole(rows[str(index)]) for index in of):
                        kinds[at] = "Float"
                copied = pa.table(placed)
                there = copied["start"].is_valid()
                left_out["no position"] += len(copied) - (pc.sum(there).as_py() or 0)
                copied = copied.filter(there)
                writer = writer or pq.ParquetWriter(out, copied.schema, compression="lz4")
                chrom = copied["chrom"].combine_chunks()
                cuts = np.flatnonzero(pc.not_equal(chrom[1:], chrom[:-1]).to_numpy(zero_copy_only=False)) + 1
                for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(copied)], strict=True):
                    if last > first:
                        writer.write_table(copied.slice(first, last - first))
        finally:
            if writer is not None:
                writer.close()
        if not left_out["no position"]:
            del left_out["no position"]
        if writer is None:
            raise BundleError("reference_table", f"{path.name} has no rows.")
        return kinds

    def _placed(self, table: Delimited, rows: pa.Table, places: dict[str, int], line: int) -> dict[str, pa.Array]:
        """Contig, first and last base (1-based, inclusive) and alleles of some rows."""
        base = self.base if self.base is not None else int("pos" in places)
        first = places.get("pos", places.get("start", -1))
        start = pa.array(_numbers(table, rows, first, line, whole=True), from_pandas=True)
        found = {"chrom": rows[str(places["chrom"])].combine_chunks()}
        found["start"] = pc.add(start, 1 - base).cast(pa.int64(), safe=False)
        found["end"] = found["start"]
        if "end" in places:
            end = pa.array(_numbers(table, rows, places["end"], line, whole=True), from_pandas=True)
            found["end"] = end.cast(pa.int64(), safe=False)
        found |= {key: rows[str(places[key])].combine_chunks() for key in ("ref", "alt") if key in places}
        return found


def rows_of_contig(path: Path, names: frozenset[str]) -> Iterator[pa.Table]:
    """The rows of a contig in the order of their first bases.

    They are read a row group at a time where the table is sorted; otherwise those of the contig are sorted in memory.
    All rows with one first base come together.

    Args:
        path: a copy that :meth:`TableRows.copy` made.
        names: of the contig.
    """
    with pq.ParquetFile(path) as file:
        groups, ranges = [], []
        for number in range(file.num_row_groups):
            about = file.metadata.row_group(number)
            if about.column(0).statistics.min in names:
                groups.append(number)
                place = about.column(1).statistics
                ranges.append((place.min, place.max))
        apart = all(one[1] <= two[0] for one, two in pairwise(ranges))
        rest: list[pa.Table] = []
        for some in [[number] for number in groups] if apart else [groups] if groups else []:
            rows = pa.concat_tables([*rest, file.read_row_groups(some, use_threads=False)])
            start = rows["start"].to_numpy()
            if (np.diff(start) < 0).any():
                rows = rows.take(pa.array(np.argsort(start, kind="stable")))
                start = rows["start"].to_numpy()
            last = int(np.searchsorted(start, start[-1])) if some[-1] != groups[-1] else len(rows)
            rest = [rows.slice(last)]
            if last:
                yield rows.slice(0, last)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_in(column, value_set=pa.array(MISSING)), _NULL, column)


def _kind(rows: pa.Table, columns: list[int], extreme: str) -> str:
    """``Integer`` or ``Float`` if the first rows have only numbers, or an extreme is wanted; otherwise ``String``."""
    parts = [pc.split_pattern(_text(rows[str(at)]), LISTED).combine_chunks().flatten() for at in columns]
    texts = pa.concat_arrays(parts)
    texts = texts.filter(pc.invert(pc.is_in(texts, value_set=pa.array(MISSING))))
    numbers = pc.all(pc.match_substring_regex(texts, NUMBER)).as_py()
    if not extreme and not numbers:
        return "String"
    return "Integer" if len(texts) and all(_are_whole(rows[str(at)]) for at in columns) else "Float"


def _are_whole(column: pa.ChunkedArray) -> bool:
    """Whether all values of a column that are not missing are whole numbers of 32 bits."""
    whole = pc.match_substring_regex(column, f"^[-+]?[0-9]{{1,{_LONGEST_INTEGER}}}$")
    return bool(pc.all(pc.or_(whole, pc.is_in(column, value_set=pa.array(MISSING)))).as_py())


def _numbers(
    table: Delimited, rows: pa.Table, column: int, line: int, extreme: str = "max", whole: bool = False
) -> np.ndarray:
    """The numbers of a column, ``(n,) float64``, NaN where there is none.

    Args:
        table: that the rows are of.
        rows: n of them.
        column: index of the column.
        line: number of the first line.
        extreme: which of several numbers in a cell is taken.
        whole: positions are wanted: one number in each cell, without a fraction.

    Raises:
        BundleError: a value is no number.
    """

    def holds(text: str) -> bool:
        return all(one in MISSING or _is_finite(one, whole) for one in ([text] if whole else text.split(LISTED)))

    what = "position" if whole else "number"
    texts = _text(rows[str(column)]).combine_chunks()
    try:
        if not whole and pc.any(pc.match_substring(texts, LISTED)).as_py():
            lists = pc.split_pattern(texts.fill_null(""), LISTED)
            flat = _text(pa.chunked_array([lists.flatten()])).combine_chunks().cast(pa.float64())
            found = _extreme_in(flat.to_numpy(zero_copy_only=False), lists.offsets.to_numpy(), extreme)
        else:
            found = texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise table.fault(line, holds, column, what) from error
    there = np.isfinite(found)
    outside = whole and ((found[there] < 0) | (found[there] > LARGEST_POSITION) | (found[there] % 1 > 0)).any()
    odd = np.isinf(found) | np.isnan(found) & texts.is_valid().to_numpy(zero_copy_only=False)
    if outside or (odd.any() and not all(one is None or holds(one) for one in pc.unique(texts).to_pylist())):
        raise table.fault(line, holds, column, what)
    return found


def _is_finite(text: str, whole: bool) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return bool(np.isfinite(number)) and (not whole or (number % 1 == 0 and 0 <= number <= LARGEST_POSITION))


def _extreme_in(flat: np.ndarray, offsets: np.ndarray, extreme: str) -> np.ndarray:
    """The extreme of each list of numbers, none of which is empty; NaN where all are."""
    ufunc = np.fmax if extreme == "max" else np.fmin
    found: np.ndarray = ufunc.reduceat(flat, offsets[:-1])
    return found


def _extreme(columns: list[np.ndarray], extreme: str) -> np.ndarray:
    found: np.ndarray = (np.fmax if extreme == "max" else np.fmin).reduce(columns)
    return found
