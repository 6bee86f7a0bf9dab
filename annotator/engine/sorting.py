"""Sorting records that do not fit into memory: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Bytes of lines sorted at once in memory.
RUN_BYTES = 64 << 20
#: Runs merged at once: each is an open file.
MERGE = 64

#: Rank of the contig, position, line.
Keyed = tuple[int, int, bytes]


class Ranks:
    """Contigs in the order of their first record, so that sorting keeps the order of the user's contigs."""

    def __init__(self) -> None:
        self._ranks: dict[bytes, int] = {}

    def key(self, line: bytes) -> Keyed:
        chrom, pos, _ = line.split(b"\t", 2)
        return self._ranks.setdefault(chrom, len(self._ranks)), int(pos), line


def sort_records(lines: Iterable[bytes], directory: Path, run_bytes: int = RUN_BYTES) -> Path:
    """Sort records by contig and position, keeping the order of records at one position.

    Args:
        lines: records whose first two columns were checked, without line ends.
        directory: for the runs and the result; several times the size of the lines may be needed.
        run_bytes: memory used for one run.

    Returns:
        The file of sorted lines, in ``directory``.
    """
    ranks = Ranks()
    names = (directory / f"sorted.{number}" for number in itertools.count())
    runs: list[Path] = []
    batch: list[Keyed] = []
    size = 0
    for line in lines:
        batch.append(ranks.key(line))
        size += len(line) + 200  # the tuple and its numbers
        if size >= run_bytes:
            runs.append(_write(next(names), _sorted(batch)))
            batch, size = [], 0
    runs.append(_write(next(names), _sorted(batch)))
    while len(runs) > 1:
        # Neighbouring runs are merged in order: that keeps the sort stable.
        runs = [_merge(next(names), runs[at : at + MERGE], ranks) for at in range(0, len(runs), MERGE)]
    return runs[0]


def _sorted(batch: list[Keyed]) -> list[Keyed]:
    batch.sort(key=_position)
    return batch


def _position(keyed: Keyed) -> tuple[int, int]:
    return keyed[:2]


def _write(path: Path, batch: Iterable[Keyed]) -> Path:
    with path.open("wb", buffering=1 << 18) as stream:
        stream.writelines(line + b"\n" for _, _, line in batch)
    return path


def _merge(path: Path, runs: list[Path], ranks: Ranks) -> Path:
    if len(runs) == 1:
        return runs[0]
    _write(path, heapq.merge(*(map(ranks.key, read_lines(run)) for run in runs), key=_position))
    for run in runs:
        run.unlink()
    return path


def read_lines(path: Path) -> Iterator[bytes]:
    """Lines of a file that the engine wrote, without their ends."""
    with path.open("rb", buffering=1 << 18) as stream:
        for line in stream:
            yield line[:-1]
