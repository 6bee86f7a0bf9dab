"""The table of variants: a row an allele, in the types and order that its readers count on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine import Reference
from annotator.engine.output import variants_table
from annotator.engine.output.variants_table import COLUMNS, GROUP_ROWS, TableWriter, schema_of
from tests.unit.engine.conftest import PROJECT, Result

Run = Callable[..., Result]


def table_of(result: Result) -> pa.Table:
    return pq.read_table(result.path.with_name("input.variants.parquet"))


def test_the_sample_has_a_row_for_each_allele(run: Run, rcrs: Reference) -> None:
    result = run(PROJECT / "reference" / "rCRS" / "sample.vcf")
    table = table_of(result)
    alleles = [(int(record[1]), alt) for record in result.records for alt in record[4].split(",")]
    assert list(zip(table["pos"].to_pylist(), table["alt"].to_pylist(), strict=True)) == alleles
    assert table.column_names[: len(COLUMNS)] == list(COLUMNS)
    assert {one.info for one in rcrs.layers[0].fields} <= set(table.column_names)
    assert [table.schema.field(name).type for name in ("pos", "qual", "known", "MITOMAP_AF")] == [
        pa.int32(),
        pa.float32(),
        pa.bool_(),
        pa.float32(),
    ]
    about = json.loads(table.schema.metadata[b"gas.columns"])
    assert set(about) == set(table.column_names)
    assert table.schema.metadata[b"gas.reference"] == b"rCRS"


def test_values_are_in_plain_words(vcf: Callable[..., Path], run: Run) -> None:
    result = run(vcf([(16318, "A", "C"), (3308, "T", "C"), (73, "A", "G")][::-1]))
    rows = table_of(result).to_pylist()
    assert rows[2]["MITOMAP_DISEASE"] == "Non-alcoholic steatohepatitis - potential for association"
    assert "%" in result.info(2)["MITOMAP_DISEASE"]
    assert not any("%" in str(value) for row in rows for value in row.values())
    assert rows[1]["consequence"] == "start_lost"
    assert (rows[1]["impact"], rows[1]["gene"], rows[1]["protein_position"]) == ("HIGH", "MT-ND1", 1)


def test_rows_of_records_that_are_left_as_they_are(vcf: Callable[..., Path], run: Run) -> None:
    records = [(70, "G", "<NON_REF>", "END=72"), (73, "A", "G,<NON_REF>"), (74, "T", "."), (263, "C", "G")]
    rows = table_of(run(vcf(records))).to_pylist()
    assert [(row["pos"], row["alt"], row["consequence"] is None) for row in rows] == [
        (73, "G", False),
        (73, "<NON_REF>", True),
        (263, "G", True),
    ]


def test_row_groups_do_not_depend_on_how_rows_come(tmp_path: Path, rcrs: Reference) -> None:
    schema = schema_of(rcrs)
    rows = 2 * GROUP_ROWS + 5
    columns = [pa.nulls(rows, one.type) if one.name != "pos" else pa.array(range(rows), pa.int32()) for one in schema]
    batch = pa.record_batch(columns, schema=schema)
    paths = [tmp_path / name for name in ("whole.parquet", "parts.parquet")]
    for path, step in zip(paths, (rows, 777), strict=True):
        writer = TableWriter(path.open("wb"), schema)
        for start in range(0, rows, step):
            writer.write(batch.slice(start, step))
        writer.close()
    assert paths[0].read_bytes() == paths[1].read_bytes()
    found = pq.ParquetFile(paths[0])
    assert [found.metadata.row_group(at).num_rows for at in range(found.num_row_groups)] == [GROUP_ROWS, GROUP_ROWS, 5]
    position = schema.names.index("pos")
    assert found.metadata.row_group(1).column(position).statistics.min == GROUP_ROWS
    assert found.read()["pos"].to_pylist() == list(range(rows))


def test_the_characters_of_texts_are_listed(tmp_path: Path, rcrs: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants_table, "GROUP_ROWS", 2)
    schema = schema_of(rcrs)
    texts = {"id": ["rs1", ".", None, "RS2"], "hgvsp": ["p.Ä", None, None, None]}
    columns = [pa.array(texts.get(one.name, [None] * 4), one.type) for one in schema]
    writer = TableWriter((tmp_path / "a.parquet").open("wb"), schema)
    writer.write(pa.record_batch(columns, schema=schema).slice(1))
    writer.close()
    characters = json.loads(pq.read_metadata(tmp_path / "a.parquet").metadata[b"gas.characters"])
    assert {name: characters.get(name) for name in ("id", "hgvsp", "gene")} == {"id": ".2rs", "hgvsp": "", "gene": None}
