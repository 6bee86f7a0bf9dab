"""Known defects of VEP: our answer for an example of each, and whether a comparison recognises it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from annotator.engine import Reference
from annotator.engine.compare.errata import ERRATA, erratum
from annotator.engine.consequence import ConsequenceCaller, GeneModels, compile_models
from annotator.engine.reference.bundle import Contig
from tests.unit.engine.conftest import PROJECT, Result
from tests.unit.engine.consequence.casebook import GENOME, LENGTH, Bases, at, chunk, entries

Entry = dict[str, str]


@dataclass(frozen=True)
class Example:
    """A variant on the casebook's models.

    Attributes:
        id: of the erratum.
        pos: 1-based.
        ref: the reference's bases; the base at ``pos`` for a symbolic allele.
        alt: alternate allele.
        transcript: whose entry is looked at.
        ours: the terms that we give.
        theirs: the terms that VEP gives.
        end: last base of a symbolic allele.
        more: other fields of VEP's entry.
    """

    id: str
    pos: int
    ref: str
    alt: str
    transcript: str
    ours: str
    theirs: str
    end: int = 0
    more: Entry = field(default_factory=dict)


BEYOND = {"cDNA_position": "?-7", "CDS_position": "?-7"}
EXAMPLES = (
    Example(
        *("start-lost-and-retained", 2052, "TGCCTGGGAA", "T", "TFWD.1", "inframe_deletion"),
        "start_lost&inframe_deletion&start_retained_variant",
    ),
    Example(
        *("splice-region-overwritten", 7107, "ACGC", "TAGA", "TRNA.1"),
        "splice_region_variant&intron_variant&non_coding_transcript_variant",
        "intron_variant&non_coding_transcript_variant",
    ),
    Example(
        *("stop-retained-by-insertion", 8357, "C", "CA", "TCUT.1", "frameshift_variant"),
        "inframe_insertion&stop_retained_variant",
    ),
    Example(
        *("stop-gained-by-frameshift", 3062, "AG", "A", "TREV.1", "stop_gained&frameshift_variant"),
        "frameshift_variant",
    ),
    Example(
        *("protein-unchanged-at-stop", 9003, "TT", "CGTTCT", "TODD.1", "stop_retained_variant"),
        "inframe_insertion&stop_retained_variant",
    ),
    Example(
        *("stop-retained-without-stop", 8354, "G", "GTGC", "TCUT.1", "inframe_insertion"),
        "inframe_insertion&stop_retained_variant",
    ),
    Example(
        *("codon-beyond-exon", 12199, "TACGTCGTATGGGGGGCTAG", "G", "TTIP.1", "start_lost"),
        "coding_sequence_variant&5_prime_UTR_variant",
        more=BEYOND,
    ),
    Example(
        *("utr-without-bases", 7999, "ACGC", "A", "TCUT.1", "coding_sequence_variant"),
        "coding_sequence_variant&5_prime_UTR_variant",
        more=BEYOND,
    ),
    Example(
        *("tract-beside-short-intron", 5494, "A", "C", "TGAP.1"),
        "splice_region_variant&splice_polypyrimidine_tract_variant&intron_variant",
        "splice_region_variant&intron_variant",
    ),
    Example(
        *("selenocysteine", 11033, "A", "G", "TSEC.1", "missense_variant", "stop_lost"), more={"Amino_acids": "*/W"}
    ),
    Example(
        *("symbolic-deletion", 2290, "C", "<DEL>", "TFWD.1"),
        "splice_acceptor_variant&splice_donor_variant&splice_donor_5th_base_variant&coding_sequence_variant"
        "&intron_variant",
        "feature_truncation&coding_sequence_variant&intron_variant",
        end=2350,
    ),
    Example(
        *("symbolic-duplication", 2049, "A", "<DUP>", "TFWD.1", "frameshift_variant"),
        "start_lost&feature_elongation&start_retained_variant&coding_sequence_variant",
        end=2056,
    ),
    Example(
        *("symbolic-inversion", 2290, "C", "<INV>", "TFWD.1"),
        "splice_acceptor_variant&splice_donor_variant&splice_donor_5th_base_variant&coding_sequence_variant"
        "&intron_variant",
        "coding_sequence_variant&intron_variant",
        end=2350,
    ),
    Example(
        *("symbolic-insertion", 2280, at(2280), "<INS>", "TFWD.1", "intron_variant"),
        "feature_elongation&coding_sequence_variant&intron_variant",
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.id)
def test_answer_and_rule(caller: ConsequenceCaller, example: Example) -> None:
    given = chunk([(example.pos, example.ref, [example.alt])], {0: example.end} if example.end else {})
    csq = caller.call(given).csq[0].as_py()
    ours = next(entry for entry in entries(csq) if entry["Feature"] == example.transcript)
    assert ours["Consequence"] == example.ours
    theirs = {**ours, "Consequence": example.theirs, **example.more}
    assert erratum("Consequence", ours, theirs) == example.id
    assert erratum("Consequence", theirs, ours) is None
    assert erratum("STRAND", ours, theirs) is None


def test_start_codons_of_the_code(vcf: Callable[..., Path], run: Callable[..., Result]) -> None:
    result = run(vcf([(4472, "T", "C")]))
    found = {entry.split("|")[3]: entry.split("|") for entry in result.info(0)["CSQ"].split(",")}
    assert found["MT-ND2"][1] == "start_retained_variant"


def test_code_behind_a_frameshift(
    vcf: Callable[..., Path], run: Callable[..., Result], bases: Callable[..., str], rcrs: Reference
) -> None:
    """TGA is Trp: the protein goes on to the next stop of the contig's code."""
    result = run(vcf([(3310, bases(3310), bases(3310) + "G")]))
    name = next(entry.split("|")[11] for entry in result.info(0)["CSQ"].split(",") if entry.split("|")[3] == "MT-ND1")
    to_stop = re.search(r"fsTer(\d+)", name)
    assert to_stop is not None
    altered = bases(3307, 4) + "G" + bases(3311, 956)
    frame = altered[3:]
    stops = [at for at in range(0, len(frame) - 2, 3) if frame[at : at + 3] in ("TAA", "TAG", "AGA", "AGG")]
    assert stops[0] // 3 + 2 - int(re.search(r"p\.[A-Za-z]{3}(\d+)", name)[1]) + 1 == int(to_stop[1])  # type: ignore[index]


def test_long_variants_are_not_skipped(caller: ConsequenceCaller) -> None:
    csq = caller.call(chunk([(1, at(1), ["<DEL>"])], {0: LENGTH * 1000})).csq[0].as_py()
    found = entries(csq)
    assert {entry["Consequence"] for entry in found} == {"transcript_ablation"}
    assert erratum("Consequence", found[0], None) == "long-variants-skipped"


def test_blocks_beside_variants_have_no_entry(vcf: Callable[..., Path], run: Callable[..., Result]) -> None:
    result = run(vcf([(3310, "C", "T,<NON_REF>")]))
    alleles = {entry.split("|")[0] for entry in result.info(0)["CSQ"].split(",")}
    assert alleles == {"T"}
    theirs = {"Allele": "NON_REF", "Consequence": "coding_sequence_variant"}
    assert erratum("Consequence", None, theirs) == "skipped-by-neighbours"


def test_breakends_have_entries_at_their_own_place(caller: ConsequenceCaller) -> None:
    found = entries(caller.call(chunk([(2080, at(2080), ["G[1:11050["])])).csq[0].as_py())
    assert "TSEC.1" not in {entry["Feature"] for entry in found}
    theirs = {"Allele": "G[1:11050[", "Consequence": "feature_truncation"}
    assert erratum("Consequence", None, theirs) == "breakends-by-coordinate"


def test_an_amino_acid_zero_is_recognised() -> None:
    ours = {"HGVSp": "P:p.Met1?", "Consequence": "start_lost"}
    assert erratum("HGVSp", ours, {**ours, "HGVSp": "P:p.His1_?0"}) == "amino-acid-zero"


def test_insertion_before_the_first_amino_acid(caller: ConsequenceCaller) -> None:
    csq = caller.call(chunk([(2050, at(2050), [at(2050) + "CA"])])).csq[0].as_py()
    ours = next(entry for entry in entries(csq) if entry["Feature"] == "TFWD.1")
    assert "0" not in re.sub(r"\d{2,}", "", ours["HGVSp"])


LONG_REPEAT = (8093, "G", "GTACCAAATGTCCGCGAGCCG")
"""What it inserts follows it in the exon and in the intron."""


@pytest.mark.parametrize(
    ("name", "variant", "transcript", "ours", "theirs"),
    [
        ("name-of-a-lost-start", (2051, "ATGC", "A"), "TFWD.1", "p.Met1?", "p.MetPro1_?2"),
        ("name-of-a-lost-start", (3450, "TAG", "ACA"), "TREV.1", "p.Met1?", ""),
        ("first-change-is-a-stop", (2076, "TCATCT", "AGATGA"), "TFWD.1", "p.Phe9Ter", "p.Phe9_Ser11delinsTer"),
        ("stop-lost-with-codons", (2598, "CTTA", "C"), "TFWD.1", "p.Ter64LeuextTer2", "p.Ter64delextTer2"),
        ("unknown-residue-as-stop", (8358, "AGC", "GAG"), "TCUT.1", "", "p.Ter54Ser"),
        ("moved-out-of-the-coding-sequence", LONG_REPEAT, "TCUT.1", "p.Lys34AsnfsTer12", ""),
        ("run-at-the-end-of-a-protein", (9009, "CGGG", "C"), "TODD.1", "p.Pro65del", "p.Pro64del"),
    ],
)
def test_names_of_proteins(
    caller: ConsequenceCaller, name: str, variant: tuple[int, str, str], transcript: str, ours: str, theirs: str
) -> None:
    pos, ref, alt = variant
    csq = caller.call(chunk([(pos, ref, [alt])])).csq[0].as_py()
    entry = next(one for one in entries(csq) if one["Feature"] == transcript)
    assert entry["HGVSp"].partition(":")[2] == ours
    other = {**entry, "HGVSp": theirs and f"P.1:{theirs}"}
    assert erratum("HGVSp", entry, other) == name
    assert erratum("HGVSp", {**entry, "HGVSp": "P.1:p.Ala5Val"}, {**other, "HGVSp": "P.1:p.Ala5Leu"}) in (
        None, "unknown-residue-as-stop"
    )  # fmt: skip


def test_distances_behind_a_stop_are_those_of_the_transcript() -> None:
    """That they are, tests of HGVSp show with a translation of their own; here the rule."""
    ours = {"HGVSp": "P:p.Asp393ThrfsTer29", "STRAND": "-1", "Consequence": "frameshift_variant"}
    theirs = {**ours, "HGVSp": "P:p.Asp393ThrfsTer89"}
    assert erratum("HGVSp", ours, theirs) == "utr-from-the-wrong-end"
    assert erratum("HGVSp", {**ours, "STRAND": "1"}, {**theirs, "STRAND": "1"}) is None
    assert erratum("HGVSp", ours, {**theirs, "HGVSp": "P:p.Asp393LysfsTer89"}) is None


def test_an_intron_behind_the_stop_codon_counts_from_the_coding_sequence(tmp_path: Path) -> None:
    parts = ((2001, 2060), (2201, 2260))
    start = GENOME[2000:2060]
    line = "1\tx\t{}\t{}\t{}\t.\t+\t{}\t{}\n"
    rows = [line.format("gene", 2001, 2260, ".", "ID=gene:G;Name=G;gene_id=G")]
    rows.append(line.format("mRNA", 2001, 2260, ".", "ID=transcript:T;Parent=gene:G;biotype=protein_coding"))
    rows += [line.format("exon", *part, ".", "Parent=transcript:T") for part in parts]
    rows.append(line.format("CDS", 2001, 2060, "0", "ID=CDS:P;Parent=transcript:T;protein_id=P"))
    (tmp_path / "m.gff3").write_text("##gff-version 3\n" + "".join(rows), encoding="utf-8")
    contig = Contig("1", LENGTH, 1, frozenset({start[:3]}), False, ())
    compile_models(tmp_path / "m.gff3", [contig], tmp_path / "m.arrow")
    models = GeneModels.load(tmp_path / "m.arrow").contig("1")
    other = "A" if at(2065) != "A" else "C"
    csq = ConsequenceCaller(models, Bases(), 1).call(chunk([(2065, at(2065), [other])])).csq[0].as_py()
    [ours] = entries(csq)
    assert ours["HGVSc"] == f"T:c.60+5{at(2065)}>{other}"
    assert erratum("HGVSc", ours, {**ours, "HGVSc": f"T:c.*5{at(2065)}>{other}"}) == "intron-behind-stop"


def test_each_of_several_alleles_is_named_by_itself(caller: ConsequenceCaller) -> None:
    """CA is repeated at 2150; one allele repeats it once more, another one adds a base before it."""
    assert at(2150, 6) == "CACACA"
    ref = at(2149, 3)
    csq = caller.call(chunk([(2149, ref, [ref + "CA", ref[0] + "G" + ref[1:]])])).csq[0].as_py()
    found = [one for one in entries(csq) if one["Feature"] == "TFWD.1"]
    assert found[0]["HGVSc"].endswith("dup")
    theirs = {**found[0], "HGVSc": "TFWD.1:c.50+51_50+52insCA"}
    assert erratum("HGVSc", found[0], theirs) == "duplication-of-several-alleles"


def test_every_erratum_is_documented_and_tested() -> None:
    page = (PROJECT / "docs" / "vep-errata.md").read_text("utf-8")
    ids = [one.id for one in ERRATA]
    headings = re.findall(r"^### (\S+)$", page, re.MULTILINE)
    assert headings == ids
    source = Path(__file__).read_text("utf-8")
    elsewhere = {"spelling-decides", "start-codons-of-the-code", "code-behind-frameshift", "shift-of-an-earlier-allele"}
    elsewhere |= {"across-the-origin", "replacement-by-position", "stop-in-front-of-the-stop"}
    assert [one for one in ids if f'"{one}"' not in source] == []
    assert {one.id for one in ERRATA if one.applies is None} == elsewhere
    counted = re.findall(r"\*Counted by:\* (.)", page)
    assert [mark == "—" for mark in counted] == [one.applies is None for one in ERRATA]
