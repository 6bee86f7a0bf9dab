"""Alleles of one chromosome that change a protein together: one entry, as a record that spells the change has it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotator.engine import Reference
from annotator.engine.consequence import CSQ_FIELDS
from annotator.engine.consequence.compound import Edit
from annotator.engine.haplotypes import compounds, search
from annotator.engine.haplotypes.carriers import NO_SET, carriers_of
from annotator.engine.haplotypes.coding_alleles import CodingSequence, coding_lines
from annotator.engine.reference.transcript_choice import EVERY_TRANSCRIPT
from annotator.engine.vcf import reader
from tests.unit.engine.conftest import CASES, Result

Site = tuple[int, str, str]
Entry = dict[str, str]
References = Callable[[str], Reference]
Phased = Callable[..., Result]
TOY = "".join((CASES / "ref" / "toy.fa").read_text().split("\n")[1:])
FORWARD, REVERSE = ((1051, 1100), (1301, 1420), (1601, 1700)), ((3101, 3200), (3401, 3480))
"""Coding parts of the exons of F1.t and R1.t."""
PLACES = {"F1.t": [at for first, last in FORWARD for at in range(first, last + 1)],
          "R1.t": [at for first, last in REVERSE for at in range(first, last + 1)][::-1]}  # fmt: skip
"""Coding bases in the order of translation."""
COMPLEMENT = str.maketrans("ACGT", "TGCA")
ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODONS = dict(zip((a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"), ACIDS, strict=True))
STOP = [(1399, "C", "A"), (1400, "C", "A")]
"""TCC becomes TAC or TCA, and both together TAA."""


@pytest.fixture
def phased(tmp_path: Path, run_on: Callable[..., Result], case_reference: References) -> Phased:
    """Annotates sites with the genotypes of some samples; FORMAT is that of the genotypes' parts: ``GT``, ``GT:PS``."""

    def run(sites: list[Site], *genotypes: str, **options: object) -> Result:
        rows = genotypes or ["0|1"] * len(sites)
        samples = len(rows[0].split())
        lines = ["##fileformat=VCFv4.2", "\t".join(["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT",
                                                     *(f"s{at}" for at in range(samples))])]  # fmt: skip
        for (pos, ref, alt), row in zip(sites, rows, strict=True):
            form = "GT:PS" if ":" in row else "GT"
            lines.append("\t".join(["chr1", str(pos), ".", ref, alt, ".", ".", ".", form, *row.split()]))
        path = tmp_path / "input.vcf"
        path.write_text("\n".join(lines) + "\n")
        return run_on(path, case_reference("toy"), bcsq=False, **options)

    return run


def entries(result: Result, index: int) -> list[Entry]:
    """Entries of CSQ of a record."""
    found = result.info(index)["CSQ"].split(",")
    return [dict(zip(CSQ_FIELDS, entry.split("|"), strict=True)) for entry in found]


def together(result: Result, index: int) -> list[Entry]:
    """Those of them that are of several records."""
    return [entry for entry in entries(result, index) if entry["HAPLOTYPE"]]


def alone(result: Result, index: int, transcript: str) -> Entry:
    """That of a record alone and a transcript."""
    (found,) = [one for one in entries(result, index) if one["Feature"] == transcript and not one["HAPLOTYPE"]]
    return found


def partners(result: Result) -> list[list[str]]:
    """What the entries of each record name."""
    return [[one["HAPLOTYPE"] for one in together(result, at)] for at in range(len(result.records))]


def snv(pos: int, step: int = 1) -> Site:
    """A substitution at a base of the toy contig."""
    base = TOY[pos - 1]
    return pos, base, "ACGT"[("ACGT".index(base) + step) % 4]


def deletion(pos: int, length: int = 1) -> Site:
    """A deletion of some bases behind a base."""
    return pos, TOY[pos - 1 : pos + length], TOY[pos - 1]


def insertion(pos: int, bases: str) -> Site:
    """An insertion behind a base."""
    return pos, TOY[pos - 1], TOY[pos - 1] + bases


def one_record(sites: list[Site]) -> Site:
    """The record that spells some changes as one."""
    first, last = sites[0][0], max(pos + len(ref) - 1 for pos, ref, _ in sites)
    alt, at = "", first
    for pos, ref, own in sites:
        alt += TOY[at - 1 : pos - 1] + own
        at = pos + len(ref)
    return first, TOY[first - 1 : last], alt + TOY[at - 1 : last]


def protein(sites: list[Site], transcript: str) -> str:
    """The protein, up to its stop, of a transcript whose coding sequence is changed at some sites."""
    bases = {at: TOY[at - 1] for at in PLACES[transcript]}
    for pos, ref, alt in sites:
        for at in range(pos, pos + len(ref)):
            bases[at] = alt[at - pos : at - pos + 1]
        bases[pos + len(ref) - 1] += alt[len(ref) :]
    forward = transcript == "F1.t"
    coding = "".join(bases[at] if forward else bases[at][::-1].translate(COMPLEMENT) for at in PLACES[transcript])
    return "".join(CODONS[coding[at : at + 3]] for at in range(0, len(coding) - 2, 3)).partition("*")[0]


def test_two_changes_of_a_codon_make_a_stop(phased: Phased) -> None:
    result = phased(STOP)
    assert [alone(result, at, "F1.t")["Consequence"] for at in (0, 1)] == ["missense_variant", "synonymous_variant"]
    for at, partner in ((0, "1400:C>A"), (1, "1399:C>A")):
        (entry,) = together(result, at)
        assert (entry["Consequence"], entry["IMPACT"], entry["HAPLOTYPE"]) == ("stop_gained", "HIGH", partner)
        assert (entry["Codons"], entry["Amino_acids"], entry["HGVSp"][-8:]) == ("tCC/tAA", "S/*", "Ser50Ter")
        assert entry["HGVSc"] == "F1.t:c.149_150delinsAA"
        assert (result.info(at)["GAS_CONSEQUENCE"], result.info(at)["GAS_IMPACT"]) == ("stop_gained", "HIGH")
        assert "BCSQ" not in result.info(at)
    assert result.summary["high_impact"] == 2
    assert result.summary["compound_effects"] == {"records": 2, "more_severe": 2, "less_severe": 0}
    assert "more severe than that of the record alone" in result.log
    assert not any(line.startswith("##INFO=<ID=BCSQ") for line in result.header)
    table = pq.read_table(result.path.with_name("input.variants.parquet")).to_pylist()
    assert [(row["consequence"], row["haplotype"], row["hgvsp"][-8:]) for row in table] == [
        ("stop_gained", "1400:C>A", "Ser50Ter"), ("stop_gained", "1399:C>A", "Ser50Ter"),
    ]  # fmt: skip


@pytest.mark.parametrize(("transcript", "first"), [("F1.t", 1321), ("F1.t", 1322), ("R1.t", 3131), ("R1.t", 3132)])
def test_three_substitutions_read_as_one_record_does(phased: Phased, transcript: str, first: int) -> None:
    """At 1322 and 3132 the bases belong to two codons, as those of the change of SARS-CoV-2's N at 28,881-28,883."""
    sites = [snv(first + at) for at in range(3)]
    spelled = alone(phased([one_record(sites)]), 0, transcript)
    result = phased(sites)
    for at, site in enumerate(sites):
        groups = [entry for entry in together(result, at) if entry["Feature"] == transcript]
        whole = [entry for entry in groups if entry["HAPLOTYPE"].count("&") == 1]
        (entry,) = whole
        own = {"Allele": site[2], "VARIANT_CLASS": "SNV", "HAPLOTYPE": entry["HAPLOTYPE"], "PICK": ""}
        assert entry == {**spelled, **own}
    codons = {(PLACES[transcript].index(pos)) // 3 for pos, _, _ in sites}
    sizes = sorted({len(one.split("&")) + 1 for group in partners(result) for one in group})
    assert sizes == ([3] if len(codons) == 1 else [2, 3])
    assert protein(sites, transcript) == protein([one_record(sites)], transcript)


def random_sites(chance: random.Random, places: list[int]) -> list[Site]:
    """Two to four changes within a few bases."""
    at, found = chance.choice(places), []
    for _ in range(chance.choice([2, 2, 3, 4])):
        kind = chance.random()
        if kind < 0.5:
            found.append(snv(at, chance.randrange(1, 4)))
        elif kind < 0.75:
            found.append(deletion(at, chance.randrange(1, 4)))
        else:
            found.append(insertion(at, "".join(chance.choices("ACGT", k=chance.randrange(1, 4)))))
        at += len(found[-1][1]) + chance.randrange(2)
    return found


@pytest.mark.parametrize(("transcript", "first", "last"), [("F1.t", 1310, 1390), ("R1.t", 3115, 3175)])
def test_whatever_lies_together_reads_as_one_record(phased: Phased, transcript: str, first: int, last: int) -> None:
    chance = random.Random(first)
    compared = sum(compare(phased, random_sites(chance, list(range(first, last))), transcript) for _ in range(8))
    assert compared > 8


def compare(phased: Phased, sites: list[Site], transcript: str) -> int:
    """Compare the entries of several records with those of one; returns how many there were."""
    result = phased(sites)
    compared = 0
    for at, site in enumerate(sites):
        for entry in together(result, at):
            names = entry["HAPLOTYPE"].split("&")
            group = [one for one in sites if one == site or f"{one[0]}:{one[1]}>{one[2]}" in names]
            spelled = one_record(group)
            if spelled[1] == spelled[2]:
                continue
            expected = alone(phased([spelled]), 0, transcript)
            for name in ("Consequence", "IMPACT", "HGVSp"):
                assert entry[name] == expected[name], (group, name)
            compared += 1
            shorter = {"stop_gained", "frameshift_variant"} & set(entry["Consequence"].split("&"))
            assert shorter or len(protein(group, transcript)) >= len(protein([], transcript)) - 4
    return compared


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_codon_that_an_intron_divides(phased: Phased, step: int) -> None:
    """Codon 17 of F1.t is 1099, 1100 and 1301; no single record can spell both changes."""
    sites = [snv(1100, step), snv(1301, step)]
    before, after = protein([], "F1.t"), protein(sites, "F1.t")
    for entry in (together(phased(sites), at)[0] for at in (0, 1)):
        assert (entry["Protein_position"], entry["CDS_position"], entry["EXON"]) == ("17", "50-51", "1-2/3")
        acids = [before[16:17], after[16:17] or "*"]
        assert entry["Amino_acids"] == "/".join(dict.fromkeys(acids))
        assert "splice_region_variant" in entry["Consequence"]
        assert entry["HGVSc"] == ""
        expected = "stop_gained" if acids[1] == "*" else "missense_variant"
        assert expected in entry["Consequence"].split("&")


@pytest.mark.parametrize(
    ("transcript", "first", "second"), [("F1.t", 1330, 1350), ("F1.t", 1090, 1310), ("R1.t", 3120, 3140)]
)
def test_a_frame_that_is_restored(phased: Phased, transcript: str, first: int, second: int) -> None:
    """Both records alone shift the frame, and that stays; together they change the amino acids in between.

    Where chance has a stop in the shifted frame the second one is not translated, and they are not read together.
    """
    sites = [deletion(first), insertion(second, TOY[second - 1])]
    result = phased(sites)
    changed, whole = protein(sites, transcript), protein([], transcript)
    if len(changed) != len(whole):
        assert partners(result) == [[], []] or together(result, 0)[0]["IMPACT"] == "HIGH"
        return
    for at in (0, 1):
        (entry,) = together(result, at)
        assert (entry["Consequence"], entry["IMPACT"]) == ("missense_variant", "MODERATE")
        assert entry["HGVSc"] == ""
        at_difference = next(index for index in range(len(whole)) if whole[index] != changed[index])
        assert str(at_difference + 1) in entry["HGVSp"]
        assert "frameshift_variant" in alone(result, at, transcript)["Consequence"]
        assert result.info(at)["GAS_IMPACT"] == "HIGH"
    assert result.summary["compound_effects"] == {"records": 2, "more_severe": 0, "less_severe": 2}


def test_what_lies_behind_the_stop_of_a_shifted_frame_is_apart(phased: Phased) -> None:
    """The frame shifts at 1330; the first stop that it reads decides how far records belong to it."""
    shift = deletion(1330)
    reached = len(protein([shift], "F1.t")) + 1
    near, far = PLACES["F1.t"][3 * (reached - 2)], PLACES["F1.t"][3 * (reached + 6)]
    result = phased([shift, snv(near), snv(far)])
    assert f"{near}:" in partners(result)[0][0]
    assert not any(f"{far}:" in one for group in partners(result) for one in group)
    assert partners(result)[2] == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("0|1", "0|1", True),
        ("0|1", "1|0", False),
        ("0/1", "0/1", False),
        ("0|1", "0/1", False),
        ("1/1", "0/1", True),  # both chromosomes have the first, whichever has the second
        ("1|1", "1|0", True),
        ("1", "1", True),
        ("1", "0", False),
        ("1|.", "1|0", True),
        (".|1", "1|0", False),
        ("./1", "0|1", False),
        ("1/.", "1/1", True),
        ("0|0|1", "0|0|1", False),
        (".", "1|1", False),
        ("0|1:7", "0|1:7", True),
        ("0|1:7", "0|1:8", False),
        ("0|1:PATMAT", "0|1:PATMAT", True),
        ("0|1:PATMAT", "0|1:MATPAT", False),
        ("1|1:7", "0|1:8", True),
        ("0|1:.", "0|1", True),
        ("0|1:7", "0|1", False),
        ("0/1:7", "0/1:7", False),  # a phase set is of phased genotypes
        ("0|1:7 0|1:7", "0|1:8 0|1:7", True),  # each sample has sets of its own
    ],
)
def test_genotypes_say_what_lies_together(phased: Phased, first: str, second: str, expected: bool) -> None:
    result = phased(STOP, first, second)
    assert [bool(one) for one in partners(result)] == [expected, expected]
    assert result.info(0)["GAS_IMPACT"] == ("HIGH" if expected else "MODERATE")


def test_each_combination_has_one_entry(phased: Phased) -> None:
    """Six samples; the codon 1399-1401 is changed in three ways together, one of them twice."""
    sites = [(1399, "C", "A,G"), (1400, "C", "A"), snv(1402)]
    third = f"1402:{sites[2][1]}>{sites[2][2]}"
    result = phased(sites, "0|1 1|0 2|0 1|1 0|0 0|2", "0|1 1|0 1|0 0|0 1|1 0|1", "0|0 0|0 1|0 0|0 0|0 0|0")
    assert sites[2][0] not in PLACES["F1.t"][147:150]  # another codon, which stays apart
    assert partners(result) == [["1400:C>A"] * 2, ["1399:C>A", "1399:C>G"], []], third
    assert [one["Allele"] for one in together(result, 0)] == ["A", "G"]
    assert together(result, 0)[0]["Amino_acids"] == "S/*"


def test_adjacent_bases_of_two_codons_are_joined_on_one_chromosome_alone(phased: Phased) -> None:
    """1400 ends a codon."""
    sites = [snv(1400), snv(1401)]
    names = [f"{pos}:{ref}>{alt}" for pos, ref, alt in sites]
    assert partners(phased(sites)) == [[names[1]], [names[0]]]
    assert partners(phased(sites, "0|1", "1|0")) == [[], []]
    assert partners(phased([snv(1400), snv(1402)])) == [[], []]


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (Edit(10, 10, "A", "C"), Edit(11, 11, "A", "C"), True),
        (Edit(10, 10, "A", "C"), Edit(12, 12, "A", "C"), False),
        (Edit(10, 10, "A", "C"), Edit(11, 10, "", "C"), True),
        (Edit(9, 9, "A", "C"), Edit(11, 10, "", "C"), False),
        (Edit(11, 10, "", "C"), Edit(11, 13, "AAA", ""), True),
        (Edit(100, 100, "A", "C"), Edit(301, 301, "A", "C"), False),
    ],
)
def test_which_alleles_adjoin(one: Edit, two: Edit, expected: bool) -> None:
    """The last two adjoin in the coding sequence, with an intron between them."""
    first, second = (compounds._Member(at, at, at, edit, edit.alt) for at, edit in enumerate((one, two)))
    assert first.adjoins(second) is second.adjoins(first) is expected


def test_alleles_that_overlap_are_not_joined(phased: Phased) -> None:
    """The deletion removes the base that the second record changes."""
    assert partners(phased([deletion(1398, 3), (1400, "C", "A")])) == [[], []]


def test_bases_are_read_in_every_spelling(phased: Phased) -> None:
    """The same two substitutions with bases around them that do not change."""
    padded = [(1397, TOY[1396:1400], TOY[1396:1398] + "AC"), (1399, "CC", "CA")]
    entry = together(phased(padded), 0)[0]
    assert (entry["Consequence"], entry["Codons"]) == ("stop_gained", "tCC/tAA")


@pytest.mark.parametrize("processes", [1, 3])
def test_records_of_different_blocks(phased: Phased, monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    """Each record is a block of its own, and alleles are compared as soon as they may be."""
    chance = random.Random(3)
    sites = sorted({snv(at) for at in chance.sample(PLACES["F1.t"] + PLACES["R1.t"], 120)} | {deletion(1340)})
    rows = [" ".join(chance.choice(["0|0", "0|1", "1|0", "1|1"]) for _ in range(3)) for _ in sites]
    whole = phased(sites, *rows, processes=1).path.read_bytes()
    monkeypatch.setattr(reader, "BLOCK_LINES", 1)
    monkeypatch.setattr(reader, "CHUNK", 64)
    monkeypatch.setattr(search, "BATCH", 1)
    result = phased(sites, *rows, processes=processes)
    assert sum(map(bool, partners(result))) > 30
    assert pa.input_stream(pa.py_buffer(whole), compression="gzip").read() == pa.input_stream(
        str(result.path), compression="gzip"
    ).read()


def test_more_combinations_than_are_annotated(phased: Phased, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most frequent one stays, and the warning names the alleles."""
    monkeypatch.setattr(compounds, "MOST_PATTERNS", 1)
    result = phased([(1399, "C", "A,G"), (1400, "C", "A")], "0|1 0|2 0|2", "0|1 0|1 0|1")
    assert partners(result) == [["1400:C>A"], ["1399:C>G"]]
    warning = result.warned("compounds_left_out")
    assert warning is not None
    assert warning["details"] == ["chr1:1399:C>A", "chr1:1399:C>G", "chr1:1400:C>A"]


def test_carriers_are_read_from_genotypes() -> None:
    """Two-digit alleles, keys behind GT, several phase sets, samples without values."""
    rests = [
        b"GT\t0|1\t1|1\t1\t0/1\t.",
        b"GT:DP:PS\t0|12:3:5\t12|12\t.:.\t2|12:1:.\t12/12:9",
        b"GT:DP\t1|2|3:4\t0|0\tx\t|1\t1|",
    ]
    found = carriers_of(pa.array(rests, pa.binary()), np.array([70, 71, 72]))
    assert {key: (one.columns.tolist(), one.sets if one.sets is None else one.sets.tolist(), one.samples.tolist())
            for key, one in found.items()} == {
        (0, 1): ([1, 7], [NO_SET, -72], [1, 2]),
        (1, 2): ([6], None, []),
        (1, 12): ([1, 7], [5, NO_SET], [1, 4]),
    }  # fmt: skip


def test_carriers_are_the_same_whatever_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    kinds = ["0|0", "0|1", "1|0", "1|1", "0/1", "2|1", ".", "1", "10|1", "0|1:9"]
    rests = pa.array([("GT:X\t" + "\t".join(chance.choices(kinds, k=30))).encode() for _ in range(50)], pa.binary())
    whole = carriers_of(rests, np.arange(50))
    monkeypatch.setattr("annotator.engine.haplotypes.carriers.SLICE_BYTES", 100)
    parts = carriers_of(rests, np.arange(50))
    assert parts.keys() == whole.keys()
    for key, one in whole.items():
        assert one.columns.tolist() == parts[key].columns.tolist()
        assert one.samples.tolist() == parts[key].samples.tolist()


@pytest.mark.parametrize("broken", ["chr1\t1399", "chr1", "", "chr1\t1399\t.\tC", "\t\t\t\t"])
@pytest.mark.parametrize("numbered", [False, True])
def test_lines_of_too_few_columns_are_left_to_the_other_pass(
    case_reference: References, broken: str, numbered: bool
) -> None:
    lines = ["chr1\t5\t.\tC\tA\tx", broken, "chr1\t1399\t.\tC\tA\tx", broken]
    if numbered:
        lines = [f"{at}\t{line}" for at, line in enumerate(lines)]
    block = reader.Block(7, len(lines), "".join(line + "\n" for line in lines).encode())
    found, ordinal = coding_lines(block, numbered, CodingSequence(case_reference("toy"), EVERY_TRANSCRIPT))
    assert (found.text.decode(), ordinal.tolist()) == (lines[2] + "\n", [9])


def test_alleles_that_reach_into_an_intron_are_not_joined(phased: Phased) -> None:
    """What becomes of the splice site is not known, so neither is what follows it."""
    sites = [deletion(1096, 10), snv(1095), snv(1094)]
    result = phased(sorted(sites))
    assert not any("1096:" in one for group in partners(result) for one in group)
    shifted = phased([deletion(1096, 10), deletion(1419, 20)])
    assert partners(shifted) == [[], []]
