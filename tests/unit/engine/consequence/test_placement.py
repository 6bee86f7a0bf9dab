"""Alleles are called where they are left-aligned, or where they are shifted to the 3' end of each transcript."""

from __future__ import annotations

import pytest

from annotator.engine.consequence.allele import DELETION, Allele
from annotator.engine.consequence.scalar.hgvs_c import genomic_shift
from annotator.engine.normalise import normalise, stretch_shift
from tests.invariants.slices import Entries, Slice
from tests.unit.engine.consequence.casebook import Shape

EXONS = ((101, 160), (221, 300))
CODING = "ATG" + "GCT" * 18 + "CTG" + "CAG" + "GCT" * 21 + "TAA"
INTRON = "GTAAGT" + "C" * 49 + "TGCAG"
FORWARD = Slice(
    "T" * 100 + CODING[:60] + INTRON + CODING[60:] + "T" * (80 - len(CODING[60:])) + "T" * 200,
    (Shape("ONE", "+", EXONS, 101, 220 + len(CODING[60:])),),
)
"""The intron ends with CAG, and the exon behind it begins with CAG."""
REVERSE = FORWARD.mirrored


def only(found: list[Entries]) -> dict[str, str]:
    return found[0]["TONE.1"]


@pytest.mark.parametrize(("pos", "ref", "alt"), [(217, "GCAG", "G"), (220, "GCAG", "G"), (218, "CAGCAGGCT", "CAGGCT")])
def test_a_deletion_at_an_acceptor(pos: int, ref: str, alt: str) -> None:
    """CAG is lost from the end of the intron or from the exon: nobody can say which."""
    left = only(FORWARD.entries([(pos, ref, alt)]))
    terms = "splice_acceptor_variant&splice_polypyrimidine_tract_variant&intron_variant"
    assert (left["Consequence"], left["INTRON"], left["EXON"]) == (terms, "1/1", "")
    shifted = only(FORWARD.entries([(pos, ref, alt)], shift_3prime=True))
    assert (shifted["Consequence"], shifted["EXON"]) == ("inframe_deletion&splice_region_variant", "2/2")
    assert (shifted["CDS_position"], shifted["Codons"], shifted["HGVSp"]) == ("61-63", "CAG/-", "PONE.1:p.Gln21del")
    assert left["HGVSc"] == shifted["HGVSc"] == "TONE.1:c.61_63del"


def test_the_3prime_end_is_that_of_the_transcript() -> None:
    """On the reverse strand it is the left end, where the allele is already."""
    pos = len(REVERSE.bases) + 1 - 223
    for written in (
        (pos - 1, REVERSE.at(pos - 1, 4), REVERSE.at(pos - 1)),
        (pos + 2, REVERSE.at(pos + 2, 4), REVERSE.at(pos + 2)),
    ):
        left, shifted = (only(REVERSE.entries([written], shift_3prime)) for shift_3prime in (False, True))
        assert left == shifted
        assert left["Consequence"] == "inframe_deletion&splice_region_variant"


def test_shared_bases_are_no_part_of_a_substitution() -> None:
    (entries,) = FORWARD.entries([(104, "GCT", "GCA")])
    assert entries == FORWARD.entries([(106, "T", "A")])[0]
    assert only([entries])["Codons"] == "gcT/gcA"


def test_each_allele_of_a_record_is_trimmed_on_its_own() -> None:
    (joined,) = FORWARD.entries_of_records([(104, "GCTG", ["GCAG", "GCT"])])
    assert [joined[name]["HGVSc"] for name in ("TONE.1", "TONE.1#1")] == ["TONE.1:c.6T>A", "TONE.1:c.7del"]


def test_unknown_bases_are_not_moved() -> None:
    """Otherwise each deletion of N in a gap would read the whole gap."""
    assert normalise(4000, b"NNN", b"N", lambda at, size: b"N" * size) == (4000, b"NNN", b"N")
    allele = Allele(4001, 4002, "NN", "", DELETION)
    assert [genomic_shift(allele, strand, lambda at, size: b"N" * size) for strand in (1, -1)] == [0, 0]


@pytest.mark.parametrize("unit", ["A", "CA", "CAG" * 30])
def test_a_stretch_is_shifted_as_its_bases_are(unit: str) -> None:
    bases = "GT" * 40 + unit * 300 + unit[:1] + "GGT" * 40
    repeat = range(81, 80 + 300 * len(unit) + 1, 7)

    def fetch(start: int, size: int) -> bytes:
        assert start >= 1
        return bases[start - 1 : start - 1 + size].encode()

    for start in repeat[:: len(repeat) // 9]:
        end = min(start + len(unit) * 3 - 1, len(bases))
        written = Allele(start, end, bases[start - 1 : end], "", DELETION)
        for strand, limit in ((1, len(bases)), (-1, start - 1)):
            assert stretch_shift(start, end, strand, fetch, limit) == genomic_shift(written, strand, fetch)


def test_a_stretch_is_not_shifted_over_unknown_bases_or_the_ends_of_the_contig() -> None:
    bases = b"NNAAAAAA"
    fetch = lambda start, size: bases[start - 1 : start - 1 + size]  # noqa: E731
    assert [stretch_shift(5, 5, strand, fetch, 4) for strand in (1, -1)] == [3, 2]
    assert stretch_shift(7, 9, -1, fetch, 6) == 0  # it ends beyond the contig
    assert stretch_shift(1, 1, -1, fetch, -1) == 0


def test_repeats_of_any_length() -> None:
    """The name is at the end of 3,000 equal bases, the consequence at their beginning, or at their end."""
    bases = "ACGT" * 250 + "A" * 3000 + "CGTC" * 50
    of = Slice(bases, (Shape("RNA", "+", ((1001, 1400), (1501, 4200)), biotype="lncRNA"),))
    places = [(1000, "TA", "T"), (2500, "AAA", "AA"), (3999, "AA", "A")]
    for left, shifted in zip(of.entries(places), of.entries(places, shift_3prime=True), strict=True):
        assert left["TRNA.1"]["HGVSc"] == shifted["TRNA.1"]["HGVSc"] == "TRNA.1:n.2900del"
        assert (left["TRNA.1"]["cDNA_position"], shifted["TRNA.1"]["cDNA_position"]) == ("1", "2900")


def test_flanks_are_measured_from_the_placement() -> None:
    """A base of a run that begins 5,000 bases behind the transcript, and ends farther away."""
    bases = "ACGT" * 1300 + "A" * 20 + "CGTC" * 500
    of = Slice(bases, (Shape("RNA", "+", ((101, 201),), biotype="lncRNA"),))
    written = [(5205, "AA", "A")]
    assert of.entries(written)[0]["TRNA.1"]["DISTANCE"] == "5000"
    assert list(of.entries(written, shift_3prime=True)[0]) == [""]
