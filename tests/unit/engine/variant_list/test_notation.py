"""What one line of a list says, before anything of the reference is known."""

from __future__ import annotations

import pytest

from annotator.engine.variant_list.notation import (
    Hgvs,
    Position,
    Replacement,
    RsNumber,
    UnknownNotationError,
    UnresolvedError,
    parse,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr1:100:A:G", Replacement("chr1", 100, "A", "G")),
        ("chr1-100-a-g", Replacement("chr1", 100, "A", "G")),
        ("chr1\t100\tA\tG", Replacement("chr1", 100, "A", "G")),
        ("chr1  100 A G", Replacement("chr1", 100, "A", "G")),
        ("HLA-A*01:01-100-A-T", Replacement("HLA-A*01:01", 100, "A", "T")),
        ("1:100:A:-", Replacement("1", 100, "A", "")),
        ("1:100:A:", Replacement("1", 100, "A", "")),
        ("1:100:.:AC", Replacement("1", 100, "", "AC")),
        ("1-100-A-", Replacement("1", 100, "A", "")),
        ("1-100-A--", Replacement("1", 100, "A", "")),
        ("1-100---A", Replacement("1", 100, "", "A")),
        ("1\t100\tA\t", Replacement("1", 100, "A", "")),
        # An accession before a colon is SPDI, which counts from 0; with other separators it is a contig like any other.
        ("NC_012920.1:3242:A:G", Replacement("NC_012920.1", 3243, "A", "G", spdi=True)),
        ("NC_012920.1:3242:2:", Replacement("NC_012920.1", 3243, 2, "", spdi=True)),
        ("NC_012920.1:3242::TT", Replacement("NC_012920.1", 3243, "", "TT", spdi=True)),
        ("NC_012920.1-3243-A-G", Replacement("NC_012920.1", 3243, "A", "G")),
        ("rs123", RsNumber("rs123")),
        ("RS123", RsNumber("rs123")),
    ],
)
def test_positions_spdi_and_rs_numbers(text: str, expected: Replacement | RsNumber) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NC_1.2:g.5A>G", Hgvs("NC_1.2", "g", Position(5), Position(5), "delins", "A", "G")),
        ("m.5A>G", Hgvs("", "g", Position(5), Position(5), "delins", "A", "G")),
        ("NM_1.2:c.5_7del", Hgvs("NM_1.2", "c", Position(5), Position(7), "delins")),
        ("NM_1.2:c.5delA", Hgvs("NM_1.2", "c", Position(5), Position(5), "delins", "A")),
        ("NM_1.2:c.5_7del3", Hgvs("NM_1.2", "c", Position(5), Position(7), "delins", 3)),
        ("NM_1.2:c.5_6insac", Hgvs("NM_1.2", "c", Position(5), Position(6), "ins", None, "AC")),
        ("NM_1.2:c.5dup", Hgvs("NM_1.2", "c", Position(5), Position(5), "dup")),
        ("NM_1.2:c.5_6dupAC", Hgvs("NM_1.2", "c", Position(5), Position(6), "dup", "AC")),
        ("NM_1.2:c.5_6delACinsT", Hgvs("NM_1.2", "c", Position(5), Position(6), "delins", "AC", "T")),
        ("NM_1.2:c.5_6delinsT", Hgvs("NM_1.2", "c", Position(5), Position(6), "delins", None, "T")),
        ("NM_1.2:c.5_9inv", Hgvs("NM_1.2", "c", Position(5), Position(9), "inv")),
        ("NM_1.2:c.-12A>G", Hgvs("NM_1.2", "c", Position(-12), Position(-12), "delins", "A", "G")),
        ("NM_1.2:c.*5A>G", Hgvs("NM_1.2", "c", Position(5, 0, True), Position(5, 0, True), "delins", "A", "G")),
        ("NM_1.2:c.12-3_12-1del", Hgvs("NM_1.2", "c", Position(12, -3), Position(12, -1), "delins")),
        ("NM_1.2:c.-12+4A>G", Hgvs("NM_1.2", "c", Position(-12, 4), Position(-12, 4), "delins", "A", "G")),
        ("NR_1.2:n.5A>G", Hgvs("NR_1.2", "n", Position(5), Position(5), "delins", "A", "G")),
        ("NM_1.2(BRCA2):c.5dup", Hgvs("NM_1.2", "c", Position(5), Position(5), "dup")),
        ("NC_1.2(NM_3.4):c.5dup", Hgvs("NM_3.4", "c", Position(5), Position(5), "dup")),
        ("NM_1.2(BRCA2):c.5dup (p.Glu2fs)", Hgvs("NM_1.2", "c", Position(5), Position(5), "dup")),
        ("HLA-A:c.5dup", Hgvs("HLA-A", "c", Position(5), Position(5), "dup")),
    ],
)
def test_hgvs(text: str, expected: Hgvs) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NP_1.2:p.Val600Glu", "change of a protein"),
        ("p.V600E", "change of a protein"),
        ("NP_1.2:(p.Val600Glu)", "change of a protein"),
        ("NM_1.2:r.5a>g", "change of RNA"),
        ("c.5A>G", "does not say which sequence"),
        ("NM_1.2:c.5=", "nothing changes"),
        ("NM_1.2:c.(5_9)del", "leaves open"),
        ("NM_1.2:c.?_9del", "leaves open"),
        ("NM_1.2:c.5CAG[4]", "Repeated sequences"),
        ("NM_1.2:c.5_6insN[10]", "Repeated sequences"),
        ("NM_1.2:c.5_6ins10", "not given in bases"),
        ("NM_1.2:c.5_9con20_24", "Conversions"),
        ("NM_1.2:c.[5A>G;6C>T]", "several changes"),
        ("NM_1.2:c.0A>G", "no position 0"),
        ("NM_1.2:c.5A", "not in a form of HGVS"),
        ("1:100:A:G,T", "several alternate alleles"),
        ("1:100:A:<DEL>", "characters other than bases"),
        ("1:100:A:R", "characters other than bases"),
    ],
)
def test_what_cannot_be_a_variant_says_why(text: str, reason: str) -> None:
    with pytest.raises(UnresolvedError, match=reason) as caught:
        parse(text)
    assert not isinstance(caught.value, UnknownNotationError)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "Dear colleagues,",
        "rs1\t1\t100\tAG",
        "chr1\t100\t200\tname",
        "@READ:1:2:3",
        "1\t100\t.\tA\tG\t.\t.\t.",
        "12:30:45 something",
        "rs",
        ":::",
        "1:١٠:A:G",  # digits, but not those of a position
    ],
)
def test_other_text_is_in_no_notation(text: str) -> None:
    with pytest.raises(UnknownNotationError) as caught:
        parse(text)
    assert caught.value.hint
