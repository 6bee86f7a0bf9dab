"""Tables of alleles: every allele that was written is found, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine.indexes import open_table, start_of
from annotator.engine.reference.allele_table import AlleleTable
from annotator.engine.reference.build import allele_table_writer
from annotator.engine.reference.build.allele_table_writer import AlleleTableWriter, in_order
from annotator.engine.reference.numbered_identifiers import differences, numbers

Named = tuple[int, str, str]
BASES = st.text("ACGTN", min_size=1, max_size=13)
ALLELE = st.tuples(st.integers(1, 40), BASES, BASES)
LONG = ("A" * 300, "C" * 300)


def table_of(alleles: list[Named], path: Path, batch: int = 7) -> AlleleTable:
    """Write alleles, whose field is their text, in batches."""
    pos, ref, alt = (list(column) for column in zip(*alleles, strict=True)) if alleles else ([], [], [])
    table = pa.table(
        {
            "pos": pa.array(pos, pa.int64()),
            "ref": pa.array(ref, pa.string()),
            "alt": pa.array(alt, pa.string()),
            "name": pa.array([f"{at}{one}>{other}" for at, one, other in alleles], pa.string()),
        }
    )
    table = in_order(table)
    writer = AlleleTableWriter(path, {"name": "String"})
    for first in range(0, len(table), batch):
        writer.write(table.slice(first, batch))
    writer.close()
    return AlleleTable(path)


def found(table: AlleleTable, alleles: list[Named]) -> list[str | None]:
    """The names of alleles in a table."""
    pos = np.array([one[0] for one in alleles], np.int64)
    ref, alt = (pa.array([one[at].encode() for one in alleles], pa.binary()) for at in (1, 2))
    (names,) = table.values(table.find(pos, ref, alt), ["name"])
    return names.to_pylist()


@settings(deadline=None, max_examples=60)
@given(st.sets(ALLELE, min_size=1, max_size=80), st.lists(ALLELE, max_size=40), st.integers(1, 20))
def test_alleles_are_found(
    tmp_path_factory: pytest.TempPathFactory, written: set[Named], others: list[Named], rows: int
) -> None:
    """Also with row groups that end within the alleles of a position, and in any order."""
    # One REF a position and length, as a sequence has it.
    alleles = sorted({(pos, "ACGTN"[pos % 5] + "A" * (len(ref) - 1), alt) for pos, ref, alt in written})
    asked = [*alleles, *others]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allele_table_writer, "GROUP_ROWS", rows)
        table = table_of(alleles, tmp_path_factory.mktemp("table") / "t.parquet")
    assert len(table) == len(alleles)
    lengths = {(pos, len(ref), alt) for pos, ref, alt in alleles}
    names = found(table, asked)
    for (pos, ref, alt), name in zip(asked, names, strict=True):
        if (pos, ref, alt) in alleles:
            assert name == f"{pos}{ref}>{alt}"
        elif (pos, len(ref), alt) not in lengths:  # REF agrees with the sequence, so that only its length counts
            assert name is None


def test_long_alleles_are_compared_as_text(tmp_path: Path) -> None:
    alleles = [(5, LONG[0], "A"), (5, "A", LONG[1]), (5, "A", LONG[1] + "G"), (5, "A", "N")]
    table = table_of(alleles, tmp_path / "t.parquet")
    asked = [(5, "A", LONG[1] + "G"), (5, LONG[0], "A"), (5, "A", LONG[1] + "T"), (6, "A", "N")]
    assert found(table, asked) == [f"5A>{LONG[1]}G", f"5{LONG[0]}>A", None, None]


@given(st.lists(st.integers(1, 10**10 - 1) | st.integers(1, 50), max_size=60))
def test_differences_of_identifiers_are_resolved(written: list[int]) -> None:
    assert numbers(*differences(np.array(written, np.int64))).tolist() == written


def test_differences_of_identifiers_are_small() -> None:
    """Two submissions, interleaved."""
    runs, steps = differences(np.array([1_500_000_001, 77, 1_500_000_004, 78]))
    assert (runs.tolist(), steps.tolist()) == ([1430, 0, 1430, 0], [1_499_999_923, 77, 3, 1])


def test_identifiers_are_stored_as_numbers(tmp_path: Path) -> None:
    """Values of another form are kept as they are; numbers come back as they were written."""
    path = tmp_path / "t.parquet"
    ids = ["rs1", "rs9999999999", None, "rs5&rs6", "rs012", "x", *["rs7"] * 60]
    writer = AlleleTableWriter(path, {"ID": "String", "AF": "Float", "AC": "Integer"})
    count = len(ids)
    frequencies = ["6.57376e-06", "0.25", "1", None, "1e-05", "0.333333", *["0.5"] * (count - 6)]
    columns = {
        "pos": pa.array(range(1, count + 1), pa.int64()), "ref": ["A"] * count, "alt": ["C"] * count, "ID": ids,
        "AF": frequencies, "AC": pa.array(["12345678901", None, *["3"] * (count - 2)]),
    }  # fmt: skip
    writer.write(pa.table(columns))
    writer.close()
    assert pq.read_schema(path).field("ID").type == pa.int64()
    table = AlleleTable(path)
    assert table.fields == ["ID", "AF", "AC"]
    names, floats, counts = table.values(np.arange(count), ["ID", "AF", "AC"])
    assert names.to_pylist() == ids
    assert floats.to_pylist() == frequencies
    assert counts.to_pylist()[:3] == ["12345678901", None, "3"]
    listed = list(table.rows_with("ID", pa.array(["rs6", "rs1"])))
    assert [(pos, name) for pos, _, _, name in listed] == [(1, "rs1"), (4, "rs5&rs6")]


def test_a_damaged_page_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table_of([(at, "A", "C") for at in range(1, 2000)], path)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    with pytest.raises((pa.ArrowException, OSError)):
        found(AlleleTable(path), [(5, "A", "C")])


@pytest.mark.parametrize("csi", [False, True])
def test_where_a_contig_begins(tmp_path: Path, csi: bool) -> None:
    """The offset in the index is that of the first row of the contig."""
    path = tmp_path / "v.vcf"
    rows = [f"{contig}\t{pos}\t.\tA\tC\t.\t.\t.\n" for contig in ("b", "a", "c") for pos in range(1, 9000, 2)]
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(rows))
    table = Path(pysam.tabix_index(str(path), preset="vcf", force=True, csi=csi))
    with open_table(table) as opened, pysam.BGZFile(str(table)) as stream:
        for contig in opened.contigs:
            stream.seek(start_of(table, contig))
            assert stream.readline().decode().startswith(f"{contig}\t1\t")
    with pytest.raises(OSError, match="does not have d"):
        start_of(table, "d")
