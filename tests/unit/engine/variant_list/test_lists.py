"""Lists as input of an annotation: from a file of lines to results, with every line that fails reported."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.engine import InputError, Outputs, Reference, annotate
from annotator.engine.cli.app import main
from annotator.engine.variant_list import convert
from tests.unit.engine.conftest import Result, take_apart

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: str, end: str = "\n", name: str = "list.txt") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return written


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Annotates a list; nothing but the results is left."""

    def annotated(path: Path, reference: Reference | None = None, **options: Any) -> Result:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        outputs = Outputs.beside(out / "list.annot.vcf.gz")
        summary = annotate(path, reference or Reference.load("rCRS"), outputs, temporary=tmp_path, **options)
        assert not list(tmp_path.glob("gas-*"))
        assert len(list(out.iterdir())) == 5
        return take_apart(outputs, summary)

    return annotated


def refusal(path: Path, tmp_path: Path, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        annotate(path, Reference.load("rCRS"), Outputs.beside(tmp_path / "x.annot.vcf.gz"), **options)
    assert not list(tmp_path.glob("x.*"))
    assert caught.value.hint
    return caught.value


MIXED = [
    "# variants of a family",
    "",
    "m.8993T>G",
    "MT 3243 A G",
    "MT-TL1:n.14A>G",
    "MT:3243:C:G",
    "NC_012920.1:3242:A:G",
    "MT-ND1:p.Met1Val",
    "rs12345",
    "  MT-7445-A-G  ",
    "MT:3243:A:G",
    "MT:3243:A:G",
    "MT:303:-:C",
    "not a variant",
]


def test_a_list_with_every_notation(write: Write, run: Run) -> None:
    result = run(write(*MIXED))
    assert [record[:5] for record in result.records] == [
        ["MT", "302", "MT:303:-:C", "A", "AC"],
        ["MT", "3243", "MT_3243_A_G", "A", "G"],
        ["MT", "3243", "MT-TL1:n.14A>G", "A", "G"],
        ["MT", "3243", "NC_012920.1:3242:A:G", "A", "G"],
        ["MT", "3243", "MT:3243:A:G", "A", "G"],
        ["MT", "3243", "MT:3243:A:G", "A", "G"],
        ["MT", "7445", "MT-7445-A-G", "A", "G"],
        ["MT", "8993", "m.8993T>G", "T", "G"],
    ]
    assert "missense_variant" in result.info(7)["CSQ"]
    assert [line for line in result.header if line.startswith("##contig")] == ["##contig=<ID=MT,length=16569>"]
    assert "Annotation of list.txt" in result.log
    assert result.warned("unsorted") is None


def test_every_line_that_is_not_resolved_is_reported(write: Write, run: Run) -> None:
    result = run(write(*MIXED))
    listed = result.summary["variant_list"]
    assert {key: listed[key] for key in ("lines", "resolved", "unresolved")} == {
        "lines": 12,
        "resolved": 8,
        "unresolved": 4,
    }
    assert [(one["line"], one["text"]) for one in listed["failures"]] == [
        (6, "MT:3243:C:G"),
        (8, "MT-ND1:p.Met1Val"),
        (9, "rs12345"),
        (14, "not a variant"),
    ]
    assert all(one["reason"] and one["hint"] for one in listed["failures"])
    for one in listed["failures"]:
        assert f"line {one['line']}, {one['text']}: {one['reason']} {one['hint']}" in result.log
    warned = result.warned("unresolved_line")
    assert warned is not None
    assert (warned["count"], warned["first_lines"]) == (4, [6, 8, 9, 14])
    placed = result.warned("insertion_before_position")
    assert placed is not None
    assert (placed["first_lines"], placed["details"]) == ([13], ["C before MT:303"])


def test_the_log_has_all_failures_and_the_summary_the_first(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_IN_SUMMARY", 10)
    result = run(write("m.3243A>G", *(f"MT:{at}:N:A" for at in range(1, 31))))
    assert len(result.summary["variant_list"]["failures"]) == 10
    assert result.summary["variant_list"]["unresolved"] == 30
    assert result.log.count("MT:30:N:A: ") == 1


def test_rs_numbers_have_all_alleles_of_all_tables(
    build: Callable[..., int], tmp_path: Path, write: Write, run: Run, genome: dict[str, str]
) -> None:
    known = tmp_path / "ids.vcf"
    more = tmp_path / "more.vcf"
    base = genome["1"][3499]
    other = "A" if base != "A" else "C"
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    known.write_text(
        head
        + "1\t1015\trs1;rs11\tG\tC,T\t.\t.\t.\n"
        + "1\t2010\trs2\tC\tCC\t.\t.\t.\n"  # far from its normal place
        + f"1\t3500\trs111\t{base}\t{other}\t.\t.\t.\n"
    )
    more.write_text(head + "1\t1015\trs1\tG\tA,T\t.\t.\t.\n")
    assert build("--variants", f"one={known}:ID", "--variants", f"two={more}:ID") == 0
    reference = Reference.load(tmp_path / "bundle")
    result = run(write("rs2", "RS1", "rs11", "rs1111", "PLUS.1:c.5G>A"), reference)
    assert [(record[1], record[2].split(";")[0], record[3], record[4]) for record in result.records] == [
        ("1015", "RS1", "G", "A"),
        ("1015", "RS1", "G", "C"),
        ("1015", "RS1", "G", "T"),
        ("1015", "rs11", "G", "C"),
        ("1015", "rs11", "G", "T"),
        ("1015", "PLUS.1:c.5G>A", "G", "A"),
        ("2000", "rs2", "A", "AC"),
    ]
    (failure,) = result.summary["variant_list"]["failures"]
    assert (failure["line"], failure["text"]) == (4, "rs1111")
    assert "do not have rs1111" in failure["reason"]


def test_another_version_of_a_transcript_is_a_warning(
    build: Callable[..., int], tmp_path: Path, write: Write, run: Run
) -> None:
    assert build() == 0
    result = run(write("PLUS.7:c.1A>G"), Reference.load(tmp_path / "bundle"))
    warned = result.warned("transcript_version")
    assert warned is not None
    assert (warned["first_lines"], warned["details"]) == ([1], ["PLUS.7: PLUS.1 was used"])


def test_a_list_of_another_reference_is_a_warning(write: Write, run: Run) -> None:
    wrong = [f"MT:{at}:T:C" for at in (1, 2, 4, 5, 6)]
    assert run(write("m.3243A>G", *wrong[:4])).warned("other_reference") is None
    warned = run(write("m.3243A>G", *wrong)).warned("other_reference")
    assert warned is not None
    assert warned["details"] == ["5 of 6 lines that state bases"]
    assert run(write(*["m.3243A>G"] * 5, *wrong)).warned("other_reference") is None


def test_lines_may_end_as_on_windows_begin_with_a_mark_and_be_compressed(write: Write, run: Run) -> None:
    path = write("\ufeffMT:3243:A:G", "m.8993T>G", end="\r\n")
    path.write_bytes(gzip.compress(path.read_bytes()))
    result = run(path)
    assert [record[2] for record in result.records] == ["MT:3243:A:G", "m.8993T>G"]
    assert result.warned("crlf") is not None
    assert result.warned("byte_order_mark") is not None


def test_semicolons_have_no_place_in_an_identifier(write: Write, run: Run) -> None:
    result = run(write("NC_012920.1:m.3243A>G (p.;)"))
    assert [record[2] for record in result.records] == ["NC_012920.1:m.3243A>G_(p.%3B)"]


def test_no_line_that_can_be_resolved_refuses_the_file(write: Write, tmp_path: Path) -> None:
    error = refusal(write("# nothing", "NP_1.2:p.Val600Glu", "MT:1:C:T"), tmp_path)
    assert (error.code, error.line, error.text) == ("no_line_resolved", 2, "NP_1.2:p.Val600Glu")
    assert "None of the 2 lines" in error.message
    assert "protein" in error.message
    assert error.hint is not None
    assert "c." in error.hint


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["Dear colleagues,", "please find attached"], "not_vcf"),
        (["# rsid\tchromosome\tposition\tgenotype", "rs1\t1\t100\tAG"], "not_vcf"),
        (["chr1\t100\t200\tname", "chr1\t300\t400\tname"], "not_vcf"),
        (["MT\t3243\t.\tA\tG\t.\t.\t."], "missing_column_header"),
        (["##fileformat=VCFv4.2", "MT:3243:A:G"], "missing_column_header"),
        (["# only comments"], "missing_column_header"),
        (["", " "], "empty_file"),
    ],
)
def test_what_is_no_list_is_refused_as_before(write: Write, tmp_path: Path, lines: list[str], code: str) -> None:
    path = write(*lines)
    assert refusal(path, tmp_path).code == code
    assert refusal(path, tmp_path, input_format="vcf").code == code


def test_the_format_can_be_forced(write: Write, run: Run, tmp_path: Path) -> None:
    mostly_prose = write("some notes", "of ours", "m.3243A>G")
    assert refusal(mostly_prose, tmp_path).code == "not_vcf"
    assert len(run(mostly_prose, input_format="list").records) == 1
    error = refusal(write("m.3243A>G"), tmp_path, input_format="vcf")
    assert (error.code, error.line) == ("not_vcf", 1)
    error = refusal(write("# one", " "), tmp_path, input_format="list")
    assert error.code == "empty_file"


def test_limits(write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = f"MT:3243:A:{'G' * (convert.LONGEST_LINE - 10)}"
    result = run(write(longest, longest + "G"))
    assert len(result.records) == 1
    assert result.summary["variant_list"]["failures"][0]["reason"] == "The line is longer than 1,000 characters."
    monkeypatch.setattr(convert, "MOST_LINES", 2)
    assert len(run(write("# one", "m.3243A>G", "", "m.8993T>G")).records) == 2
    error = refusal(write("m.3243A>G", "m.8993T>G", "m.8993T>C"), tmp_path)
    assert error.code == "too_many_records"
    monkeypatch.setattr(convert, "MOST_BASES", 1000)
    assert refusal(write("m.10_2000del"), tmp_path).code == "too_large"


def test_the_command(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("some notes", "of ours", "m.3243A>G")
    words = ["annotate", str(path), "--reference", "rCRS", "--out", str(tmp_path / "x.annot.vcf.gz")]
    assert main([*words]) == 2
    assert main([*words, "--input-format", "list"]) == 0
    assert "line 1, some notes: The line is in none of the notations." in (tmp_path / "x.count.log").read_text()
    assert main([*words, "--input-format", "bed"]) == 1
    assert "'auto', 'vcf', 'list'" in capsys.readouterr().err
