"""Region tracks: the regions (bands, islands, binding sites, ...) that many records overlap, looked up at once."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.indexes import open_table, rows_of
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.bundle import RegionSpec
from annotator.engine.reference.info_encoding import encode

COLUMNS = ("contig", "start", "end", "track", "value")
"""Columns of the file with all tracks; ``start`` and ``end`` are 0-based, half-open, as in BED."""


class _Track:
    """The m regions of one track on one contig.

    Regions that cover the first base of a record are found by searching the positions of the records within each
    region; those that begin within a record by searching their starts within each record. Both are binary searches
    whose cost does not depend on how long the regions are, or how many overlap each other.

    Args:
        starts: ``(m,) int64``, first bases (1-based, inclusive), ascending.
        ends: ``(m,) int64``, last bases (1-based, inclusive).
        values: m values, encoded for INFO.
    """

    def __init__(self, starts: np.ndarray, ends: np.ndarray, values: list[str]) -> None:
        self._starts, self._ends = starts, ends
        self._reach = np.maximum.accumulate(ends)
        codes = pa.array(values, pa.string()).dictionary_encode()
        self._values, self._code = codes.dictionary, codes.indices.to_numpy().astype(np.int64)

    def overlapping(self, pos: np.ndarray, end: np.ndarray) -> pa.StringArray:
        """The joined values of the regions that each record overlaps, as :meth:`RegionTracks.overlapping` has them."""
        order = np.argsort(pos, kind="stable")
        here = pos[order]
        first, last = np.searchsorted(self._reach, here[:1]), np.searchsorted(self._starts, here[-1:], side="right")
        near = slice(int(first[0]), int(last[0])) if len(pos) else slice(0, 0)
        from_record = np.searchsorted(here, self._starts[near])
        to_record = np.searchsorted(here, self._ends[near], side="right")
        covering, covered = _ranges(from_record, to_record)
        within, begun = _ranges(
            np.searchsorted(self._starts, pos, side="right"), np.searchsorted(self._starts, end, side="right")
        )
        record = np.concatenate([order[covered], within])
        region = np.concatenate([covering + near.start, begun])
        return self._joined(record, region, len(pos))

    def _joined(self, record: np.ndarray, region: np.ndarray, count: int) -> pa.StringArray:
        """Join the values of the regions of each record in the order of their positions, each once.

        Args:
            record: ``(k,) int64``, index of the record of each overlap.
            region: ``(k,) int64``, index of its region.
            count: number of records.
        """
        sort = np.argsort(record * len(self._starts) + region)
        record, code = record[sort], self._code[region[sort]]
        _, once = np.unique(record * len(self._values) + code, return_index=True)
        once.sort()
        record, code = record[once], code[once]
        sizes = np.bincount(record, minlength=count)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(offsets), self._values.take(pa.array(code)))
        return pc.if_else(pa.array(sizes > 0), pc.binary_join(lists, ","), pa.scalar(None, pa.string()))


def _ranges(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the members of half-open ranges of integers.

    Args:
        first: ``(n,) int64``, first member of each range.
        last: ``(n,) int64``, the number after its last member; an empty range may end before it starts.

    Returns:
        Two ``(k,) int64``: the index of the range of each member, and the member.
    """
    sizes = np.maximum(last - first, 0)
    number = np.repeat(np.arange(len(sizes)), sizes)
    member = np.arange(len(number)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[number]
    return number, member


class RegionTracks:
    """The tracks of one contig, or of a part of it.

    Example:
        >>> tracks = RegionTracks.load(reference.regions[0], "22")
        >>> tracks.overlapping(np.array([20_000_500]), np.array([20_000_500]))["CYTOBAND"].to_pylist()
        ['q11.21']
    """

    def __init__(self, tracks: dict[str, _Track | None]) -> None:
        self._tracks = tracks

    @classmethod
    def load(cls, spec: RegionSpec, contig: str, start: int | None = None, end: int | None = None) -> RegionTracks:
        """Read the regions of a contig.

        Args:
            spec: of the reference.
            contig: canonical name.
            start, end: first and last position (1-based, inclusive) that will be asked for; by default the contig's.

        Raises:
            BundleError: the file cannot be read.
        """
        rows: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        with step("reference_regions", f"{spec.path.name} cannot be read", VERIFY), open_table(spec.path) as table:
            for line in rows_of(table, contig, max(0, (start or 1) - 1), LARGEST_POSITION if end is None else end):
                _, first, last, track, value = line.split("\t")
                rows[track].append((int(first) + 1, int(last), value))
        return cls(
            {track.info: _Track(*_arrays(rows[track.name])) if rows[track.name] else None for track in spec.tracks}
        )

    def overlapping(self, pos: np.ndarray, end: np.ndarray) -> dict[str, pa.StringArray]:
        """Look up the regions that n records overlap.

        Args:
            pos: ``(n,) int64``, first reference base of each record (1-based, inclusive).
            end: ``(n,) int64``, its last reference base (1-based, inclusive).

        Returns:
            By INFO field of each track, n values: those of all regions that the record overlaps, encoded for INFO, each
            once, in the order of their positions, joined by commas; null where there is none.
        """
        nothing = pa.nulls(len(pos), pa.string())
        return {info: nothing if track is None else track.overlapping(pos, end) for info, track in self._tracks.items()}


def _arrays(rows: list[tuple[int, int, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Starts, ends and encoded values of rows, which are sorted in place."""
    rows.sort()
    starts = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    ends = np.fromiter((row[1] for row in rows), np.int64, len(rows))
    return starts, ends, [encode(row[2]) for row in rows]
