"""Cases that a list of usual variants shows rarely or never."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from annotator.engine.consequence import ConsequenceCaller, GeneModels, Reporting, compile_models
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.bundle import Contig
from tests.unit.engine.consequence.casebook import LENGTH, Bases, Record, at, caller, chunk, entries, gff3, models

Entry = dict[str, str]


def one(caller: ConsequenceCaller, pos: int, ref: str, alt: str, name: str, end: int | None = None) -> Entry:
    """The entry of one allele and one transcript."""
    called = caller.call(chunk([(pos, ref, [alt])], {} if end is None else {0: end}))
    return next(entry for entry in entries(called.csq[0].as_py()) if entry["Feature"] == name)


def other(base: str) -> str:
    return "ACGT"[("ACGT".index(base) + 1) % 4]


def test_selenocysteine_is_no_stop(caller: ConsequenceCaller) -> None:
    assert at(11031, 3) == "TGA"
    lost = one(caller, 11033, "A", "G", "TSEC.1")
    assert (lost["Consequence"], lost["Amino_acids"]) == ("missense_variant", "U/W")
    assert lost["HGVSp"] == "PSEC.1:p.Sec11Trp"
    stop = one(caller, 11032, "G", "A", "TSEC.1")
    assert (stop["Consequence"], stop["Amino_acids"]) == ("stop_gained", "U/*")
    assert stop["HGVSp"] == "PSEC.1:p.Sec11Ter"


def test_first_codon_is_unknown(caller: ConsequenceCaller) -> None:
    """Without a known start no start is lost, and positions count the bases that are missing."""
    entry = one(caller, 8003, at(8003), other(at(8003)), "TCUT.1")
    assert entry["FLAGS"] == "cds_start_NF"
    assert entry["CDS_position"] == "4"
    assert not {"start_lost", "start_retained_variant"} & set(entry["Consequence"].split("&"))


def test_overlapping_genes_have_an_entry_each(caller: ConsequenceCaller) -> None:
    found = entries(caller.call(chunk([(2615, at(2615), [other(at(2615))])])).csq[0].as_py())
    inside = {entry["Feature"]: entry for entry in found if not entry["DISTANCE"]}
    assert inside["TFWD.1"]["Consequence"] == "3_prime_UTR_variant"
    assert inside["TREV.1"]["Consequence"] == "3_prime_UTR_variant"
    assert [entry["Feature"] for entry in found] == sorted(entry["Feature"] for entry in found)


def test_long_deletions_left_and_right_of_a_border(caller: ConsequenceCaller) -> None:
    left = one(caller, 2090, at(2090, 41), at(2090), "TFWD.1")
    assert (
        left["Consequence"]
        == "splice_donor_variant&splice_donor_5th_base_variant&coding_sequence_variant&intron_variant"
    )
    assert (left["cDNA_position"], left["CDS_position"]) == ("91-?", "41-?")
    right = one(caller, 2280, at(2280, 41), at(2280), "TFWD.1")
    assert right["Consequence"] == "splice_acceptor_variant&coding_sequence_variant&intron_variant"
    assert (right["EXON"], right["INTRON"]) == ("2/3", "1/2")
    assert right["CDS_position"] == "?-70"
    whole = one(caller, 1900, at(1900, 800), at(1900), "TFWD.1")
    assert (whole["Consequence"], whole["IMPACT"]) == ("transcript_ablation", "HIGH")


def test_multi_allelic_records_lose_a_base_that_all_share(caller: ConsequenceCaller) -> None:
    pos = 2560
    ref = at(pos, 3)
    found = entries(
        caller.call(chunk([(pos, ref, [ref[0], ref + "ACG", ref[0] + other(ref[1]) + ref[2]])])).csq[0].as_py()
    )
    alleles = [entry["Allele"] for entry in found if entry["Feature"] == "TFWD.1"]
    assert alleles == ["-", ref[1:] + "ACG", other(ref[1]) + ref[2]]


def test_an_only_allele_loses_all_that_is_shared(caller: ConsequenceCaller) -> None:
    ref = at(2555, 6)
    padded = one(caller, 2555, ref, ref[:2] + ref[3:], "TFWD.1")
    bare = one(caller, 2556, ref[1:3], ref[1], "TFWD.1")
    assert padded == bare


@pytest.mark.parametrize(
    ("alt", "allele", "terms"),
    [
        ("<DEL>", "deletion", {"splice_donor_variant", "coding_sequence_variant", "intron_variant"}),
        ("<DUP>", "duplication", {"feature_elongation", "coding_sequence_variant", "intron_variant"}),
        ("<INV>", "inversion", {"splice_donor_variant", "coding_sequence_variant", "intron_variant"}),
        ("<CNV>", "copy_number_variation", {"coding_sequence_variant", "intron_variant"}),
    ],
)
def test_symbolic_alleles_by_overlap(caller: ConsequenceCaller, alt: str, allele: str, terms: set[str]) -> None:
    entry = one(caller, 2080, at(2080), alt, "TFWD.1", end=2200)
    assert entry["Allele"] == allele
    assert set(entry["Consequence"].split("&")) >= terms
    assert (entry["HGVSc"], entry["Amino_acids"]) == ("TFWD.1:c.31_50+100del" if alt == "<DEL>" else "", "")


@pytest.mark.parametrize(("alt", "allele"), [("G[1:9000[", "G."), ("]1:9000]G", ".G"), ("G.", "G."), (".G", ".G")])
def test_breakends_truncate(caller: ConsequenceCaller, alt: str, allele: str) -> None:
    entry = one(caller, 2080, at(2080), alt, "TFWD.1")
    assert entry["Allele"] == allele
    assert "feature_truncation" in entry["Consequence"]
    assert "frameshift_variant" not in entry["Consequence"]


@pytest.mark.parametrize("alt", ["<DEL>", "<DUP>", "<INV>", "<INS>", "<CNV>", "A[1:9000["])
def test_structural_variants_have_the_term_of_decay(caller: ConsequenceCaller, alt: str) -> None:
    for pos, end in ((10020, 10040), (10150, 10160), (10090, 10310)):
        entry = one(caller, pos, at(pos), alt, "TNMD.1", end=end)
        assert entry["Consequence"].split("&")[-1] == "NMD_transcript_variant"


def test_deletion_of_unknown_length_moves_no_frame(caller: ConsequenceCaller) -> None:
    known = one(caller, 2060, at(2060), "<DEL>", "TFWD.1", end=2061)
    assert known["Consequence"] == "frameshift_variant"
    unknown = one(caller, 2060, at(2060), "<DEL>", "TFWD.1", end=0)
    assert unknown["Consequence"] == "feature_truncation&coding_sequence_variant"


@pytest.mark.parametrize(("pos", "end"), [(2290, 2345), (2299, 2341), (2090, 2110), (2495, 2505)])
@pytest.mark.parametrize("name", ["TFWD.1", "TREV.1"])
def test_symbolic_deletions_have_the_splice_terms_of_written_ones(
    caller: ConsequenceCaller, pos: int, end: int, name: str
) -> None:
    by = 0 if name == "TFWD.1" else 700 if pos < 2200 else 705
    first, last = pos + by, end + by
    symbolic, written = (
        {term for term in one(caller, first, ref, alt, name, end=last)["Consequence"].split("&") if "splice" in term}
        for ref, alt in ((at(first), "<DEL>"), (at(first, last - first + 1), at(first)))
    )
    assert symbolic == written


@pytest.mark.parametrize("alt", ["<INS>", "<INS:ME:ALU>", "<INS:NOVEL>"])
def test_insertions_that_part_a_splice_site(caller: ConsequenceCaller, alt: str) -> None:
    """FWD has an intron at 2101-2300, REV at 2701-3000, on the other strand; POS is the base before the insertion."""
    cases = (
        *((2101, "TFWD.1", "splice_donor_variant"), (2299, "TFWD.1", "splice_acceptor_variant")),
        *((2701, "TREV.1", "splice_acceptor_variant"), (2999, "TREV.1", "splice_donor_variant")),
    )
    for pos, name, term in cases:
        assert term in one(caller, pos, at(pos), alt, name)["Consequence"].split("&")
    for pos, name in ((2100, "TFWD.1"), (2102, "TFWD.1"), (2298, "TFWD.1"), (2300, "TFWD.1"), (2700, "TREV.1")):
        assert "splice_" not in one(caller, pos, at(pos), alt, name)["Consequence"]


def test_symbolic_deletion_of_everything(caller: ConsequenceCaller) -> None:
    entry = one(caller, 1000, at(1000), "<DEL>", "TFWD.1", end=2700)
    assert (entry["Consequence"], entry["EXON"]) == ("transcript_ablation", "")


def test_star_is_kept_by_overlap_and_moves_no_frame(caller: ConsequenceCaller) -> None:
    ref = at(2560)
    found = entries(caller.call(chunk([(2560, ref, [other(ref), "*"])])).csq[0].as_py())
    star = next(entry for entry in found if entry["Feature"] == "TFWD.1" and entry["Allele"] == "*")
    assert star["Consequence"] == "coding_sequence_variant"


def test_records_without_alleles_are_null_and_others_are_in_order(tmp_path: Path) -> None:
    """A contig without genes has variants between genes only."""
    nothing = ConsequenceCaller(models(tmp_path).contig("2"), Bases(), 1, Reporting(bcsq=True))
    given: list[Record] = [(100, at(100), []), (15_900, at(15_900), [other(at(15_900))]), (15_950, at(15_950), [])]
    called = nothing.call(chunk(given))
    assert called.csq.is_null().to_pylist() == [True, False, True]
    assert called.csq[1].as_py().split(b"|")[1:3] == [b"intergenic_variant", b"MODIFIER"]
    assert called.terms.tolist() == [0, BIT["intergenic_variant"], 0]
    assert called.bcsq[1].as_py() == b"intergenic_variant|||"
    assert called.reported.to_pylist()[0]["transcript"] is None


def test_empty_chunk(caller: ConsequenceCaller) -> None:
    called = caller.call(chunk([]))
    assert (len(called.csq), len(called.bcsq), called.reported.num_rows) == (0, 0, 0)


def test_known_identifiers_and_tags_of_transcripts(caller: ConsequenceCaller) -> None:
    called = caller.call(chunk([(3050, at(3050), [other(at(3050))])]), existing=pa.array([b"rs1&COSV2"], pa.binary()))
    found = {entry["Feature"]: entry for entry in entries(called.csq[0].as_py())}
    assert {entry["Existing_variation"] for entry in found.values()} == {"rs1&COSV2"}
    assert found["TREV.1"]["CANONICAL"] == "YES"
    assert found["TFWD.1"]["CANONICAL"] == ""


def test_reported_transcript_of_an_allele(caller: ConsequenceCaller) -> None:
    pos = next(place for place in range(2505, 2590) if at(place) != "A")
    called = caller.call(chunk([(pos, at(pos), ["A"])]))
    row = called.reported.to_pylist()[0]
    assert row["transcript"] == "TFWD.1"
    assert row["consequence"] in row["consequences"]
    assert (row["gene"], row["biotype"]) == ("FWD", "protein_coding")
    assert row["most_severe_transcript"] == "TFWD.1"
    assert row["protein_position"] == (pos - 2501 + 90) // 3 + 1


def test_flanks_end_at_5000_bases(caller: ConsequenceCaller) -> None:
    near, far = (
        {entry["Feature"]: entry for entry in entries(csq.as_py())}
        for csq in caller.call(chunk([(pos, at(pos), [other(at(pos))]) for pos in (7400 + 5000, 7400 + 5001)])).csq
    )
    assert (near["TRNA.1"]["Consequence"], near["TRNA.1"]["DISTANCE"]) == ("downstream_gene_variant", "5000")
    assert "TRNA.1" not in far


def test_flanks_reach_across_the_origin_of_a_circle(tmp_path: Path) -> None:
    (tmp_path / "m.gff3").write_text(gff3(), encoding="utf-8")
    contig = Contig("1", LENGTH, 1, frozenset({"ATG"}), True, ())
    compile_models(tmp_path / "m.gff3", [contig], tmp_path / "m.arrow")
    circle = GeneModels.load(tmp_path / "m.arrow").contig("1", length=LENGTH, circular=True)
    found = entries(
        ConsequenceCaller(circle, Bases(), 1).call(chunk([(15_900, at(15_900), [other(at(15_900))])])).csq[0].as_py()
    )
    (forward,) = (entry for entry in found if entry["Feature"] == "TFWD.1")
    assert (forward["Consequence"], forward["DISTANCE"]) == ("upstream_gene_variant", str(LENGTH + 2001 - 15_900))


def test_a_small_circle_has_one_entry_for_a_transcript(tmp_path: Path) -> None:
    """A turn around it is shorter than two flanks: the transcript that holds a variant flanks it, too."""
    length = 3_000
    line = "1\tx\t{}\t2001\t2620\t.\t+\t{}\t{}\n"
    rows = (
        ("gene", ".", "ID=gene:G;Name=G;gene_id=G"),
        ("mRNA", ".", "ID=transcript:T;Parent=gene:G;biotype=protein_coding"),
        ("exon", ".", "Parent=transcript:T"),
        ("CDS", "0", "ID=CDS:P;Parent=transcript:T;protein_id=P"),
    )
    (tmp_path / "m.gff3").write_text("##gff-version 3\n" + "".join(line.format(*row) for row in rows))
    contig = Contig("1", length, 1, frozenset({"ATG"}), True, ())
    compile_models(tmp_path / "m.gff3", [contig], tmp_path / "m.arrow")
    circle = GeneModels.load(tmp_path / "m.arrow").contig("1", length=length, circular=True)
    caller = ConsequenceCaller(circle, Bases(), 1)
    found = [
        [(entry["Feature"], entry["DISTANCE"]) for entry in entries(csq.as_py())]
        for csq in caller.call(chunk([(100, at(100), [other(at(100))]), (2100, at(2100), [other(at(2100))])])).csq
    ]
    assert found == [[("T", str(100 + length - 2620))], [("T", "")]]


def test_other_genetic_codes(tmp_path: Path) -> None:
    """TGA is tryptophan in the mitochondrion's code."""
    usual, mitochondrial = caller(tmp_path, 1), caller(tmp_path, 2)
    pos = next(place for place in range(2501, 2595, 3) if at(place, 2) == "TG" or at(place, 3)[1:] == "GA")
    for called, code in ((usual, 1), (mitochondrial, 2)):
        entry = one(called, pos + 2 if at(pos, 2) == "TG" else pos, *change(pos), "TFWD.1")
        assert ("stop_gained" in entry["Consequence"]) == (code == 1)


def change(pos: int) -> tuple[str, str]:
    """The change that makes TGA of a codon that misses one base of it."""
    codon = at(pos, 3)
    return (codon[2], "A") if codon.startswith("TG") else (codon[0], "T")
