"""Terms agree with the protein: with one that is translated here, from nothing but the exons and the change.

Every change of up to six bases around start and stop codons of the casebook is looked at: deletions, insertions
(repeats among them), substitutions, and bases that replace others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import pytest

from annotator.engine.consequence import ConsequenceCaller
from annotator.engine.reference.genetic_code import codon_table
from tests.unit.engine.consequence.casebook import COMPLEMENT, SHAPES, Record, Shape, at, chunk, entries

TABLE = codon_table(1)
WHOLE = {shape.name: shape for shape in SHAPES if shape.name in ("FWD", "REV", "ODD", "NMD", "TIP")}
LONGER = {"inframe_insertion", "protein_altering_variant"}
AROUND = 8
"""Around start and stop, so many bases."""


def changes(shape: Shape) -> list[Record]:
    chance = random.Random(5)
    found: list[Record] = []
    for edge in (shape.first, shape.last):
        for pos in range(edge - AROUND, edge + AROUND + 1):
            found += [(pos, at(pos, size + 1), [at(pos)]) for size in range(1, 7)]
            found += [(pos, at(pos), [base]) for base in "ACGT" if base != at(pos)]
            for size in (1, 2, 3, 4, 6):
                added = {"".join(chance.choice("ACGT") for _ in range(size)) for _ in range(4)}
                added |= {at(pos + 1, size), at(pos) * size, "TAATAA"[:size], "TTATTA"[:size], "A" * size, "T" * size}
                found += [(pos, at(pos), [at(pos) + text]) for text in sorted(added)]
                other = "ACGT"[("ACGT".index(at(pos)) + 1) % 4] + "".join(chance.choice("ACGT") for _ in range(size))
                found.append((pos, at(pos, chance.randrange(2, 5)), [other]))
    return sorted(found)


def spliced(shape: Shape, record: Record | None) -> str:
    """The transcript with a change; the change lies in its exons."""
    bases = {pos: at(pos) for start, end in shape.exons for pos in range(start, end + 1)}
    if record is not None:
        pos, ref, (alt,) = record
        bases |= dict.fromkeys(range(pos, pos + len(ref)), "") | {pos: alt}
    text = "".join(bases[pos] for pos in sorted(bases))
    return text if shape.strand == "+" else text.translate(COMPLEMENT)[::-1]


def protein(bases: str) -> str:
    """What is translated up to the first stop, with it."""
    found = ""
    for first in range(0, len(bases) - 2, 3):
        found += TABLE[bases[first : first + 3]]
        if found.endswith("*"):
            break
    return found


@dataclass
class Outcome:
    """A change, its entry, and the proteins; ``after`` is None where no start codon is left."""

    record: Record
    terms: set[str]
    impact: str
    name: str
    before: str
    after: str | None
    shifts: bool

    def faults(self) -> Iterator[str]:
        """What the entry says that the protein does not."""
        terms, before, after, high = self.terms, self.before, self.after, self.impact == "HIGH"
        if {"start_lost", "start_retained_variant"} <= terms or {"stop_lost", "stop_retained_variant"} <= terms:
            yield "terms that exclude each other"
        if after is None:
            if "start_lost" not in terms:
                yield "the start is lost"
            return
        if "start_lost" in terms:
            yield "the start is not lost"
        if not before.endswith("*"):
            return
        if after == before:
            if high or terms & {"inframe_insertion", "inframe_deletion", "missense_variant"}:
                yield "the protein is the same"
            if "Ter" in self.name and not self.name.endswith("%3D"):
                yield "the name describes another protein"
            return
        if not high and (not after.endswith("*") or (len(after) > len(before) and not terms & LONGER)):
            yield "the stop is lost"
        first = next(at for at, (one, two) in enumerate(zip_longest(before, after)) if one != two)
        if after[first : first + 1] == "*" and self.shifts and not {"stop_gained", "stop_lost"} & terms:
            yield "the protein ends at once"
        if "stop_gained" in terms and len(after) > len(before):
            yield "no stop is gained"
        if "stop_lost" in terms and after.endswith("*") and len(after) <= len(before):
            yield "no stop is lost"
        if self.name.endswith("Ter") and "delins" not in self.name and "stop_gained" not in terms:
            yield "the name has a stop, the terms have none"


def outcomes(shape: Shape, caller: ConsequenceCaller) -> Iterator[Outcome]:
    exonic = {pos for start, end in shape.exons for pos in range(start, end + 1)}
    whole = spliced(shape, None)
    utr = sum(pos < shape.first if shape.strand == "+" else pos > shape.last for pos in exonic)
    given = [one for one in changes(shape) if exonic.issuperset(range(one[0], one[0] + len(one[1])))]
    in_front = at(min(exonic) - AROUND, AROUND) if shape.strand == "+" else at(max(exonic) + 1, AROUND)
    in_front = in_front if shape.strand == "+" else in_front.translate(COMPLEMENT)[::-1]
    for record, csq in zip(given, caller.call(chunk(given)).csq.to_pylist(), strict=True):
        entry = next(one for one in entries(csq) if one["Feature"] == f"T{shape.name}.1")
        if "splice" in entry["Consequence"]:
            continue
        edited = spliced(shape, record)
        after = None
        if edited[:utr] == whole[:utr] and edited[utr : utr + 3] == "ATG":
            after = protein(edited[utr:])
        elif (in_front + edited).endswith(whole[utr:]):
            after = protein(whole[utr:])
        shifts = (len(edited) - len(whole)) % 3 != 0
        terms = set(entry["Consequence"].split("&"))
        yield Outcome(record, terms, entry["IMPACT"], entry["HGVSp"], protein(whole[utr:]), after, shifts)


@pytest.mark.parametrize("name", WHOLE)
def test_terms_are_those_of_the_protein(caller: ConsequenceCaller, name: str) -> None:
    found = list(outcomes(WHOLE[name], caller))
    assert len(found) > 400
    wrong = [(one.record, fault, one.terms, one.name) for one in found for fault in one.faults()]
    assert wrong == []


@pytest.mark.parametrize("name", WHOLE)
def test_every_spelling_at_the_start_codon_has_the_same_terms(caller: ConsequenceCaller, name: str) -> None:
    """Two insertions or deletions that give the same bases are one change."""
    shape = WHOLE[name]
    by_molecule: dict[str, set[str]] = {}
    edge = shape.first if shape.strand == "+" else shape.last
    near = range(edge - 14, edge + 15)
    exonic = {pos for start, end in shape.exons for pos in range(start, end + 1)}
    given: list[Record] = []
    for pos in near:
        for size in (1, 2, 3, 4):
            given.append((pos, at(pos, size + 1), [at(pos)]))
            given.append((pos, at(pos), [at(pos) + at(pos + 1, size)]))
    given = sorted(one for one in given if exonic.issuperset(range(one[0] - 1, one[0] + len(one[1]) + 1)))
    for record, csq in zip(given, caller.call(chunk(given)).csq.to_pylist(), strict=True):
        entry = next(one for one in entries(csq) if one["Feature"] == f"T{shape.name}.1")
        terms = set(entry["Consequence"].split("&"))
        by_molecule.setdefault(spliced(shape, record), set()).add("&".join(sorted(terms)))
    at_start = {key: found for key, found in by_molecule.items() if any("start_" in one for one in found)}
    assert {key: found for key, found in at_start.items() if len(found) > 1} == {}
    assert at_start
