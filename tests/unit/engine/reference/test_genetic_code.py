"""Genetic codes: stop codons, translation of ambiguous codons, and both strands."""

from __future__ import annotations

import pytest
from Bio.Data import CodonTable

from annotator.engine.reference.genetic_code import (
    CONTEXT_STOPS,
    STARTS,
    STOPS,
    THREE_LETTERS,
    amino_acid_codes,
    codon_table,
    codons_to_stop,
    translate,
)
from annotator.engine.reference.nucleotides import BASE_INDEX, COMPLEMENT, reverse_complement


@pytest.mark.parametrize(
    ("code", "stops"),
    [
        (1, {"TAA", "TAG", "TGA"}),
        (2, {"TAA", "TAG", "AGA", "AGG"}),
        (4, {"TAA", "TAG"}),
        (5, {"TAA", "TAG"}),
        (11, {"TAA", "TAG", "TGA"}),
    ],
)
def test_stop_codons(code: int, stops: set[str]) -> None:
    assert STOPS[code] == stops


@pytest.mark.parametrize("code", STARTS)
def test_codes_are_those_of_an_independent_library(code: int) -> None:
    table = CodonTable.unambiguous_dna_by_id[code]
    assert codon_table(code) == {**dict.fromkeys(table.stop_codons, "*"), **table.forward_table}
    assert STOPS[code] == set(table.stop_codons)
    assert set(STARTS[code]) == (set(table.start_codons) if code > 1 else {"ATG"})
    assert CONTEXT_STOPS[code] == set(table.stop_codons) & table.forward_table.keys()
    assert not STOPS[code] & set(STARTS[code])


def test_all_codes_of_ncbi() -> None:
    assert set(STARTS) == {*range(1, 7), *range(9, 17), *range(21, 34)}
    assert {code for code, stops in CONTEXT_STOPS.items() if stops} == {27, 28, 31}
    assert codons_to_stop("ATGTGATAATAG", 28) == 0
    assert codons_to_stop("ATGTGATAATAG", 33) == 4


def test_every_code_has_starts_and_stops() -> None:
    assert STARTS.keys() == STOPS.keys()


def test_codons_with_n_are_translated_where_they_have_one_meaning() -> None:
    assert translate("CTNGANNNNATGTANTA", 1) == "LXXMX"
    assert (translate("TGAAGAATA", 1), translate("TGAAGAATA", 2)) == ("*RI", "W*M")
    assert [THREE_LETTERS[one] for one in "MU*X"] == ["Met", "Sec", "Ter", "Xaa"]


def test_codons_up_to_a_stop() -> None:
    assert codons_to_stop("ATGTGATAA", 1) == 2
    assert codons_to_stop("ATGTGATAA", 2) == 3
    assert codons_to_stop("ATGTGATAA", 1, first=6) == 1
    assert codons_to_stop("ATGATAAT", 1) == 0


@pytest.mark.parametrize("code", STARTS)
def test_the_lookup_of_codons_agrees_with_the_table(code: int) -> None:
    found = amino_acid_codes(code)
    for codon, acid in codon_table(code).items():
        first, second, third = (int(BASE_INDEX[ord(base)]) for base in codon.lower())
        assert chr(found[25 * first + 5 * second + third]) == acid


def test_the_opposite_strand() -> None:
    assert reverse_complement("ACGTNacgtnR") == "RnacgtNACGT"
    assert bytes(COMPLEMENT[list(b"ACGTNacgtnR")]) == b"TGCANtgcanR"
