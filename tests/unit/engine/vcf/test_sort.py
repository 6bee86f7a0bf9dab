"""Sorting on disk gives what sorting in memory gives, however small the runs."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine import Reference
from annotator.engine.progress import Warnings
from annotator.engine.vcf import sort as sorting
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block
from annotator.engine.vcf.sort import MERGE, read_lines, sort_records
from annotator.worker.workspace import BYTES_PER_INPUT_BYTE
from tests.unit.engine.conftest import PROJECT

RECORDS = st.lists(st.tuples(st.sampled_from([b"2", b"MT", b"1"]), st.integers(0, 40)), max_size=120)


RCRS = Reference.load("rCRS", [PROJECT / "reference"])


def numbered(lines: list[bytes]) -> list[bytes]:
    return [b"%d\t%s" % (number, line) for number, line in enumerate(lines, start=5)]


def sort(lines: list[bytes], directory: Path, warnings: Warnings, run_bytes: int) -> Path:
    """Sort the lines of a file whose records start on line 5, given as one block."""
    block = Block(5, len(lines), b"".join(line + b"\n" for line in lines))
    return sort_records(iter([block]), directory, Header(), RCRS, warnings, run_bytes)


@settings(max_examples=40, deadline=None)
@given(RECORDS, st.integers(1, 4000))
def test_sorted_as_in_memory(records: list[tuple[bytes, int]], run_bytes: int) -> None:
    lines = [b"%s\t%d\tline%d" % (contig, pos, at) for at, (contig, pos) in enumerate(records)]
    order = {contig: rank for rank, contig in enumerate(dict.fromkeys(contig for contig, _ in records))}
    pairs = sorted(range(len(records)), key=lambda at: (order[records[at][0]], records[at][1], at))
    expected = [numbered(lines)[at] for at in pairs]
    warnings = Warnings()
    with tempfile.TemporaryDirectory() as directory:
        result = list(read_lines(sort(lines, Path(directory), warnings, run_bytes)))
        left = list(Path(directory).iterdir())
    assert result == expected
    assert len(left) == 1
    assert (warnings.total > 0) == (result != numbered(lines))


def test_more_runs_than_are_merged_at_once(tmp_path: Path) -> None:
    count = MERGE * 2 + 5
    lines = [b"MT\t%d\tx" % pos for pos in range(count, 0, -1)]
    warnings = Warnings()
    result = list(read_lines(sort(lines, tmp_path, warnings, run_bytes=1)))
    assert result == numbered(lines)[::-1]
    assert warnings.by_code["unsorted"].count == count - 1


def test_runs_and_their_merge_take_little_more_than_a_compressed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of bare records, which compress best; together with the input they stay below what a worker provides for."""
    chance = random.Random(1)
    places = sorted(chance.sample(range(1_000_000), 30_000))
    lines = [b"1\t%d\t.\t%c\t%c\t50\tPASS\t.\tGT\t0/1" % (pos, *chance.sample(b"ACGT", 2)) for pos in places]
    source = tmp_path / "in.vcf"
    source.write_bytes(b"".join(line + b"\n" for line in lines))
    pysam.tabix_compress(str(source), str(tmp_path / "in.vcf.gz"))
    compressed = (tmp_path / "in.vcf.gz").stat().st_size
    lines.append(lines.pop(0))  # the order of the rest makes the input compress as well as it can
    work = tmp_path / "work"
    work.mkdir()
    taken: list[int] = []
    write = sorting._write

    def measured(path: Path, batch: Iterable[sorting.Keyed]) -> Path:
        write(path, batch)
        taken.append(sum(file.stat().st_size for file in work.iterdir()))
        return path

    monkeypatch.setattr(sorting, "_write", measured)
    sort(lines, work, Warnings(), 500_000)
    assert len(taken) > 10
    assert compressed + max(taken) < (BYTES_PER_INPUT_BYTE - 1) * compressed
