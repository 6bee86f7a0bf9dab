"""A bounded run of the grammars, the same files every time; `make fuzz` goes on for as long as you like."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.bgzf_bytes import bgzipped
from tests.fuzz.campaign import attempt, trials
from tests.fuzz.choices import Fault
from tests.fuzz.references import reference
from tests.fuzz.vcf_grammar import VcfFile
from tests.fuzz.whole_pass import check_vcf
from tests.whole_files import BrokenPromiseError, Outcome, Refusal, check_file, in_process

VCF_EXAMPLES, MODEL_EXAMPLES = 50, 20
"""Files of each kind of VCF, 200 in all, and of each kind of gene models."""
SEED = 20261127
HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
RECORD = "MT\t73\trs1\tA\tG\t50\tPASS\tDP=3\n"


@pytest.mark.parametrize("name", list(trials()))
def test_whatever_the_grammar_writes_is_annotated_or_refused_with_the_right_line(name: str) -> None:
    seen: Counter[str] = Counter()
    examples = VCF_EXAMPLES if name.startswith("VCF") else MODEL_EXAMPLES
    attempt(trials()[name], examples, SEED, lambda: seen.update(["files"]))
    assert seen["files"] >= examples


def test_a_fault_that_is_not_reported_is_noticed() -> None:
    good = VcfFile((HEAD + RECORD).encode(), 1, Fault("made up", frozenset({"bad_ref"}), frozenset({3})))
    with pytest.raises(BrokenPromiseError, match="annotated"):
        check_vcf(good, reference("rCRS"))
    bad = (HEAD + RECORD.replace("A\tG", "\tG")).encode()
    check_vcf(VcfFile(bad, 1, Fault("REF", frozenset({"bad_ref"}), frozenset({3}))), reference("rCRS"))
    with pytest.raises(BrokenPromiseError, match="reported as"):
        check_vcf(VcfFile(bad, 1, Fault("REF", frozenset({"bad_ref"}), frozenset({2}))), reference("rCRS"))
    with pytest.raises(BrokenPromiseError, match="refused"):
        check_vcf(VcfFile(bad, 1, None), reference("rCRS"))


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        (b"\trs1\t", b"\t.\t", "another ID"),
        (b"\t50\t", b"\t51\t", "other columns"),
        (b"DP=3", b"DP=4", "INFO was"),
        (b";GAS_IMPACT=", b";GAS_SKIPPED=x;GAS_IMPACT=", "GAS_CONSEQUENCE and GAS_SKIPPED"),
        (b"\nMT\t73\t", b"\nMT\t73\trs1\tA\tG\t50\tPASS\tDP=3\nMT\t73\t", "1 records in, 2 out"),
        (b"#CHROM", b"##odd\n#CHROM", "a second pass made"),
        (b"##note=x\n", b"", "a header line is gone"),
    ],
)
def test_what_a_result_lacks_is_noticed(tmp_path: Path, old: bytes, new: bytes, noticed: str) -> None:
    path, folder = tmp_path / "in.vcf", tmp_path / "results"
    path.write_text(HEAD.replace("#CHROM", "##note=x\n#CHROM") + RECORD)
    folder.mkdir()

    def spoilt(*arguments: object) -> Outcome:
        outcome = in_process(*arguments)  # type: ignore[arg-type]
        vcf = arguments[2].vcf  # type: ignore[attr-defined]
        text = gzip.decompress(vcf.read_bytes())
        assert arguments[0] != path or text.count(old) == 1
        if arguments[0] == path:
            vcf.write_bytes(bgzipped(text.replace(old, new)))
        return outcome

    with pytest.raises(BrokenPromiseError, match=noticed):
        check_file(path, reference("rCRS"), folder, spoilt)


def test_a_message_in_words_of_a_library_is_noticed(tmp_path: Path) -> None:
    def refused(*_: object) -> Outcome:
        return Outcome(Refusal("bad_ref", "ValueError: invalid literal", "Fix it.", 3))

    with pytest.raises(BrokenPromiseError, match="words of a library"):
        check_file(tmp_path / "in.vcf", reference("rCRS"), tmp_path, refused)
