"""The whole pass on anything: nothing crashes, nothing hangs, no record is dropped, and no chance is in the results."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.engine import InputError, Outputs, Reference, annotate
from annotator.engine.bgzf import BLOCK, pack
from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.errors import SKIPS
from annotator.engine.indexes import CSI, TABIX_REACH, TBI, open_table
from annotator.engine.output.tabix import IndexedRecords, TabixIndex, bins_of
from annotator.engine.pipeline.worker_pool import Pool
from annotator.engine.vcf import reader
from annotator.engine.vcf.block_parser import SKIP_CODES, BlockParser
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block
from annotator.engine.vcf.record_parser import RecordParser

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
OTHER = {"A": "G", "G": "A", "C": "T", "T": "C"}
SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

CHROMS = st.sampled_from(["MT", "MT", "MT", "MT", "chrM", "1", "", ".", "a b", "#x"])
POSITIONS = st.one_of(st.integers(0, 16_600).map(str), st.sampled_from(["", "x", "-1", "007", "9" * 12, "1e3", "73"]))
SEQUENCES = st.one_of(
    st.text("ACGT", min_size=1, max_size=3),
    st.sampled_from(
        ["", "N", "acg", "R", ".", "*", "A,C", "<DEL>", "<NON_REF>", "G,<*>", "A]MT:5]", "T.", "<", "A,,C"]
    ),
)
FIELDS = st.one_of(
    st.sampled_from([".", "PASS", "END=80", "END=99999999999", "A=1;;B", ";", "BCSQ=x", "é", "50", "nan"])
)
LINES = st.one_of(
    st.tuples(CHROMS, POSITIONS, FIELDS, SEQUENCES, SEQUENCES, FIELDS, FIELDS, FIELDS).map("\t".join),
    st.text(st.characters(min_codepoint=9, max_codepoint=255), max_size=40),
    st.just(""),
)


def good_line(bases: Callable[..., str], pos: int) -> str:
    return f"MT\t{pos}\t.\t{bases(pos)}\t{OTHER[bases(pos)]}\t50\tPASS\tDP=3"


@SLOW
@given(lines=st.lists(LINES, max_size=8), among_good=st.booleans())
def test_any_lines_are_annotated_or_refused_with_a_reason(
    lines: list[str],
    among_good: bool,
    rcrs: Reference,
    bases: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Records out are records in; a refusal names a line, or the whole file."""
    directory = tmp_path_factory.mktemp("any")
    around = [good_line(bases, pos) for pos in range(4000, 4060)] if among_good else []
    content = (HEAD + "\n".join([*around, *lines]) + "\n").encode("latin-1", "replace")
    path = directory / "any.vcf"
    path.write_bytes(content)
    outputs = Outputs.beside(directory / "out.vcf.gz")
    summary, fault = None, None
    try:
        summary = annotate(path, rcrs, outputs, temporary=directory, processes=1)
    except InputError as error:
        fault = error
    if summary is None:
        assert fault is not None
        assert fault.message
        assert fault.hint
        assert fault.line is None or 1 <= fault.line <= content.count(b"\n")
        assert [found.name for found in directory.iterdir()] == ["any.vcf"]
        return
    records = [line for line in content.replace(b"\r\n", b"\n").split(b"\n")[2:] if line.strip()]
    written = [line for line in gzip.decompress(outputs.vcf.read_bytes()).split(b"\n") if line and line[:1] != b"#"]
    assert summary["records"] == len(records) == len(written)
    kept = [b"\t".join(line.rstrip(b"\r").split(b"\t")[:2] + line.split(b"\t")[3:7]) for line in records]
    assert sorted(b"\t".join(line.split(b"\t")[:2] + line.split(b"\t")[3:7]) for line in written) == sorted(kept)
    assert not any(b"CSQ=;" in line or b";;CSQ" in line for line in written)
    assert all(b"CSQ=" in line or b"GAS_SKIPPED=" in line for line in written)
    assert summary["known"] + summary["novel"] + sum(summary["skipped"].values()) == len(records)


@SLOW
@given(lines=st.lists(LINES, min_size=1, max_size=6))
def test_columns_give_what_single_records_give(lines: list[str], rcrs: Reference, bases: Callable[..., str]) -> None:
    """The way by columns and the way record by record have one meaning."""
    text = [
        good_line(bases, 4000),
        *(line for line in lines if "\n" not in line and line.strip()),
        good_line(bases, 4001),
    ]
    raw = [line.encode("latin-1") for line in text]
    singles = RecordParser(Header(), rcrs)
    expected, fault = [], None
    for number, line in enumerate(raw, start=3):
        try:
            expected.append(singles.parse(line, number))
        except InputError as error:
            fault = error
            break
    block = Block(3, len(raw), b"".join(line + b"\n" for line in raw))
    if fault is not None:
        with pytest.raises(InputError) as caught:
            BlockParser(Header(), rcrs).parse(block, {})
        assert caught.value.as_dict() == fault.as_dict()
        return
    found = BlockParser(Header(), rcrs).parse(block, {})
    assert len(found) == len(expected)
    alts = found.alleles.alt.to_pylist()
    for index, record in enumerate(expected):
        skip = int(found.skip[index])
        assert (None if skip < 0 else SKIP_CODES[skip]) == record.skip
        assert (found.pos[index], found.ref[index].as_py(), found.end[index]) == (record.pos, record.ref, record.end)
        mine = np.flatnonzero(found.alleles.record == index).tolist()
        assert [alts[at] for at in mine] == record.alts
        assert [at - mine[0] for at in mine if found.alleles.plain[at]] == record.plain
    assert set(SKIP_CODES) == set(SKIPS)


def many(path: Path, bases: Callable[..., str], count: int, *, disorder: bool = False, names: bool = False) -> Path:
    """A file of several blocks: substitutions, insertions, several alleles, and odd ones in between."""
    with path.open("w", encoding="ascii") as stream:
        stream.write(HEAD)
        for at in range(count):
            pos = 3_200 + at * 13_000 // count
            base = bases(pos)
            alt = [OTHER[base], base + "AC", f"{OTHER[base]},{base}T", "<DEL>"][at % 4 if at % 7 == 0 else 0]
            chrom = "chrM" if names and at > count // 2 else "MT"
            stream.write(f"{chrom}\t{pos}\tr{at}\t{base}\t{alt}\t{at % 90}\tPASS\tDP={at}\n")
        if disorder:
            stream.write(good_line(bases, 73) + "\n")
    return path


@pytest.mark.parametrize("kind", ["sorted", "unsorted", "two names"])
def test_the_number_of_processes_does_not_show(
    tmp_path: Path, rcrs: Reference, bases: Callable[..., str], kind: str
) -> None:
    path = many(tmp_path / "in.vcf", bases, 12_000, disorder=kind == "unsorted", names=kind == "two names")
    results = []
    for processes in (1, 3):
        out = tmp_path / str(processes)
        out.mkdir()
        outputs = Outputs.beside(out / "x.annot.vcf.gz")
        summary = annotate(path, rcrs, outputs, temporary=tmp_path, processes=processes)
        assert summary["records"] == 12_000 + (kind == "unsorted")
        assert ("contig_named_twice" in summary["skipped"]) == (kind == "two names")
        results.append({found.name: found.read_bytes() for found in sorted(out.iterdir())})
    assert len(results[0]) == 5
    assert results[0] == results[1]


def test_the_first_fault_of_the_file_is_told(tmp_path: Path, rcrs: Reference, bases: Callable[..., str]) -> None:
    """Whichever process comes upon one first."""
    path = many(tmp_path / "in.vcf", bases, 12_000)
    lines = path.read_text().split("\n")
    lines[4_500] = lines[4_500].replace("MT\t", "MT\tx", 1)
    lines[11_000] = "MT\t5"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        annotate(path, rcrs, Outputs.beside(tmp_path / "x.vcf.gz"), temporary=tmp_path, processes=3)
    assert (caught.value.code, caught.value.line) == ("bad_position", 4_501)


def test_a_cut_off_file_is_never_taken_for_a_whole_one(
    tmp_path: Path, rcrs: Reference, bases: Callable[..., str]
) -> None:
    whole = many(tmp_path / "in.vcf", bases, 2_000).read_bytes()
    bgzf = b"".join(pack(whole[at : at + 10_000]) for at in range(0, len(whole), 10_000))
    packed = {
        "bgzf without its end": bgzf,
        "gzip": gzip.compress(whole)[:-9],
        "gzip half": gzip.compress(whole)[:5_000],
    }
    for name, content in packed.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            annotate(path, rcrs, Outputs.beside(tmp_path / "x.vcf.gz"), temporary=tmp_path)
        assert caught.value.code == "truncated_gzip", name


def test_packing_leaves_nothing_to_chance() -> None:
    """Compressors that start from memory as they find it pick among equal matches by what was there before."""
    chance = random.Random(3)
    text = "".join(chance.choice(["missense_variant", "|", "MODERATE", "A", "17", ",", "\t"]) for _ in range(20_000))
    data = text.encode()[:BLOCK]
    first = pack(data)
    for _ in range(40):
        junk = [os.urandom(chance.randrange(1, 200_000)) for _ in range(5)]
        pack(junk[0][:BLOCK])
        del junk
        assert pack(data) == first
    assert gzip.decompress(first) == data


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 60_000)), min_size=1, max_size=60),
    st.sampled_from([(0, TBI), (0, CSI), (TABIX_REACH - 200_000, CSI), (LARGEST_POSITION - 460_000, CSI)]),
)
def test_the_index_finds_what_tabix_finds(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]], where: tuple[int, str]
) -> None:
    """Records of any length: every query gives the same as with the index of htslib."""
    directory = tmp_path_factory.mktemp("index")
    first, ending = where
    spans = [(first + start, size) for start, size in spans]
    header = b"##fileformat=VCFv4.2\n##contig=<ID=c>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    spans.sort()
    lines = [b"c\t%d\t.\tA\t<DEL>\t.\t.\tEND=%d\n" % (start + 1, start + size) for start, size in spans]
    packed = pack(header)
    index = TabixIndex()
    for at in range(0, len(lines), 7):
        part = lines[at : at + 7]
        begin, size = (np.array(column) for column in zip(*spans[at : at + 7], strict=True))
        within = np.cumsum([0, *map(len, part[:-1])])
        block = pack(b"".join(part))
        base = len(packed) - len(pack(header))
        offset = np.append((base << 16) | within, (base + len(block)) << 16)
        index.add(b"c", IndexedRecords(begin, begin + size, offset))
        packed += block
    path = directory / "x.vcf.gz"
    path.write_bytes(packed + pack(b""))
    index.write(directory / f"x.vcf.gz{ending}", len(pack(header)))
    assert index.reach == max(start + size for start, size in spans)
    theirs = directory / "y.vcf.gz"
    theirs.write_bytes(path.read_bytes())
    pysam.tabix_index(str(theirs), preset="vcf", csi=ending == CSI)
    with open_table(path) as ours, open_table(theirs) as other:
        assert ours.contigs == ["c"]
        for start, size in [(0, 500_000), (first, 500_000), *spans, *((start + size, 3) for start, size in spans)]:
            assert list(ours.fetch("c", start, start + size)) == list(other.fetch("c", start, start + size))


def test_bins_are_those_of_the_specification() -> None:
    begin = np.array([0, 0, 16_383, 16_384, 0, (1 << 29) - 1])
    end = np.array([1, 16_384, 16_385, 16_385, 1 << 29, 1 << 29])
    assert bins_of(begin, end).tolist() == [37_449, 37_449, 4681, 37_450, 1, 70_216]
    assert bins_of(np.array([1 << 29, 5]), np.array([(1 << 29) + 1, (1 << 29) + 1])).tolist() == [70_217, 0]


def test_outcomes_come_in_the_order_of_the_items() -> None:
    with Pool(3, lambda: None) as pool:
        assert list(pool.in_order(_later, range(25))) == [number * number for number in range(25)]


def _later(number: int) -> int:
    """Work that takes the longer the earlier it was asked for."""
    total = 0
    for step in range((25 - number) * 2_000):
        total += step % 3
    assert total >= 0
    return number * number


def test_blocks_hold_every_line_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of chunks and blocks."""
    lines = [b"x" * (at % 37) for at in range(500)]
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(lines))
    for chunk, least in ((1, 1), (7, 3), (1_000, 50), (1 << 20, 1)):
        monkeypatch.setattr(reader, "CHUNK", chunk)
        monkeypatch.setattr(reader, "BLOCK_LINES", least)
        blocks = list(reader.Lines(path, reader.Limits(), known_text=True).blocks())
        assert b"".join(block.text for block in blocks) == b"\n".join(lines) + b"\n"
        assert [block.line for block in blocks] == np.cumsum([1, *(block.count for block in blocks[:-1])]).tolist()
        assert [block.unfinished for block in blocks] == [False] * (len(blocks) - 1) + [True]
