"""Names and terms of changes of proteins against what Biopython translates from the altered transcript."""

from __future__ import annotations

import re

from Bio.Seq import Seq
from Bio.SeqUtils import seq1
from hypothesis import example, given

from annotator.engine.reference.nucleotides import reverse_complement
from tests.invariants.slices import Slice, Variant, made
from tests.invariants.variants import Placement, enough, placements, seeds, slices, variant
from tests.unit.engine.consequence.casebook import Shape

NAME = re.compile(
    r".*:p\.(?P<first>(?:[A-Z][a-z]{2})+)(?P<start>\d+)(?:_(?P<last>[A-Z][a-z]{2})(?P<end>\d+))?"
    r"(?P<kind>%3D|delins|del|dup|ins)?(?P<alt>(?:[A-Z][a-z]{2})*?)(?:(?P<tail>fs|ext)Ter(?P<count>\d+|\?))?$"
)
CHANGES = {
    *("missense_variant", "stop_gained", "stop_lost", "frameshift_variant", "protein_altering_variant"),
    *("inframe_insertion", "inframe_deletion"),
}
"""Terms of a protein that is not the same."""


def coding(of: Slice, shape: Shape, edit: Placement | None = None) -> str:
    """A transcript from its first coding base on, with a change that lies within one exon, in front of no start."""
    text = ""
    for first, last in shape.exons:
        exon = of.at(first, last - first + 1)
        if edit is not None and first < edit[0] and edit[0] + len(edit[1]) <= last:
            at = edit[0] - first
            exon = exon[:at] + edit[2] + exon[at + len(edit[1]) :]
        text += exon
    if shape.strand == "-":
        behind = sum(max(0, last - max(first, shape.last + 1) + 1) for first, last in shape.exons)
        return reverse_complement(text)[behind:]
    return text[sum(max(0, min(last, shape.first - 1) - first + 1) for first, last in shape.exons) :]


def protein(bases: str) -> str:
    """Residues up to the first stop, ``*``, if there is one."""
    return to_stop(str(Seq(bases[: len(bases) // 3 * 3]).translate()))


def to_stop(residues: str) -> str:
    return residues[: residues.find("*") + 1] if "*" in residues else residues


def inside(shape: Shape, place: Placement) -> bool:
    """Whether a change lies within the coding part of an exon, behind the start codon."""
    first, last = place[0], place[0] + len(place[1]) - 1
    first, last = min(first, last), max(first, last)
    start = (shape.first + 3, shape.last) if shape.strand == "+" else (shape.first, shape.last - 3)
    return any(max(low, start[0]) < first and last < min(high, start[1]) for low, high in shape.exons)


def coding_variant(of: Slice, seed: int) -> Variant:
    """A variant that may lie within a coding sequence."""
    while True:
        found = variant(of, seed)
        if any(shape.parts and inside(shape, placements(of, found)[0]) for shape in of.shapes):
            return found
        seed += 1


def check_name(name: str, before: str, after: str) -> None:
    """Compare what a name says of a protein with the protein."""
    found = NAME.match(name)
    assert found is not None
    start, end = int(found["start"]), int(found["end"] or found["start"])
    alt, kind = seq1(found["alt"]), found["kind"]
    first = seq1(found["first"])  # several residues that stay the same have one number
    assert first == before[start - 1 : start - 1 + len(first)]
    assert found["last"] is None or seq1(found["last"]) == before[end - 1]
    if found["tail"]:
        assert after[: start - 1] == before[: start - 1]
        assert kind == "del" or after[start - 1] == alt != before[start - 1]
        steps = len(after) - start + 1 if found["tail"] == "fs" else len(after) - len(before)
        assert found["count"] == (str(steps) if after.endswith("*") else "?")
        return
    changed = {
        None: before[: start - 1] + alt + before[end:],
        "%3D": before,
        "del": before[: start - 1] + before[end:],
        "dup": before[:end] + before[start - 1 :],
        "ins": before[:start] + alt + before[start:],
        "delins": before[: start - 1] + alt + before[end:],
    }
    if kind == "delins" and found["last"] == "Ter" and "*" not in alt:  # the name does not say where the protein ends
        assert after.startswith(changed[kind])
    else:
        assert to_stop(changed[kind]) == after


@enough
@given(slices, seeds)
@example(made(29), [7486125])  # the stop codon is lost together with the codon before it
def test_protein(of: Slice, numbers: list[int]) -> None:
    """The name gives the protein that the altered transcript codes for, and the terms fit it."""
    written = [coding_variant(of, seed) for seed in numbers]
    shapes = {f"T{shape.name}.1": shape for shape in of.shapes if shape.parts}
    for one, entries in zip(written, of.entries(written, shift_3prime=True), strict=True):
        places = placements(of, one)
        for name, entry in entries.items():
            shape = shapes.get(name)
            place = places[-1 if shape is None or shape.strand == "+" else 0]
            if shape is None or not inside(shape, place):
                continue
            before, after = protein(coding(of, shape)), protein(coding(of, shape, place))
            terms = set(entry["Consequence"].split("&"))
            try:
                if before != after and before.startswith(after):  # the transcript ends before a residue that differs
                    lost_stop = "stop_lost" in terms and entry["HGVSp"].endswith("delextTer?")
                    assert not entry["HGVSp"] or lost_stop
                    continue
                assert entry["HGVSp"]
                check_name(entry["HGVSp"], before, after)
                assert bool(terms & CHANGES) == (before != after)
                assert ("frameshift_variant" in terms) == ((len(place[2]) - len(place[1])) % 3 != 0 and before != after)
                assert "missense_variant" not in terms or len(before) == len(after)
            except AssertionError as error:
                raise AssertionError((one, name, entry["HGVSp"], terms, before, after)) from error
