"""Names of alleles on the genome: class, HGVS and SPDI, whichever way the file spells the allele."""

from __future__ import annotations

import random

import pytest

from annotator.engine.consequence.genomic_names import GenomicNames, variant_class
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.reference.bundle import Contig, around_origin
from tests.unit.engine.consequence.casebook import chunk

BASES = "GCTTTTAGCACACATGACCATTTTT"
"""Position 3 begins four T, 9 begins CACACA, 21 to the end are five T."""


def names(bases: str = BASES, circular: bool = False) -> GenomicNames:
    def fetch(start: int, length: int) -> bytes:
        assert start > 0
        return bases[start - 1 : start - 1 + length].encode()

    if circular:
        return GenomicNames("NC_1.1:m.", around_origin(fetch, len(bases)), len(bases))
    return GenomicNames("NC_1.1:g.", fetch)


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "hgvs", "spdi"),
    [
        (2, "C", "A", "2C>A", "1:C:A"),
        (1, "GC", "GA", "2C>A", "1:C:A"),
        (2, "CT", "C", "6del", "2:TTTT:TTT"),
        (3, "TTT", "T", "5_6del", "2:TTTT:TT"),
        (2, "C", "CT", "6dup", "2:TTTT:TTTTT"),
        (5, "T", "TTT", "5_6dup", "2:TTTT:TTTTTT"),
        (6, "T", "TG", "6_7insG", "6::G"),
        (9, "CAC", "C", "13_14del", "8:CACACA:CACA"),
        (8, "G", "GCA", "13_14dup", "8:CACACA:CACACACA"),
        (9, "C", "CAC", "13_14dup", "8:CACACA:CACACACA"),
        (7, "AGC", "GCT", "7_9inv", "6:AGC:GCT"),
        (7, "AG", "CT", "7_8inv", "6:AG:CT"),
        (7, "AG", "TC", "7_8delinsTC", "6:AG:TC"),
        (7, "AG", "C", "7_8delinsC", "6:AG:C"),
        (7, "A", "CTT", "7delinsCTT", "6:A:CTT"),
        (20, "AT", "A", "25del", "20:TTTTT:TTTT"),
        (25, "T", "TTG", "25_26insTG", "25::TG"),
        (1, "GC", "C", "1del", "0:G:"),
        (1, "G", "AG", "", "0::A"),
        (2, "C", "<DEL>", "", ""),
        (2, "C", "*", "", ""),
    ],
)
def test_names(pos: int, ref: str, alt: str, hgvs: str, spdi: str) -> None:
    assert BASES[pos - 1 :].startswith(ref)
    one = chunk([(pos, ref, [alt])])
    assert names().hgvs(one).to_pylist() == [f"NC_1.1:g.{hgvs}" if hgvs else ""]
    assert names().spdi(one).to_pylist() == [f"NC_1.1:{spdi}" if spdi else ""]


def test_names_around_the_origin_of_a_circle() -> None:
    """G at 1 is preceded by the T at the end; a base is inserted between the two."""
    circle = names("TTGCATT", circular=True)
    assert circle.hgvs_of(1, "TT", "T") == "NC_1.1:m.2del"
    assert circle.spdi_of(1, "TT", "T") == "NC_1.1:5:TTTT:TTT"
    assert circle.hgvs_of(5, "AT", "A") == "NC_1.1:m.2del"
    assert names("GCAT", circular=True).hgvs_of(4, "T", "TC") == "NC_1.1:m.4_1insC"


def applied(bases: str, spdi: str) -> str:
    _, at, old, new = spdi.split(":")
    assert bases[int(at) : int(at) + len(old)] == old
    return bases[: int(at)] + new + bases[int(at) + len(old) :]


def test_every_spelling_has_the_same_names() -> None:
    """All ways to write a change with a few bases more on either side, or elsewhere in a repeat."""
    chance = random.Random(11)
    several = 0
    for _ in range(120):
        bases = "".join(chance.choice("AC" if chance.random() < 0.8 else "ACGT") for _ in range(30))
        first = chance.randrange(8, 20)
        cut, added = chance.choice([(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (4, 0), (2, 2), (3, 1)])
        changed = bases[:first] + "".join(chance.choice("AC") for _ in range(added)) + bases[first + cut :]
        if changed == bases:
            continue
        spellings = set()
        for low in range(1, 29):
            for high in range(low, 29):
                end = len(changed) - (len(bases) - high)
                if end > low and bases[:low] == changed[:low] and bases[high:] == changed[end:]:
                    spellings.add((low, bases[low - 1 : high], changed[low - 1 : end]))
        several += len(spellings) > 1
        found = {(names(bases).hgvs_of(*one), names(bases).spdi_of(*one), variant_class(*one[1:])) for one in spellings}
        assert len(found) == 1, (bases, changed, found)
        ((_, spdi, _),) = found
        assert applied(bases, spdi) == changed
    assert several > 90


@pytest.mark.parametrize(
    ("ref", "alt", "expected"),
    [
        ("A", "C", "SNV"),
        ("AT", "AC", "SNV"),
        ("AT", "CC", "substitution"),
        ("A", "AT", "insertion"),
        ("GTA", "GCTA", "insertion"),
        ("AT", "A", "deletion"),
        ("AT", "CGG", "indel"),
        ("A", "*", "sequence_alteration"),
        ("A", "<DEL>", "deletion"),
        ("A", "<DEL:ME:ALU>", "Alu_deletion"),
        ("A", "<DUP>", "duplication"),
        ("A", "<DUP:TANDEM>", "tandem_duplication"),
        ("A", "<INS>", "insertion"),
        ("A", "<INS:ME>", "mobile_element_insertion"),
        ("A", "<INS:ME:L1>", "LINE1_insertion"),
        ("A", "<INV>", "inversion"),
        ("A", "<CNV>", "copy_number_variation"),
        ("A", "<CN0>", "deletion"),
        ("A", "<CN2>", "duplication"),
        ("A", "<CN5>", "copy_number_variation"),
        ("A", "<CNV:TR>", "tandem_repeat"),
        ("A", "]2:17]A", "chromosome_breakpoint"),
        ("A", "A.", "chromosome_breakpoint"),
        ("A", "<OTHER>", "sequence_alteration"),
    ],
)
def test_class(ref: str, alt: str, expected: str) -> None:
    assert variant_class(ref, alt) == expected
    one = chunk([(1, ref, [alt])])
    alleles = Alleles.of(one, lambda _, length: b"G" * length)
    assert GenomicNames.classes(one, alleles).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("name", "aliases", "expected"),
    [
        ("22", ("chr22", "CM000684.2", "NC_000022.11"), "NC_000022.11:g."),
        ("MT", ("chrM", "NC_012920.1", "J01415.2"), "NC_012920.1:m."),
        ("CP012345.1", ("plasmid",), "CP012345.1:g."),
        ("chrM", (), "chrM:m."),
        ("Mito", (), "Mito:m."),
        ("scaffold_7", (), "scaffold_7:g."),
    ],
)
def test_prefix_of_a_contig(name: str, aliases: tuple[str, ...], expected: str) -> None:
    assert Contig(name, 100, 1, frozenset(), False, aliases).hgvs_prefix == expected
