"""The inverted index inside the table of variants, read as its description says."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine import Reference
from annotator.engine.output import value_index, variants_table
from annotator.engine.output.variants_table import TableWriter, schema_of

IMPACTS = ["LOW", "HIGH", None]
GENES = ["A", None, "B", "Ä", "C"]
Rows = dict[str, list[int] | None]


def write(path: Path, reference: Reference, columns: dict[str, list[str | None]], step: int = 7) -> bytes:
    """Write a table with values in some of its columns, so many rows at a time."""
    schema = schema_of(reference)
    size = len(next(iter(columns.values())))
    filled = [pa.array(columns.get(one.name, [None] * size), one.type) for one in schema]
    batch = pa.record_batch(filled, schema=schema)
    writer = TableWriter(path.open("wb"), schema)
    for start in range(0, size, step):
        writer.write(batch.slice(start, step))
    writer.close()
    return path.read_bytes()


def numbers(postings: bytes) -> list[int]:
    found, number, shift = [], 0, 0
    for byte in postings:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(number)
            number = shift = 0
    return found


def indexes(content: bytes) -> dict[str, Rows]:
    """The rows of each value, None for one that is not listed, by the columns of the index."""
    found: dict[str, Rows] = {}
    for place in json.loads(pq.read_metadata(pa.BufferReader(content)).metadata[b"gas.index"]):
        at = place["offset"] + place["values"]
        end = at + place["postings"]
        directory = json.loads(zlib.decompress(content[place["offset"] : at]))
        rows: Rows = {}
        for value, size in zip(directory["values"], directory["bytes"], strict=True):
            if size < 0:
                rows[value] = None
                continue
            listed, row = [], 0
            listed_numbers = numbers(content[at : at + size])
            for gap, more in zip(listed_numbers[::2], listed_numbers[1::2], strict=True):
                listed += range(row + gap, row + gap + more + 1)
                row += gap + more + 1
            rows[value], at = listed, at + size
        assert at == end
        found["+".join(place["columns"])] = rows
    return found


def expected(*columns: list[str | None]) -> Rows:
    values = sorted({one for column in columns for one in column if one is not None})
    return {value: [row for row, cells in enumerate(zip(*columns, strict=True)) if value in cells] for value in values}


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(*map(st.sampled_from, (GENES, GENES, IMPACTS))), max_size=60),
    st.integers(1, 20),
)
def test_each_value_has_its_rows(
    tmp_path_factory: pytest.TempPathFactory, rcrs: Reference, rows: list[tuple[str | None, ...]], group: int
) -> None:
    genes, severe, impacts = ([row[at] for row in rows] for at in range(3))
    path = tmp_path_factory.mktemp("table") / "a.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants_table, "GROUP_ROWS", group)
        content = write(path, rcrs, {"gene": genes, "most_severe_gene": severe, "impact": impacts})
    found = indexes(content)
    assert found == {"gene+most_severe_gene": expected(genes, severe), "consequence": {}, "impact": expected(impacts)}
    assert pq.read_table(path)["gene"].to_pylist() == genes, "other readers do not see the index"


def test_a_frequent_value_is_not_listed(tmp_path: Path, rcrs: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_index, "MOST_RUNS", 3)
    monkeypatch.setattr(variants_table, "GROUP_ROWS", 4)
    impacts: list[str | None] = ["LOW", "HIGH", "LOW", "LOW", "LOW", "HIGH", "LOW", "MODERATE", "LOW"]
    found = indexes(write(tmp_path / "a.parquet", rcrs, {"impact": impacts}))["impact"]
    assert found == {"HIGH": [1, 5], "LOW": None, "MODERATE": [7]}


def test_large_row_numbers(tmp_path: Path, rcrs: Reference) -> None:
    consequence: list[str | None] = [None] * 40_000
    consequence[200], consequence[39_999] = "stop_gained", "stop_gained"
    consequence[300:30_000] = ["intron_variant"] * 29_700
    found = indexes(write(tmp_path / "a.parquet", rcrs, {"consequence": consequence}, 9_999))["consequence"]
    assert found == {"stop_gained": [200, 39_999], "intron_variant": list(range(300, 30_000))}
