"""Sorting on disk gives what sorting in memory gives, however small the runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine import sorting
from annotator.engine.sorting import read_lines, sort_records

RECORDS = st.lists(st.tuples(st.sampled_from([b"2", b"MT", b"1"]), st.integers(0, 40)), max_size=120)


@settings(max_examples=40, deadline=None)
@given(RECORDS, st.integers(1, 4000))
def test_sorted_as_in_memory(records: list[tuple[bytes, int]], run_bytes: int) -> None:
    lines = [b"%s\t%d\tline%d" % (contig, pos, at) for at, (contig, pos) in enumerate(records)]
    order = {contig: rank for rank, contig in enumerate(dict.fromkeys(contig for contig, _ in records))}
    pairs = sorted(range(len(records)), key=lambda at: (order[records[at][0]], records[at][1], at))
    expected = [lines[at] for at in pairs]
    with tempfile.TemporaryDirectory() as directory:
        result = list(read_lines(sort_records(iter(lines), Path(directory), run_bytes)))
        left = list(Path(directory).iterdir())
    assert result == expected
    assert len(left) == 1


def test_more_runs_than_are_merged_at_once(tmp_path: Path) -> None:
    count = sorting.MERGE * 2 + 5
    lines = [b"MT\t%d\tx" % pos for pos in range(count, 0, -1)]
    result = list(read_lines(sort_records(iter(lines), tmp_path, run_bytes=1)))
    assert result == lines[::-1]
