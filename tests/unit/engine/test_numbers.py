"""Numbers in texts of users and operators: read within bounds everywhere, and by one function."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import BundleError
from annotator.engine.bounds import LARGEST_LENGTH, LARGEST_POSITION, whole_number
from annotator.engine.compare.concordance import compare
from annotator.engine.reference.build.download import _number as header_number
from annotator.engine.reference.build.gene_formats import GeneModel, GeneTable, note_code
from annotator.engine.reference.build.gff3_models import _add_recoded
from annotator.engine.reference.build.regions import RegionSource, _regions
from annotator.engine.reference.build_evidence import FileEvidence
from annotator.engine.vcf import block_parser
from tests.unit.engine.conftest import PROJECT, Result

DIGITS = "9" * 5000
"""More digits than Python reads."""
ENGINE = PROJECT / "annotator" / "engine"
CONSEQUENCES = ENGINE / "consequence"
BOUNDED = {
    "vcf/block_parser.py": {"float(text)": "matches a pattern of numbers, which float reads in linear time"},
    "vcf/structural_alleles.py": {"float(text)": "matches a pattern of up to nine digits before and behind the point"},
    "bounds.py": {"int(digits)": "as many digits as the largest number has"},
    "haplotypes/carriers.py": {"int(name)": "up to 17 digits"},
    "haplotypes/csq.py": {"int(line.split(b'\\t', 3)[2])": "an ordinal that the engine wrote"},
    "bcftools_child.py": {"int(sys.argv[1])": "a process id that the engine wrote"},
    "reference/build_detection.py": {"int(found[2])": "up to three digits"},
    "reference/build/gene_formats.py": dict.fromkeys(("int(start)", "int(end)"), "up to nine digits"),
    "haplotypes/slim_vcf.py": dict.fromkeys(("int(found[0])", "int(fields[2])"), "csq wrote it, from what it was told"),
    "haplotypes/phase_sets.py": {"int(columns[1])": "a position that the engine wrote"},
    "reference/build/regions.py": dict.fromkeys(("int(start)", "int(end)", "int(number)"), "the build wrote it"),
    "reference/regions.py": dict.fromkeys(("int(first)", "int(last)"), "the build wrote it; damage is reported"),
    "reference/build_evidence.py": {"int(found[1])": "two digits"},
    "vcf/sort.py": dict.fromkeys(("int(pos)", "int(fields[1])"), "matches the pattern of positions"),
    "variant_list/notation.py": dict.fromkeys(
        ("int(start)", "int(found[2])", "int(found[3] or 0)"), "matches the pattern of positions, up to ten digits"
    ),
    "reference/allele_table.py": {"int(at)": "an index of a row"},
    "reference/verify.py": dict.fromkeys(("int(start)", "int(end)"), "the build wrote it; damage is found"),
    "reference/position_scores.py": {
        "int(self._file.schema_arrow.field(field).metadata[DIGITS])": "the build wrote it; damage is reported"
    },
    "reference/indexed_fasta.py": {"map(int, numbers[:4])": "the build wrote it; damage is reported"},
    "reference/build/delimited.py": {"float(text)": "float reads in linear time"},
    "reference/build/gene_source.py": {"float(text)": "float reads in linear time"},
    "reference/build/table_rows.py": {"float(text)": "float reads in linear time", "int('pos' in places)": "a bool"},
    "reference/build/info_choice.py": {"int(one)": "an index that the build wrote"},
}
"""Calls of ``int`` and ``float`` on text, and why the text is short and a number."""
NUMBERS = (
    *(".sum()", ".max(", ".min()", "np.searchsorted(", "int(speed)", "float('nan')"),
    *("records.pos[", "starts[index]", "self.exon_", "records.allele_count[", "near[", "linear[stretch]"),
    *("int(first[0])", "int(last[0])", "int(pos[", "self._starts[", "allele[row]", "starts[0]", "ends[-1]", "mine[at]"),
    *("self._packed[", "self._file.tell()", "np.argmin(", "int(used)", "int(rounded)", "float(NOTHING)"),
)
"""What is visibly a number, or an element of an array of numbers."""


def conversions(source: str) -> list[str]:
    """Calls of ``int`` and ``float``, also by ``map``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.args[0] if node.func.id == "map" else node.func
            if isinstance(called, ast.Name) and called.id in ("int", "float"):
                found.append(ast.unparse(node))
    return found


def test_text_becomes_a_number_within_bounds_alone() -> None:
    """Every other call than those above is one of ``whole_number``; consequences are worked out of numbers."""
    found: dict[str, set[str]] = {}
    modules = [path for path in ENGINE.rglob("*.py") if CONSEQUENCES not in path.parents]
    assert len(modules) > 50
    for path in modules:
        for call in conversions(path.read_text("utf-8")):
            if not any(sign in call for sign in NUMBERS):
                found.setdefault(path.relative_to(ENGINE).as_posix(), set()).add(call)
    assert found == {name: set(calls) for name, calls in BOUNDED.items()}


def test_the_scan_sees_every_form() -> None:
    source = "int(a)\nx = [float(b) for b in c]\nlist(map(int, d.split(',')))\nprint(int)\nobject.int(e)\nmap(str, f)"
    assert sorted(conversions(source)) == ["float(b)", "int(a)", "map(int, d.split(','))"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("007", 7), ("", None), ("-1", None), ("+1", None), ("1_0", None), (" 1", None), ("٣", None),
     ("²", None), (DIGITS, None), ("0" * 5000 + "8", 8)],
)  # fmt: skip
def test_whole_numbers_of_strings(text: str, number: int | None) -> None:
    assert whole_number(text) == number
    assert whole_number(text.encode()) == number


@pytest.mark.parametrize("column", [DIGITS, "²", "٣", "0", "-1", "1_0"])
def test_a_column_of_regions_that_is_none(column: str) -> None:
    with pytest.raises(BundleError, match=r"NAME=FILE:COLUMN,\.\.\. is wanted"):
        RegionSource.parse(f"R=x.bed:{column}")


@pytest.mark.parametrize("start", [DIGITS, "1_0", "٣", "-5", "1e3", str(LARGEST_POSITION + 1)])
def test_a_start_of_a_region_that_is_none(tmp_path: Path, start: str) -> None:
    path = tmp_path / "x.bed"
    path.write_text(f"1\t5\t9\n1\t{start}\t9\n", "utf-8")
    with pytest.raises(BundleError, match=r"x.bed, line 2: no region in the columns that are read"):
        list(_regions(RegionSource("R", path)))


def test_numbers_of_gene_models_that_are_none() -> None:
    table = GeneTable("GFF3")
    for code in (DIGITS, "11", "²", "-1", "1000"):
        note_code(table, GeneModel("t", "g", "", "", "c", "+"), {"transl_table": code})
    assert table.codes["c"] == {11: 1}
    text = f"(pos:{DIGITS}..9,aa:Sec),(pos:7..9,aa:Sec),(pos:{LARGEST_POSITION + 1}..9,aa:Sec),(pos:0..2,aa:Sec)"
    one = GeneModel("t", "g", "", "", "c", "+")
    _add_recoded(one, {"transl_except": text})
    assert one.selenocysteines == (7,)


@pytest.mark.parametrize("text", [DIGITS, "²", "x", "", None])
def test_numbers_of_a_server_that_are_none(text: str | None) -> None:
    assert header_number(text) is None


def test_numbers_in_signs_of_a_build_that_are_none() -> None:
    lines = [
        f"##contig=<ID=1,length={DIGITS}>".encode(), b"##contig=<ID=2,length=0005>",
        f"##contig=<ID=3,length={LARGEST_LENGTH + 1}>".encode(), b"#CHROM",
        f"1\t{DIGITS}\t.\tA\tC".encode(), b"1\t9\t.\tA\tC", f"NC_000001.{'1' * 240}\t9\t.\tA\tC".encode(),
    ]  # fmt: skip
    signs = FileEvidence.of(iter(lines))
    assert signs.lengths == {"2": 5}
    assert signs.furthest["1"] == 9


@pytest.mark.parametrize(
    "row", [f"22\t{DIGITS}\t.\tA\tG\t.\t.\tCSQ=x", "22\t1_0\t.\tA\tG\t.\t.\tCSQ=x", "22\t5", "\xff"]
)
def test_a_record_to_compare_that_is_none(tmp_path: Path, row: str) -> None:
    head = '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|Feature">\n'
    good, path = tmp_path / "good.vcf", tmp_path / "bad.vcf"
    good.write_text(f"{head}#CHROM\n22\t5\t.\tA\tG\t.\t.\tCSQ=G|x|T\n")
    path.write_text(f"{head}#CHROM\n{row}\n", "latin-1")
    with pytest.raises(BundleError, match=r"bad.vcf: .* is not a record of VCF"):
        compare(good, path)


@pytest.mark.parametrize(
    ("quality", "bad"),
    [("5", False), ("1e-3", False), (".5", False), ("5.", False), ("-inf", False), ("NaN", False),
     ("9" * 50_000, False), ("1_0", True), (" 5", True), ("1e", True), ("0x1", True), ("٣", True), ("e5", True),
     ("", True)],
)  # fmt: skip
def test_qualities_of_any_form(vcf: Callable[..., Path], run: Callable[..., Result], quality: str, bad: bool) -> None:
    """Whether a value is a number does not depend on the others of its block."""
    path = vcf([f"MT\t{pos}\t.\t{ref}\t{alt}\t{text}\t.\t." for pos, ref, alt, text in
                [(73, "A", "G", quality), (150, "C", "T", "7.5")]])  # fmt: skip
    alone = run(path).warned("bad_quality")
    path.write_text(path.read_text() + "MT\t263\t.\tA\tG\thigh\t.\t.\n")
    among = run(path).warned("bad_quality")
    assert (alone is not None) is bad
    assert among is not None
    assert among["count"] == 1 + bad
    assert block_parser._NUMBER.fullmatch(quality.encode()) is None or not bad
