"""Every field of CSQ against what Ensembl VEP 115 says of the same variants and transcripts.

VEP takes alleles as they are written. So that all of its answers count, the caller is given VEP's placement of the
alleles where they are not normalised; other tests see to it that every spelling gets the answer of the normalised one.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine.compare.errata import erratum
from annotator.engine.consequence import ConsequenceCaller
from annotator.engine.consequence.allele import minimal
from annotator.engine.normalise import Normalised
from tests.unit.engine.consequence.casebook import Record, at, chunk, entries

ANSWERS = Path(__file__).with_name("vep115.tsv")
FIELDS = (
    *("Consequence", "EXON", "INTRON", "HGVSc", "HGVSp", "cDNA_position", "CDS_position", "Protein_position"),
    *("Amino_acids", "Codons", "DISTANCE"),
)


def answers() -> list[dict[str, str]]:
    with ANSWERS.open(encoding="utf-8") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return list(rows)


def as_vep_places_it(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """An allele trimmed as VEP does, with the base in front where one side is empty."""
    if len(ref) == len(alt):
        return pos, ref, alt
    shared, ref, alt = minimal(ref, alt)
    before = at(pos + shared - 1) if not ref or not alt else ""
    return pos + shared - len(before), before + ref, before + alt


@pytest.fixture(scope="module")
def ours(caller: ConsequenceCaller) -> dict[tuple[str, str, str, str, str], dict[str, str]]:
    """Our entries by position, alleles of the record, allele and transcript."""
    records = sorted({(int(row["POS"]), row["REF"], row["ALT"]) for row in answers()})
    written: list[Record] = [(pos, ref, alts.split(",")) for pos, ref, alts in records]
    given = chunk(written)
    placed = [as_vep_places_it(pos, ref, alt) for pos, ref, alts in written for alt in alts]
    places, refs, alternates = zip(*placed, strict=True)
    given.normalised = Normalised(
        np.array(places), *(pa.array([one.encode() for one in column], pa.binary()) for column in (refs, alternates))
    )
    found = {}
    for (pos, ref, alts), csq in zip(records, caller.call(given).csq.to_pylist(), strict=True):
        for entry in entries(csq):
            found[str(pos), ref, alts, entry["Allele"], entry["Feature"]] = entry
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_field_agrees_with_vep(ours: dict[tuple[str, str, str, str, str], dict[str, str]], name: str) -> None:
    different = []
    for row in answers():
        entry = ours[row["POS"], row["REF"], row["ALT"], row["Allele"], row["Feature"]]
        if entry[name] != row[name] and not vep_is_wrong(row, entry, name):
            different.append((row["POS"], row["REF"], row["ALT"], row["Feature"], row[name], entry[name]))
    assert different == []


OURS = {
    # Terms that exclude each other; the start codon is whole, in this spelling or in the most 3' one.
    ("2052", "TGCCTGGGAA", "T", "TFWD.1", "Consequence"): "inframe_deletion",
    ("2052", "TGCCTGGGAA", "T", "TFWD.1", "HGVSp"): "PFWD.1:p.Pro2_Lys4del",
    ("2053", "GC", "GG", "TFWD.1", "Consequence"): "missense_variant&start_retained_variant",
    ("2053", "GC", "GG", "TFWD.1", "HGVSp"): "PFWD.1:p.Pro2Ala",
    # Another spelling of the same deletion touches the start codon, which stays.
    ("5028", "CAC", "C", "TGAP.1", "Consequence"): "start_retained_variant&5_prime_UTR_variant",
    # Two bases of the intron's splice region differ, and the last base, which does not lie in it.
    ("7107", "ACGC", "TAGA", "TRNA.1", "Consequence"): (
        "splice_region_variant&intron_variant&non_coding_transcript_variant"
    ),
    # The change goes beyond an end of the transcript and takes its first or last codon with it.
    ("9002", "CTTA", "TAAG", "TODD.1", "Consequence"): "stop_lost",
    ("9399", "ATTCCTCAG", "GAT", "TODD.1", "Consequence"): "start_lost",
    ("10996", "ACGCCATGGAAGGAGGAGTAG", "A", "TSEC.1", "Consequence"): "start_lost",
    ("11000", "CAT", "GGGACT", "TSEC.1", "Consequence"): "start_lost",
    ("12195", "GTCATA", "TGCAAA", "TTIP.1", "Consequence"): "start_lost",
    ("12199", "TA", "CG", "TTIP.1", "Consequence"): "start_lost",
    ("12199", "TACGTCGTATGGGGGGCTAG", "G", "TTIP.1", "Consequence"): "start_lost",
    # There is no 5' UTR, or no 3' UTR.
    ("7999", "ACGC", "A", "TCUT.1", "Consequence"): "coding_sequence_variant",
    ("11998", "GAGG", "G", "TTIP.1", "Consequence"): (
        "splice_region_variant&incomplete_terminal_codon_variant&coding_sequence_variant"
    ),
    # The first other amino acid is a stop: p.Leu47Ter, p.Ser2Ter, p.Val42Ter.
    ("3062", "AG", "A", "TREV.1", "Consequence"): "stop_gained&frameshift_variant",
    ("3445", "ACT", "A", "TREV.1", "Consequence"): "stop_gained&frameshift_variant",
    ("8320", "AATGTA", "A", "TCUT.1", "Consequence"): "stop_gained&frameshift_variant",
    # The models have no stop that could be retained.
    ("8354", "G", "GTGC", "TCUT.1", "Consequence"): "inframe_insertion",
    ("8355", "T", "TGCA", "TCUT.1", "Consequence"): "inframe_insertion",
    ("8357", "C", "CA", "TCUT.1", "Consequence"): "frameshift_variant",
    ("8358", "AGC", "GAG", "TCUT.1", "Consequence"): "coding_sequence_variant",
    # Bases behind the stop codon: the protein is the same.
    ("9003", "TT", "CGTTCT", "TODD.1", "Consequence"): "stop_retained_variant",
    ("9003", "TT", "CGTTCT", "TODD.1", "HGVSp"): "PODD.1:p.Ter66%3D",
    ("9006", "T", "TTCCGCGGATTAT", "TODD.1", "Consequence"): "stop_retained_variant",
}
"""Where terms and protein would not agree in VEP's answer, ours by position, REF and ALT; see docs/vep-errata.md."""


def test_where_vep_contradicts_itself(ours: dict[tuple[str, str, str, str, str], dict[str, str]]) -> None:
    """Each of the exceptions is what we say, and is one: VEP says something else."""
    theirs = {
        (row["POS"], row["REF"], row["ALT"], row["Feature"], name): row[name] for row in answers() for name in FIELDS
    }
    found = {}
    for pos, ref, alts, name, field in OURS:
        entry = next(one for (*key, _, feature), one in ours.items() if (*key, feature) == (pos, ref, alts, name))
        found[pos, ref, alts, name, field] = entry[field]
        assert theirs[pos, ref, alts, name, field] != entry[field]
    assert found == OURS


NAMES = {
    *("name-of-a-lost-start", "first-change-is-a-stop", "unknown-residue-as-stop"),
    *("codon-beyond-exon", "protein-unchanged-at-stop", "moved-out-of-the-coding-sequence"),
}
"""Defects of the names and codons of proteins."""


def vep_is_wrong(row: dict[str, str], entry: dict[str, str], name: str) -> bool:
    """Whether VEP's answer is known to be wrong: one of :data:`OURS` or :data:`NAMES`, or one of two kinds.

    With models from GFF, VEP reads the 3' UTR of transcripts on the reverse strand from the wrong end: what it says of
    amino acids behind the stop codon does not hold. It names an insertion behind the last base of such a transcript.
    """
    if (row["POS"], row["REF"], row["ALT"], row["Feature"], name) in OURS:
        return True
    if name in ("HGVSp", "Amino_acids", "Codons") and erratum(name, entry, row) in NAMES:
        return True
    behind_stop = name == "HGVSp" and row["Feature"] == "TREV.1" and re.search(r"(fs|ext)Ter", row["HGVSp"]) is not None
    return behind_stop or (name == "HGVSc" and row["HGVSc"] == "TODD.1:c.198_*1insTCCGCGGAATAA")


def test_answers_are_of_every_kind() -> None:
    """The list has indels at exon borders, start and stop codons: a list without them would prove little."""
    terms = {term for row in answers() for term in row["Consequence"].split("&")}
    assert terms >= {
        *("frameshift_variant", "inframe_deletion", "inframe_insertion", "protein_altering_variant", "stop_gained"),
        *("stop_lost", "stop_retained_variant", "start_lost", "start_retained_variant", "coding_sequence_variant"),
        *("splice_donor_variant", "splice_acceptor_variant", "splice_donor_5th_base_variant", "splice_region_variant"),
        *("splice_donor_region_variant", "splice_polypyrimidine_tract_variant", "incomplete_terminal_codon_variant"),
        *("5_prime_UTR_variant", "3_prime_UTR_variant", "intron_variant", "NMD_transcript_variant"),
        *("non_coding_transcript_exon_variant", "non_coding_transcript_variant", "upstream_gene_variant"),
    }
    assert any("?" in row["cDNA_position"] for row in answers())
    assert any("dup" in row["HGVSp"] for row in answers())
    assert any("inv" in row["HGVSc"] for row in answers())
