"""Names, numbers and alleles of any size: used within bounds, marked, or refused with line and value; never a crash."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pysam
import pytest

from annotator.engine import InputError, Limits, Outputs, Reference, annotate
from annotator.engine.bounds import LARGEST_POSITION, LONGEST_NAME, MOST_ALLELES, MOST_ALT_BASES, whole_number
from annotator.engine.errors import MESSAGE_LENGTH, EngineError, quote, shortened
from annotator.engine.indexes import CSI, ENDINGS, TABIX_REACH, TBI, beside, open_table
from annotator.engine.output import tabix, variants_table
from annotator.engine.pipeline.block_annotator import BlockAnnotator
from annotator.engine.progress import DETAIL_LENGTH, Warnings
from annotator.engine.vcf import block_parser
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.record_parser import RecordParser
from tests.unit.engine.conftest import Result

Vcf = Callable[..., Path]
Run = Callable[..., Result]
Refused = Callable[..., InputError]
DIGITS = "9" * 5000
"""More digits than Python reads."""
GOOD = [(73, "A", "G")]


@pytest.mark.parametrize(
    ("text", "number"),
    [(b"0", 0), (b"007", 7), (b"0" * 5000 + b"12", 12), (b"", None), (b"-1", None), (b"1 ", None), (b"1_0", None),
     (b"\xd9\xa3", None), (DIGITS.encode(), None), (b"4611686018427387903", (1 << 62) - 1),
     (b"4611686018427387904", None)],
)  # fmt: skip
def test_whole_numbers(text: bytes, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_contig_length_that_is_none(vcf: Vcf, run: Run) -> None:
    result = run(vcf(GOOD, meta=(f"##contig=<ID=MT,length={DIGITS}>",)))
    warned = result.warned("bad_contig_length")
    assert warned is not None
    assert warned["first_lines"] == [2]
    assert warned["details"] == ["length=" + "9" * 20 + "…"]
    assert result.info(0)["GAS_CONSEQUENCE"]


def test_a_version_that_is_none(vcf: Vcf, refused: Refused) -> None:
    error = refused(vcf(GOOD, version=f"VCFv4.{DIGITS}"))
    assert (error.code, error.line) == ("vcf_version_unsupported", 1)
    assert len(error.message) < 200


@pytest.mark.parametrize("end", [DIGITS, "9" * 19, str(LARGEST_POSITION + 1)])
def test_an_end_beyond_every_contig(vcf: Vcf, refused: Refused, end: str) -> None:
    error = refused(vcf([*GOOD, (80, "G", "<DEL>", f"SVTYPE=DEL;END={end}")]))
    assert (error.code, error.line, error.field) == ("bad_end", 4, "INFO")
    assert error.message.replace(",", "").startswith(f"END is {end[:9]}")
    assert len(error.message) < 100


@pytest.mark.parametrize("length", [DIGITS, "-" + DIGITS, "9" * 19])
def test_a_length_beyond_every_contig(vcf: Vcf, run: Run, length: str) -> None:
    result = run(vcf([*GOOD, (80, "G", "<DEL>", f"SVTYPE=DEL;SVLEN={length}")]))
    warned = result.warned("bad_length")
    assert warned is not None
    assert warned["first_lines"] == [4]
    assert f"SVLEN={length}" in result.records[1][7]


@pytest.mark.parametrize("genotype", [f"{DIGITS}/1", f"1|{DIGITS}", DIGITS])
def test_a_genotype_beyond_all_alleles(vcf: Vcf, rcrs: Reference, genotype: str) -> None:
    """htslib does not read such a file, so that the result is not read with it either."""
    path = vcf([(3400, "C", "T", ".", "GT", genotype), (3401, "T", "C", ".", "GT", "1|0")], samples=("s",))
    summary = annotate(path, rcrs, Outputs.beside(path.with_name("x.annot.vcf.gz")))
    assert summary["records"] == 2


@pytest.mark.parametrize("position", [DIGITS, "9" * 19, str(LARGEST_POSITION + 1)])
def test_a_position_beyond_every_contig(vcf: Vcf, refused: Refused, position: str) -> None:
    error = refused(vcf([*GOOD, (position, "G", "T")]))
    assert (error.code, error.line, error.column) == ("bad_position", 4, 2)
    assert len(error.message) < 100


@pytest.mark.parametrize("contig", ["c", "MT"])
def test_a_long_name_of_a_contig(vcf: Vcf, run: Run, refused: Refused, contig: str) -> None:
    longest = contig + "x" * (LONGEST_NAME - len(contig))
    assert len(run(vcf([*GOOD, f"{longest}\t5\t.\tA\tC\t.\t.\t."])).records) == 2
    error = refused(vcf([*GOOD, f"{longest}x\t5\t.\tA\tC\t.\t.\t."]))
    assert (error.code, error.line, error.column, error.field) == ("contig_name_too_long", 4, 1, "CHROM")
    assert "256 characters" in error.message
    assert len(error.message) < 100


def test_a_long_name_in_the_record_parser(rcrs: Reference) -> None:
    with pytest.raises(InputError) as caught:
        RecordParser(Header(), rcrs).parse(b"x" * 256 + b"\t5\t.\tA\tC\t.\t.\t.", 3)
    assert caught.value.code == "contig_name_too_long"


def test_results_that_outgrow_their_input(vcf: Vcf, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds while a block is annotated: thousands of alleles in it have an entry for each transcript."""
    parts = 0
    annotate_part = BlockAnnotator._annotate

    def counted(*arguments: Any) -> None:
        nonlocal parts
        parts += 1
        annotate_part(*arguments)

    monkeypatch.setattr(BlockAnnotator, "_annotate", counted)
    alts = ",".join(["".join(bases) for bases in product("ACGT", repeat=6)])
    path = vcf([(3310 + at, "C", alts) for at in range(20)])
    error = refused(path, Limits(results=100_000))
    assert error.code == "results_too_large"
    assert error.message == "The results would take more than 100,000 bytes, which is the limit."
    assert 0 < parts < 10


def test_messages_are_bounded(vcf: Vcf, refused: Refused) -> None:
    names = [f"{at}{'n' * 250}" for at in range(60)]
    error = refused(vcf([f"{name}\t5\t.\tA\tC\t.\t.\t." for name in names], meta=("##reference=/" + "r" * 100_000,)))
    assert error.code == "no_known_contig"
    assert len(error.message) < MESSAGE_LENGTH
    assert "and 52 more" in error.message
    assert len(EngineError("x", "y" * 10_000).message) <= MESSAGE_LENGTH
    assert len(InputError("bad_ref", "y" * 10_000).message) <= MESSAGE_LENGTH
    assert shortened("begin" + "y" * 5000 + "end", 20).endswith("end")
    assert quote(b"x" * 50, 40) == "x" * 40 + "…"
    warnings = Warnings()
    warnings.add("unsorted", 1, "z" * 5000)
    warnings.add_many("unsorted", [2], ["z" * 5000])
    assert [len(detail) <= DETAIL_LENGTH for detail in warnings.by_code["unsorted"].details] == [True, True]


@pytest.mark.parametrize(
    "alt",
    [",".join(["C"] * 60_000), "C" * (MOST_ALT_BASES + 1), ",".join(f"<DEL:{at}>" for at in range(20_000))],
)
def test_alleles_that_are_too_large(vcf: Vcf, run: Run, bases: Callable[[int, int], str], alt: str) -> None:
    """The record comes back as it is and is marked; the one beside it is annotated."""
    result = run(vcf([*GOOD, (80, bases(80, 1), alt, "DP=1")]))
    assert result.records[1][4] == alt
    assert result.records[1][7] == "DP=1;GAS_SKIPPED=alleles_too_large"
    assert result.summary["skipped"] == {"alleles_too_large": 1}
    assert result.info(0)["GAS_CONSEQUENCE"]


def test_a_million_alleles(vcf: Vcf, rcrs: Reference, bases: Callable[[int, int], str]) -> None:
    """More than htslib reads."""
    path = vcf([*GOOD, (80, bases(80, 1), ",".join(["C"] * 1_000_000))])
    outputs = Outputs.beside(path.with_name("x.annot.vcf.gz"))
    assert annotate(path, rcrs, outputs)["skipped"] == {"alleles_too_large": 1}


def test_as_many_alleles_as_are_annotated(vcf: Vcf, run: Run, bases: Callable[[int, int], str]) -> None:
    alts = [f"G{at:014b}".translate(str.maketrans("01", "CT")) for at in range(MOST_ALLELES)]
    result = run(vcf([(80, bases(80, 1), ",".join(alts))]))
    assert result.summary["skipped"] == {}
    assert result.summary["alleles"] == MOST_ALLELES


def test_parts_of_a_block_make_the_same_results(
    vcf: Vcf, run: Run, bases: Callable[[int, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records out, counts, table and index are the same in however many parts a block is annotated."""
    lines: list[Any] = [(pos, bases(pos, 1), bases(pos, 1) + "C" * (pos % 40), "DP=1") for pos in range(3300, 3400)]
    lines.insert(50, (3350, bases(3350, 1), "<DEL>", "END=3380"))
    lines.insert(70, (3369, "N" if bases(3369, 1) != "N" else "A", "T"))
    lines.append("other\t5\t.\tA\tC\t.\t.\t.")
    path = vcf(lines)
    whole = run(path)
    monkeypatch.setattr(block_parser, "PART_BYTES", 1000)
    monkeypatch.setattr(variants_table, "WAITING_BYTES", 1000)
    parts = run(path)
    assert parts.records == whole.records
    assert parts.summary == whole.summary
    with pysam.TabixFile(str(parts.path)) as index:
        assert len(list(index.fetch("MT", 3349, 3352))) == 4
        assert len(list(index.fetch("other"))) == 1


@pytest.mark.parametrize(
    ("record", "meta", "ending"),
    [
        (f"c\t{TABIX_REACH - 1}\t.\tA\tC\t.\t.\t.", "", TBI),
        (f"c\t{TABIX_REACH}\t.\tA\tC\t.\t.\t.", "", CSI),
        (f"c\t{TABIX_REACH - 2}\t.\tACC\tA\t.\t.\t.", "", CSI),
        (f"c\t{LARGEST_POSITION}\t.\tA\tC\t.\t.\t.", "", CSI),
        (f"c\t5\t.\tA\t<DEL>\t.\t.\tEND={LARGEST_POSITION}", "", CSI),
        ("c\t5\t.\tA\tC\t.\t.\t.", f"##contig=<ID=c,length={TABIX_REACH}>", CSI),
        ("c\t5\t.\tA\tC\t.\t.\t.", f"##contig=<ID=c,length={TABIX_REACH - 1}>", TBI),
        ("c\t5\t.\tA\tC\t.\t.\t.", f"##contig=<ID=d,length={TABIX_REACH}>", TBI),
    ],
)
def test_the_index_reaches_every_record_and_contig(
    vcf: Vcf, rcrs: Reference, tmp_path: Path, record: str, meta: str, ending: str
) -> None:
    """A ``.csi`` where a ``.tbi`` ends before, and only there; what an earlier run left goes."""
    outputs = Outputs.beside(tmp_path / "x.annot.vcf.gz")
    for left in ENDINGS:
        beside(outputs.vcf, left).write_bytes(b"of an earlier run")
    annotate(vcf([*GOOD, record], meta=(meta,) if meta else ()), rcrs, outputs)
    assert [left for left in ENDINGS if beside(outputs.vcf, left).exists()] == [ending]
    pos = int(record.split("\t")[1])
    with open_table(outputs.vcf) as file:
        assert [line.split("\t")[1] for line in file.fetch("c", pos - 1)] == [str(pos)]
        assert len(list(file.fetch("MT"))) == 1
    with pysam.VariantFile(str(outputs.vcf)) as records:
        assert [one.pos for one in records.fetch("c", pos - 1, pos)] == [pos]


def test_an_index_of_many_far_positions(vcf: Vcf, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of entries contigs have no linear index; readers find their records all the same."""
    monkeypatch.setattr(tabix, "MOST_STRETCHES", LARGEST_POSITION >> tabix.LINEAR)
    far = [f"c{at}\t{pos}\t.\tA\tC\t.\t.\t." for at in range(50) for pos in (5, LARGEST_POSITION)]
    result = run(vcf([*GOOD, *far]))
    index = result.path.with_name(result.path.name + ".csi")
    assert index.stat().st_size < 20_000
    with open_table(result.path) as file:
        for at in range(50):
            assert [line.split("\t")[1] for line in file.fetch(f"c{at}", LARGEST_POSITION - 1)] == [
                str(LARGEST_POSITION)
            ]
            assert len(list(file.fetch(f"c{at}"))) == 2
