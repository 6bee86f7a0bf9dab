"""Sorting records that do not fit into memory: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from annotator.engine.progress import Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block
from annotator.engine.vcf.record_parser import POSITION, RecordParser

RUN_BYTES = 64 << 20
"""Bytes of lines sorted at once in memory."""
BUFFER = 1 << 18
"""Bytes that wait to be compressed, or uncompressed to be read."""
MERGE = 64
"""Runs merged at once: each is an open file."""

Keyed = tuple[int, int, bytes]
"""Rank of the contig, position, line."""


class Ranks:
    """Contigs in the order of their first record, so that sorting keeps the order of the user's contigs."""

    def __init__(self) -> None:
        self._ranks: dict[bytes, int] = {}

    def key(self, line: bytes) -> Keyed:
        """Key of a line that starts with its number."""
        _, chrom, pos, _ = line.split(b"\t", 3)
        return self._ranks.setdefault(chrom, len(self._ranks)), int(pos), line


def sort_records(
    blocks: Iterable[Block],
    directory: Path,
    header: Header,
    reference: Reference,
    warnings: Warnings,
    run_bytes: int = RUN_BYTES,
) -> Path:
    """Sort records by contig and position, keeping the order of records at one position.

    Args:
        blocks: of the records.
        directory: for the runs and the result, which are compressed (Zstandard): twice the size of a compressed input
            may be needed.
        header: of the file.
        reference: to name what is wrong with a record that has no position.
        warnings: receives lines that were out of order, and blank ones.
        run_bytes: memory used for one run.

    Returns:
        The file of sorted lines, compressed, in ``directory``. Each starts with its number in the input and a tab.

    Raises:
        InputError: a record has no contig or no position.
    """
    ranks = Ranks()
    names = (directory / f"sorted.{number}" for number in itertools.count())
    runs: list[Path] = []
    batch: list[Keyed] = []
    size = 0
    for line in _numbered(blocks, RecordParser(header, reference), warnings):
        batch.append(ranks.key(line))
        size += len(line) + 200  # the tuple and its numbers
        if size >= run_bytes:
            runs.append(_write(next(names), _sorted(batch)))
            batch, size = [], 0
    runs.append(_write(next(names), _sorted(batch)))
    del batch
    while len(runs) > 1:
        # Neighbouring runs are merged in order: that keeps the sort stable.
        runs = [_merge(next(names), runs[at : at + MERGE], ranks) for at in range(0, len(runs), MERGE)]
    return runs[0]


def _numbered(blocks: Iterable[Block], parser: RecordParser, warnings: Warnings) -> Iterator[bytes]:
    """Lines with their numbers in front; those out of order are noted."""
    last: tuple[bytes, int] = (b"", 0)
    finished: set[bytes] = set()
    for block in blocks:
        lines = block.text.split(b"\n")
        lines.pop()
        for number, line in enumerate(lines, start=block.line):
            fields = line.split(b"\t", 2)
            if len(fields) < 3 or not POSITION.fullmatch(fields[1]):
                if not line.strip():
                    warnings.add("blank_lines", number)
                    continue
                parser.parse(line, number, block.unfinished and number == block.line + len(lines) - 1)
            chrom, pos = fields[0], int(fields[1])
            if chrom in finished and (chrom != last[0] or pos < last[1]):
                warnings.add("unsorted", number)
            finished.add(chrom)
            last = (chrom, pos)
            yield b"%d\t%s" % (number, line)


def _sorted(batch: list[Keyed]) -> list[Keyed]:
    batch.sort(key=_position)
    return batch


def _position(keyed: Keyed) -> tuple[int, int]:
    return keyed[:2]


def _write(path: Path, batch: Iterable[Keyed]) -> Path:
    with pa.output_stream(path, compression="zstd") as packed, io.BufferedWriter(packed, BUFFER) as stream:
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
    with pa.input_stream(path, compression="zstd") as packed, io.BufferedReader(packed, BUFFER) as stream:
        for line in stream:
            yield line[:-1]
