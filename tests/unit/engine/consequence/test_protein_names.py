"""Names of proteins follow HGVS and describe the change that the terms describe."""

from __future__ import annotations

import pytest

from annotator.engine.consequence import ConsequenceCaller
from tests.unit.engine.consequence.casebook import chunk, entries

Variant = tuple[int, str, str]


def entry(caller: ConsequenceCaller, variant: Variant, transcript: str) -> dict[str, str]:
    pos, ref, alt = variant
    (csq,) = caller.call(chunk([(pos, ref, [alt])])).csq.to_pylist()
    return next(one for one in entries(csq) if one["Feature"] == transcript)


@pytest.mark.parametrize(
    ("variant", "transcript", "terms", "name"),
    [
        # The first residue that changes is a stop.
        ((2076, "TCATCT", "AGATGA"), "TFWD.1", "stop_gained", "p.Phe9Ter"),
        ((2596, "CACTTA", "TTGACT"), "TFWD.1", "stop_gained", "p.Thr63Ter"),
        ((9323, "CACTCGA", "C"), "TODD.1", "stop_gained&inframe_deletion", "p.Tyr24Ter"),
        # A stop codon that codes for an amino acid is an extension.
        ((2598, "CTTA", "C"), "TFWD.1", "stop_lost&inframe_deletion", "p.Ter64LeuextTer2"),
        # ...CTC CCG CCA TAA: one proline fewer, whichever codon is lost; the frameshift leaves CCT.
        ((9009, "CGGG", "C"), "TODD.1", "inframe_deletion", "p.Pro65del"),
        ((9006, "TGGG", "T"), "TODD.1", "inframe_deletion", "p.Pro65del"),
        ((9005, "AT", "A"), "TODD.1", "frameshift_variant", ""),
        # The models end within codon 54, of which no more is known.
        ((8352, "TGGTGCA", "T"), "TCUT.1", "inframe_deletion", "p.Gly52_Ala53del"),
        ((8354, "GTGCAGC", "G"), "TCUT.1", "inframe_deletion", "p.Gly52_Ala53del"),
        ((8001, "G", "T"), "TCUT.1", "coding_sequence_variant", ""),
        ((2651, "C", "A"), "TREV.1", "incomplete_terminal_codon_variant&coding_sequence_variant", ""),
        # An intron of two bases lies within the variant.
        ((5098, "GGAGGA", "AACCAC"), "TGAP.1", "missense_variant", "p.Arg23_Lys24delinsGlnPro"),
        # The start is lost, with other codons or with what lies beside the transcript.
        ((2051, "ATGC", "A"), "TFWD.1", "start_lost&inframe_deletion", "p.Met1?"),
        ((2051, "ATGCCT", "GACGTA"), "TFWD.1", "start_lost", "p.Met1?"),
        ((9380, "AATATGCTCCGACATTATCATT", "A"), "TODD.1", "start_lost", "p.Met1?"),
        # In HGVSc it lies in the intron that follows.
        ((8093, "G", "GTACCAAATGTCCGCGAGCCG"), "TCUT.1", "frameshift_variant", "p.Lys34AsnfsTer12"),
        # Without one of the two A, in the transcript and in front of it, ATG is still there.
        ((9399, "AT", "A"), "TODD.1", "start_retained_variant", ""),
    ],
)
def test_name_of_a_change(caller: ConsequenceCaller, variant: Variant, transcript: str, terms: str, name: str) -> None:
    found = entry(caller, variant, transcript)
    assert (found["Consequence"], found["HGVSp"].partition(":")[2]) == (terms, name)


def test_an_incomplete_codon_is_not_completed_from_the_utr(caller: ConsequenceCaller) -> None:
    found = entry(caller, (2651, "C", "A"), "TREV.1")
    assert (found["Amino_acids"], found["Codons"]) == ("X", "G/T")


def test_an_insertion_that_repeats_the_start_codon_is_described_behind_it(caller: ConsequenceCaller) -> None:
    """All fields are those of the 3' placement, by which start codons are judged."""
    found = entry(caller, (5018, "T", "TGACGAGTGCCACATGACAACGGGGGGGGCA"), "TGAP.1")
    assert found["Consequence"] == "inframe_insertion"
    assert (found["HGVSc"], found["CDS_position"]) == ("TGAP.1:c.-12_18dup", "18-19")
    assert (found["Protein_position"], found["Amino_acids"]) == ("6-7", "-/DECHMTTGGA")
    assert found["HGVSp"] == "PGAP.1:p.Ala6_Cys7insAspGluCysHisMetThrThrGlyGlyAla"
