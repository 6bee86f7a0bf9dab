"""What is true of every result: all records come back, untouched outside INFO, and nothing else depends on chance."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.indexes import open_table
from annotator.engine.pipeline import block_annotator
from annotator.engine.progress import Progress
from annotator.engine.vcf import block_parser
from tests.unit.engine.conftest import PROJECT, Result, take_apart

Run = Callable[..., Result]
SAMPLE = PROJECT / "reference" / "rCRS" / "sample.vcf"


def records(path: Path) -> list[list[str]]:
    lines = path.read_bytes().decode("latin-1").split("\n")
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def test_the_sample_file_comes_back_whole(run: Run) -> None:
    """Sites only, VCF 4.0, no ##contig: as the mitochondrial files that people send."""
    before = records(SAMPLE)
    result = run(SAMPLE)
    assert len(before) > 1_000
    assert [record[:7] for record in result.records] == [record[:7] for record in before]
    for old, new in zip(before, result.records, strict=True):
        assert new[7].startswith(old[7] + ";BCSQ=")
    assert result.header[0] == "##fileformat=VCFv4.2"
    assert "##contig=<ID=MT,length=16569>" in result.header
    assert result.summary["known"] == len(before)
    assert result.summary["warnings"] == []


def test_header_lines_of_the_user_stay_in_their_order(vcf: Callable[..., Path], run: Run) -> None:
    meta = (
        "##fileDate=20200101",
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth, \\"raw\\"">',
        "##contig=<ID=MT,length=16569,assembly=b37>",
        '##FILTER=<ID=q10,Description="x">',
        '##GATKCommandLine=<ID=HaplotypeCaller,CommandLine="-I a.bam">',
    )
    result = run(vcf([(73, "A", "G")], meta=meta))
    assert result.header[1 : 1 + len(meta)] == list(meta)
    assert sum(line.startswith("##contig") for line in result.header) == 1


def test_provenance_names_versions_and_no_path(run: Run) -> None:
    result = run(SAMPLE)
    provenance = [line for line in result.header if line.startswith("##gas")]
    assert any(line.startswith("##gasReference=rCRS NC_012920.1") for line in provenance)
    assert any("bcftools csq" in line for line in provenance)
    assert any("MITOMAP" in line and "CC BY 3.0" in line for line in provenance)
    assert not any("/" in line.replace("http://", "") for line in provenance)


@pytest.mark.parametrize(("shift_3prime", "header", "log"), [
    (False, "left-aligned", "left-aligned"),
    (True, "shifted 3-prime", "at their 3' end in each transcript, as in HGVS"),
])  # fmt: skip
def test_results_say_where_insertions_and_deletions_are_placed(
    run_on: Run, rcrs: Reference, shift_3prime: bool, header: str, log: str
) -> None:
    result = run_on(SAMPLE, rcrs, reporting=Reporting(shift_3prime=shift_3prime))
    assert [line for line in result.header if "gasPlacement" in line] == [f"##gasPlacement={header}"]
    assert result.summary["shift_3prime"] is shift_3prime
    assert f"Insertions and deletions: {log}\n" in result.log


def test_the_same_input_gives_the_same_bytes(run: Run, tmp_path: Path, rcrs: Reference) -> None:
    first = run(SAMPLE).path.read_bytes()
    outputs = Outputs.beside(tmp_path / "second.annot.vcf.gz")
    annotate(SAMPLE, rcrs, outputs, name="other name", temporary=tmp_path, reporting=Reporting(bcsq=True))
    assert outputs.vcf.read_bytes() == first


def test_the_index_finds_records(run: Run) -> None:
    result = run(SAMPLE)
    with pysam.VariantFile(str(result.path)) as file:
        found = [record.pos for record in file.fetch("MT", 262, 263)]
        declared = set(file.header.info)
    assert found == [263]
    assert {"BCSQ", "GAS_CONSEQUENCE", "MITOMAP_AC", "MITOMAP_DISEASE"} <= declared


def test_the_log_puts_warnings_before_counts(vcf: Callable[..., Path], run: Run) -> None:
    log = run(vcf([(263, "A", "G"), (73, "A", "G"), (73, "A", "G,C")], end="\r\n")).log
    assert "1 x crlf: " in log
    assert "1 x unsorted: " in log
    assert (
        log.index("Warnings")
        < log.index("unsorted: ")
        < log.index("Counts")
        < log.index("Records by consequence")
        < log.index("Sources")
    )
    assert "MITOMAP" in log


def test_stages_come_in_order(rcrs: Reference, tmp_path: Path) -> None:
    seen: list[Progress] = []
    annotate(SAMPLE, rcrs, Outputs.beside(tmp_path / "x.vcf.gz"), temporary=tmp_path, report=seen.append)
    assert list(dict.fromkeys(one.stage for one in seen)) == ["checking", "annotating", "indexing"]
    assert seen[-1].records == seen[-1].total == len(records(SAMPLE))


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";=,"), min_size=1, max_size=8)
ALLELES = st.one_of(
    st.text("ACGT", min_size=1, max_size=4),
    st.sampled_from(["*", "<DEL>", "<NON_REF>", "<DUP>", "A]MT:5]", "R", "acgt"]),
)
ODD_RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["MT", "MT", "MT", "1"]),
        st.integers(1, 16_500),
        st.integers(1, 5),
        st.lists(ALLELES, min_size=1, max_size=3),
        st.lists(TEXT, max_size=2),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ODD_RECORDS)
def test_whatever_comes_comes_back(
    rows: list[tuple[str, int, int, list[str], list[str]]],
    rcrs: Reference,
    bases: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Odd alleles in any order: every record is there, the same outside INFO, and readers of VCF take the file."""
    directory = tmp_path_factory.mktemp("odd")
    lines = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += ["MT\t9000\t.\tA\tG\t.\t.\t."]
    for contig, pos, length, alts, info in rows:
        text = ";".join(f"K{at}={value}" for at, value in enumerate(info)) or "."
        lines.append(f"{contig}\t{pos}\tid{pos}\t{bases(pos, length)}\t{','.join(alts)}\t.\t.\t{text}")
    path = directory / "odd.vcf"
    path.write_text("\n".join(lines) + "\n")
    outputs = Outputs.beside(directory / "odd.annot.vcf.gz")
    result = take_apart(outputs, annotate(path, rcrs, outputs, temporary=directory))
    before = [line.split("\t") for line in lines[2:]]
    key = lambda record: (record[0] != "MT", int(record[1]))  # noqa: E731 - MT comes first in each of these files
    assert [record[:7] for record in result.records] == [record[:7] for record in sorted(before, key=key)]
    assert all("GAS_CONSEQUENCE=" in record[7] or "GAS_SKIPPED=" in record[7] for record in result.records)
    with pysam.VariantFile(str(result.path)) as file:
        assert sum(1 for _ in file) == len(before)


PEAK = """
import resource, sys
from pathlib import Path
from annotator.engine import Outputs, Reference, annotate
source, target = map(Path, sys.argv[1:])
annotate(source, Reference.load("rCRS"), Outputs.beside(target), temporary=target.parent)
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.mark.parametrize("order", ["sorted", "unsorted"])
def test_memory_does_not_grow_with_records(tmp_path: Path, order: str, bases: Callable[..., str]) -> None:
    """Twenty times the records take less than a quarter more memory."""
    other = {"A": "G", "G": "A", "C": "T", "T": "C"}
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    peaks = []
    for count in (3_000, 60_000):
        path = tmp_path / f"{count}.vcf"
        with path.open("w") as stream:
            stream.write(head)
            for at in range(count):
                pos = 4_000 + at * 8_000 // count
                stream.write(f"MT\t{pos}\tr{at}\t{bases(pos)}\t{other[bases(pos)]}\t50\tPASS\tDP=100\n")
            if order == "unsorted":
                stream.write("MT\t73\t.\tA\tG\t.\t.\t.\n")
        said = subprocess.run(
            [sys.executable, "-c", PEAK, str(path), str(tmp_path / f"{count}.annot.vcf.gz")],
            check=True,
            capture_output=True,
            text=True,
            cwd=PROJECT,
        )
        peaks.append(int(said.stdout))
    assert peaks[1] < 1.25 * peaks[0]


def test_parts_of_a_block_do_not_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few alleles, and text that waits on disk, give the same records and an index that finds them."""
    whole = run(SAMPLE)
    monkeypatch.setattr(block_parser, "PART_BYTES", 5_000)
    monkeypatch.setattr(block_annotator, "MOST_KEPT", 100)
    parts = run(SAMPLE)
    assert parts.records == whole.records
    assert parts.summary == whole.summary
    with open_table(parts.path) as table:
        assert len(list(table.fetch("MT", 3000, 4000))) == sum(3000 < int(one[1]) <= 4000 for one in whole.records)
