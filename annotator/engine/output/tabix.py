"""A tabix index made while the file is written, where reading it again would take as long as annotating it.

The formats are those of "The Tabix index file format" and "Coordinate Sorted Index" (samtools): bins of the UCSC scheme
with the chunks of the file that have their records, and for each stretch of 16,384 bases the offset of the first record
that reaches into it. A ``.csi`` has one more level of bins than a ``.tbi``, and that offset with each bin.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.indexes import CSI

LINEAR = 14
"""Bases of one entry of the linear index, as a power of two."""
LEVELS = ((37449, 14), (4681, 17), (585, 20), (73, 23), (9, 26), (1, 29))
"""First bin and size (as a power of two) of each level of a ``.csi`` but the last, the finest first. The last is bin 0,
of 2^32 bases."""
_CONFIGURATION = (2, 1, 2, 0, ord("#"), 0)
"""Preset of VCF, columns of contig, start and end (none), comment character, lines to skip."""
WITHIN = 16
"""Bits of a virtual offset for the place in an uncompressed block."""
NOWHERE = np.int64(-1)
"""Stands for an offset where there is none."""
MOST_STRETCHES = 4_000_000
"""Entries of the linear indices of all contigs, of 8 bytes each; a human genome has 190,000."""


@dataclass
class IndexedRecords:
    """Where some records of one contig are, in order.

    Attributes:
        begin: first base, counted from 0.
        end: base after the last.
        offset: virtual file offset of each record and, one more, of what follows the last.
    """

    begin: np.ndarray
    end: np.ndarray
    offset: np.ndarray

    def moved(self, bytes_before: int) -> IndexedRecords:
        """The same, when the compressed bytes come behind others."""
        return IndexedRecords(self.begin, self.end, self.offset + (bytes_before << WITHIN))


class TabixIndex:
    """Collects the places of all records, contig by contig, and writes the index.

    Attributes:
        reach: last base (from 1) of all records.
    """

    def __init__(self) -> None:
        self._bins: dict[bytes, dict[int, list[tuple[int, int]]]] = {}
        self._linear: dict[bytes, np.ndarray] = {}
        self._stretches = 0
        self.reach = 0
        self._without_linear: set[bytes] = set()

    def add(self, contig: bytes, places: IndexedRecords) -> None:
        """Add records that come behind all that were added before."""
        if not len(places.begin):
            return
        self.reach = max(self.reach, int(places.end.max()))
        bins = self._bins.setdefault(contig, {})
        number = bins_of(places.begin, places.end)
        first = np.concatenate([[0], np.flatnonzero(np.diff(number)) + 1])
        last = np.concatenate([first[1:], [len(number)]])
        starts, ends = places.offset[first].tolist(), places.offset[last].tolist()
        for which, start, end in zip(number[first].tolist(), starts, ends, strict=True):
            chunks = bins.setdefault(which, [])
            if chunks and chunks[-1][1] == start:
                chunks[-1] = (chunks[-1][0], end)
            else:
                chunks.append((start, end))
        self._add_linear(contig, places)

    def _add_linear(self, contig: bytes, places: IndexedRecords) -> None:
        if contig in self._without_linear:
            return
        first, last = places.begin >> LINEAR, (np.maximum(places.end, places.begin + 1) - 1) >> LINEAR
        linear = self._linear.get(contig, np.zeros(0, np.int64))
        missing = int(last.max()) + 1 - len(linear)
        if missing > 0:
            if self._stretches + missing > MOST_STRETCHES:
                # Readers then go by the bins alone, which takes them a little longer.
                self._stretches -= len(linear)
                self._linear[contig] = np.zeros(0, np.int64)
                self._without_linear.add(contig)
                return
            self._stretches += missing
            linear = np.concatenate([linear, np.full(missing, NOWHERE)])
        # Offsets ascend: the first record in a stretch has the lowest, and earlier ones keep theirs.
        stretch, at = np.unique(first, return_index=True)
        free = linear[stretch] == NOWHERE
        linear[stretch[free]] = places.offset[at[free]]
        for index in np.flatnonzero(last > first).tolist():
            reached = linear[first[index] : last[index] + 1]
            reached[(reached == NOWHERE) | (reached > places.offset[index])] = places.offset[index]
        self._linear[contig] = linear

    def write(self, path: Path, bytes_before: int) -> None:
        """Write the index file.

        Args:
            path: of the index; its ending is that of :func:`annotator.engine.indexes.ending_for`.
            bytes_before: compressed bytes, such as the header, that come before all that was added.
        """
        shift = bytes_before << WITHIN
        csi = path.suffix == CSI
        names = b"".join(name + b"\0" for name in self._bins)
        configuration = struct.pack("<6ii", *_CONFIGURATION, len(names)) + names
        stream = BgzfWriter(path)
        try:
            if csi:
                stream.write(struct.pack("<4siii", b"CSI\1", LINEAR, len(LEVELS), len(configuration)) + configuration)
                stream.write(struct.pack("<i", len(self._bins)))
            else:
                stream.write(struct.pack("<4si", b"TBI\1", len(self._bins)) + configuration)
            for contig, bins in self._bins.items():
                # A stretch without records points where the one before it does.
                linear = np.maximum.accumulate(self._linear[contig])
                linear = np.where(linear == NOWHERE, 0, linear + shift)
                parts = [struct.pack("<i", len(bins))]
                for number, chunks in sorted(bins.items()):
                    flat = [offset + shift for chunk in chunks for offset in chunk]
                    if csi:
                        stretch = _first_base(number) >> LINEAR
                        start = int(linear[stretch]) if stretch < len(linear) else 0
                        head = struct.pack("<IQi", number, start, len(chunks))
                    else:
                        head = struct.pack("<Ii", _in_tbi(number), len(chunks))
                    parts.append(head + struct.pack(f"<{len(flat)}Q", *flat))
                if not csi:
                    parts += [struct.pack("<i", len(linear)), linear.astype("<u8").tobytes()]
                stream.write(b"".join(parts))
            stream.close()
        finally:
            stream.abandon()


def _first_base(number: int) -> int:
    """The first base (from 0) of a bin of a ``.csi``."""
    return next(((number - first) << size for first, size in LEVELS if number >= first), 0)


def _in_tbi(number: int) -> int:
    """The number in a ``.tbi`` of a bin of a ``.csi`` within its reach."""
    first = next(first for first, _ in LEVELS if number >= first)
    return number - first + first // 8


def bins_of(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest bin of a ``.csi`` that holds each region."""
    last = np.maximum(end, begin + 1) - 1
    found = np.zeros(len(begin), np.int64)
    done = np.zeros(len(begin), bool)
    for start, size in LEVELS:
        fits = ~done & (begin >> size == last >> size)
        found[fits] = start + (begin[fits] >> size)
        done |= fits
    return found
