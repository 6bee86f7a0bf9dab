"""Two phased substitutions in one codon change the protein as the substitution of both bases does."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from annotator.engine import Outputs, annotate
from annotator.engine.consequence import Reporting
from tests.invariants.slices import Slice, Variant, made
from tests.invariants.variants import RECORDS, SLICES
from tests.unit.engine.conftest import take_apart

PAIRS = 90
"""In one file; each is carried by a sample of its own."""


def pairs(of: Slice, chance: random.Random) -> list[tuple[Variant, Variant]]:
    """Two substitutions of bases of one codon, in several codons: neither the first nor the last of a protein."""
    found = []
    for shape in of.shapes:
        codons = [sorted(shape.positions[at : at + 3]) for at in range(3, len(shape.positions) - 3, 3)]
        codons = [codon for codon in codons if codon[2] - codon[0] == 2]  # no intron in between
        for codon in chance.sample(codons, min(len(codons), 20)):
            one, two = sorted(chance.sample(codon, 2))
            bases = [chance.choice("ACGT".replace(of.at(pos), "")) for pos in (one, two)]
            found.append(((one, of.at(one), bases[0]), (two, of.at(two), bases[1])))
    return found[:PAIRS]


def combined(of: Slice, given: list[tuple[Variant, Variant]]) -> dict[tuple[str, str], tuple[str, str]]:
    """What BCSQ has of both, by transcript and bases: the consequence and the amino acids."""
    names = [f"S{at}" for at in range(len(given))]
    head = ["##fileformat=VCFv4.3", "\t".join(["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT", *names])]
    rows = []
    for at, pair in enumerate(given):
        genotypes = "\t".join("1|0" if one == at else "0|0" for one in range(len(given)))
        rows += [(pos, f"1\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t{genotypes}") for pos, ref, alt in pair]
    with tempfile.TemporaryDirectory() as directory:
        path, outputs = Path(directory, "in.vcf"), Outputs.beside(Path(directory, "out.annot.vcf.gz"))
        reporting = Reporting(bcsq=True)
        path.write_text("\n".join([*head, *(row for _, row in sorted(rows))]) + "\n")
        result = take_apart(outputs, annotate(path, of.reference, outputs, processes=1, reporting=reporting))
    assert result.summary["haplotypes"]
    found = {}
    for at in range(len(result.records)):
        for entry in result.info(at).get("BCSQ", "").split(","):
            fields = entry.split("|")
            if len(fields) == 7 and "+" in fields[6]:
                found[fields[2], fields[6]] = fields[0], fields[5]
    return found


def test_pairs() -> None:
    for seed in range(max(1, RECORDS // 500)):  # each of them has some 180 records
        of, chance = made(seed % SLICES), random.Random(seed)
        given = pairs(of, chance)
        found = combined(of, given)
        whole = [(one[0], of.at(one[0], two[0] - one[0] + 1), one[2] + of.at(one[0] + 1, two[0] - one[0] - 1) + two[2])
                 for one, two in given]  # fmt: skip
        for (one, two), entries in zip(given, of.entries(whole), strict=True):
            bases = "+".join(f"{pos}{ref}>{alt}" for pos, ref, alt in (one, two))
            (name, entry), *_ = [(name, entry) for name, entry in entries.items() if entry["Amino_acids"]]
            number, (before, _, after) = entry["Protein_position"], entry["Amino_acids"].partition("/")
            consequence, change = found[name, bases]
            assert change == f"{number}{before}" + f">{number}{after}" * bool(after), (bases, entry)
            assert ("stop_gained" in consequence) == ("stop_gained" in entry["Consequence"]), (bases, entry)
