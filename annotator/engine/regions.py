"""Region tracks of a reference: which regions (bands, islands, binding sites, ...) many records lie in, all at once."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pysam

from annotator.engine.errors import BundleError
from annotator.engine.layers import encode
from annotator.engine.reference import RegionSpec

#: The columns of the one file that has all tracks; positions are half-open, from 0, as in BED.
COLUMNS = ("contig", "start", "end", "track", "value")


class _Track:
    """The regions of one track on one contig.

    They are cut at every start and end into pieces that do not overlap, and each piece has the joined values of the
    regions over it: a record within one piece, as nearly every record is, is answered by one binary search.

    Args:
        starts: 1-based first positions, ascending.
        ends: last positions.
        values: encoded, one a region.
    """

    def __init__(self, starts: np.ndarray, ends: np.ndarray, values: list[str]) -> None:
        self._starts, self._ends, self._values = starts, ends, values
        self._reach = np.maximum.accumulate(ends)
        self._cuts = np.unique(np.concatenate([starts, ends + 1]))
        first = np.searchsorted(self._cuts, starts)
        count = np.searchsorted(self._cuts, ends + 1) - first
        region = np.repeat(np.arange(len(starts)), count)
        within = np.arange(len(region)) - np.repeat(np.cumsum(count) - count, count)
        piece = np.repeat(first, count) + within
        # A value that several regions of a piece share stands there once.
        codes = pa.array(values, pa.string()).dictionary_encode()
        code = codes.indices.to_numpy()[region]
        _, once = np.unique(np.stack([piece, code]), axis=1, return_index=True)
        once.sort()
        order = once[np.argsort(piece[once], kind="stable")]
        sizes = np.bincount(piece[order], minlength=len(self._cuts))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(offsets), codes.dictionary.take(pa.array(code[order])))
        joined = pc.binary_join(lists, ",")
        # The first piece lies before all regions; pieces without a region have no value.
        empty = pa.array(np.concatenate([[True], sizes == 0]))
        self._texts = pc.if_else(empty, pa.scalar(None, pa.string()), pa.concat_arrays([pa.array([""]), joined]))

    def overlapping(self, pos: np.ndarray, end: np.ndarray) -> pa.StringArray:
        at = np.searchsorted(self._cuts, pos, side="right")
        found = self._texts.take(pa.array(at))
        wide = np.flatnonzero((end > pos) & (np.searchsorted(self._cuts, end, side="right") != at))
        if not len(wide):
            return found
        texts = pa.array([self._over(int(pos[index]), int(end[index])) for index in wide], pa.string())
        mask = np.zeros(len(pos), bool)
        mask[wide] = True
        return pc.replace_with_mask(found, pa.array(mask), texts)

    def _over(self, pos: int, end: int) -> str | None:
        """Values of all regions that touch a range, in the order of their positions."""
        first = int(np.searchsorted(self._reach, pos))
        last = int(np.searchsorted(self._starts, end, side="right"))
        touched = first + np.flatnonzero(self._ends[first:last] >= pos)
        return ",".join(dict.fromkeys(self._values[index] for index in touched)) or None


class RegionTracks:
    """The tracks of one contig, or of a part of it.

    Example:
        >>> tracks = RegionTracks.load(reference.regions, "22")
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
            start: first position (from 1) that will be asked for; by default the contig's.
            end: last one.

        Raises:
            BundleError: the file cannot be read.
        """
        rows: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        try:
            with pysam.TabixFile(str(spec.path), encoding="utf-8") as table:
                if contig in table.contigs:
                    for line in table.fetch(contig, None if start is None else max(0, start - 1), end):
                        _, first, last, track, value = line.split("\t")
                        rows[track].append((int(first) + 1, int(last), value))
        except (OSError, ValueError) as error:
            raise BundleError("reference_regions", f"{spec.path.name} cannot be read: {error}") from error
        return cls(
            {track.info: _Track(*_arrays(rows[track.name])) if rows[track.name] else None for track in spec.tracks}
        )

    def overlapping(self, pos: np.ndarray, end: np.ndarray) -> dict[str, pa.StringArray]:
        """What the tracks have for each of many records.

        Args:
            pos: first reference base of each record, 1-based.
            end: its last reference base.

        Returns:
            By INFO field of each track: the values of all regions that a record touches, encoded for INFO, each once,
            in the order of their positions, joined by commas; null where there is none.
        """
        nothing = pa.nulls(len(pos), pa.string())
        return {info: nothing if track is None else track.overlapping(pos, end) for info, track in self._tracks.items()}


def _arrays(rows: list[tuple[int, int, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rows.sort()
    starts = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    ends = np.fromiter((row[1] for row in rows), np.int64, len(rows))
    return starts, ends, [encode(row[2]) for row in rows]
