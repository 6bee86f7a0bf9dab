"""Scores by position: what the positions that an allele changes have, for many alleles at once.

One Parquet file per contig has a row for each position, from the first: row 0 is position 1. Row groups have
:data:`GROUP_ROWS` positions, so that the group of a position needs no search; a column has whole numbers, which are the
scores times a power of ten that the metadata of the column gives (:data:`DIGITS`), and null where there is no score.

The score of an allele is the largest of the positions that it changes: the replaced bases of a substitution, the
deleted bases of a deletion, and of an insertion the bases on both sides of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine.byte_columns import bytes_of
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.normalise import Normalised
from annotator.engine.reference.bundle import LayerSpec
from annotator.engine.reference.known_variants import Matched

GROUP_ROWS = 1 << 16
"""Positions of a row group."""
DIGITS = b"digits"
"""Metadata of a column: how many decimal places its numbers have."""
NOTHING = np.iinfo(np.int32).min
"""No score, among whole numbers."""


class PositionScores:
    """The scores of a layer by position, opened contig by contig.

    Args:
        spec: of the layer.
    """

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec
        self._opened: tuple[str, ScoreFile] | None = None

    def of(self, contig: str, alleles: Normalised) -> Matched:
        """Look up alleles of one contig.

        Args:
            contig: canonical name.
            alleles: n of them.

        Raises:
            BundleError: the file cannot be read.
        """
        known = np.zeros(len(alleles.pos), bool)
        if contig not in self.spec.files or not len(known):
            return Matched([pa.nulls(len(known), pa.string()) for _ in self.spec.fields], known)
        first, last = changed_positions(alleles)
        path = self.spec.files[contig]
        with step("reference_layer", f"{path.name} cannot be read", VERIFY):
            if self._opened is None or self._opened[0] != contig:
                self._opened = contig, ScoreFile(path)
            found = self._opened[1].largest(first, last, [one.column for one in self.spec.fields])
        return Matched(found, known)


def changed_positions(alleles: Normalised) -> tuple[np.ndarray, np.ndarray]:
    """The first and last position that each of n normalised alleles changes, ``(n,) int64``, 1-based, inclusive.

    Those of an insertion are the bases on both sides of it. The base in front of a deletion does not change.
    """
    (refs, ref_starts), (alts, alt_starts) = bytes_of(alleles.ref), bytes_of(alleles.alt)
    lengths, alt_lengths = (np.diff(one).astype(np.int64) for one in (ref_starts, alt_starts))
    first, last = alleles.pos.copy(), alleles.pos + lengths - 1
    anchored = (lengths > 0) & (alt_lengths > 0) & (lengths != alt_lengths)
    at = np.flatnonzero(anchored)
    anchored[at] = refs[ref_starts[at]] == alts[alt_starts[at]]
    first[anchored & (lengths > 1)] += 1
    insertion = anchored & (lengths == 1)
    last[insertion] += 1
    return first, last


class ScoreFile:
    """The file of one contig.

    Args:
        path: of the file.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        self._rows = self._file.metadata.num_rows
        self._latest: tuple[int, list[np.ndarray]] = (-1, [])

    def largest(self, first: np.ndarray, last: np.ndarray, fields: list[str]) -> list[pa.StringArray]:
        """The largest score of each of n ranges.

        Args:
            first: ``(n,) int64``, first positions, 1-based.
            last: ``(n,) int64``, last positions, inclusive.
            fields: names of the columns.

        Returns:
            For each field n numbers as text, null where no position has a score.
        """
        best = [np.full(len(first), NOTHING, np.int32) for _ in fields]
        begin, end = np.maximum(first - 1, 0), np.minimum(last, self._rows)
        inside = np.flatnonzero(begin < end)
        groups = np.unique(np.concatenate([begin[inside] // GROUP_ROWS, (end[inside] - 1) // GROUP_ROWS]))
        wide = inside[(end[inside] - 1) // GROUP_ROWS - begin[inside] // GROUP_ROWS > 1]
        between = [np.arange(begin[at] // GROUP_ROWS, end[at] // GROUP_ROWS) for at in wide.tolist()]
        for group in np.unique(np.concatenate([groups, *between])).tolist():
            offset = group * GROUP_ROWS
            here = inside[(begin[inside] < offset + GROUP_ROWS) & (end[inside] > offset)]
            columns = self._group(group, fields)
            size = len(columns[0])
            low, high = np.maximum(begin[here] - offset, 0), np.minimum(end[here] - offset, size)
            edges = np.stack([low, high], axis=1).ravel()
            for found, column in zip(best, columns, strict=True):
                found[here] = np.maximum(found[here], np.maximum.reduceat(np.append(column, NOTHING), edges)[::2])
        return [_as_text(one, self._digits(field)) for one, field in zip(best, fields, strict=True)]

    def _group(self, number: int, fields: list[str]) -> list[np.ndarray]:
        if self._latest[0] != number:
            table = self._file.read_row_group(number, columns=fields, use_threads=False)
            columns = [table[name].combine_chunks().fill_null(NOTHING).to_numpy() for name in fields]
            self._latest = number, columns
        return self._latest[1]

    def _digits(self, field: str) -> int:
        return int(self._file.schema_arrow.field(field).metadata[DIGITS])


def _as_text(numbers: np.ndarray, digits: int) -> pa.StringArray:
    """Whole numbers divided by a power of ten, as text without closing zeros; null where there is :data:`NOTHING`."""
    values, place = np.unique(numbers, return_inverse=True)
    texts = [None if one == NOTHING else _decimal(one, digits) for one in values.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(place))


def _decimal(number: int, digits: int) -> str:
    text = f"{number / 10**digits:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text == "-0" else text
