"""An independent HGVSp: the coding sequence with the variant in it is translated, and the proteins are compared.

It shares nothing with the engine but the list of three-letter names. It answers for variants within one part of a
coding sequence behind the start codon; of changes of length that bring a stop with them it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from annotator.engine.reference.genetic_code import THREE_LETTERS
from tests.oracles.genomes import COMPLEMENT, Genome, Transcript
from tests.oracles.program import SUBFIELDS, Answers, Program, Values
from tests.oracles.variants import Variant

AMINO_ACIDS = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
}
"""Amino acids by genetic code, with bases in the order T, C, A, G (NCBI, "The Genetic Codes")."""
HGVSP = SUBFIELDS.index("HGVSp")


class Translation(Program):
    """HGVSp, from proteins."""

    name = "translation"
    fields = ("HGVSp",)
    partial = True

    def version(self) -> str:
        return "own code"

    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        table = dict(zip(map("".join, product("TCAG", repeat=3)), AMINO_ACIDS[genome.code], strict=True))
        # Whole codons at both ends: what else there is, programs name by convention.
        whole = [Coding(genome.bases, one) for one in genome.transcripts.values() if one.coding and not one.phase]
        whole = [one for one in whole if one.size % 3 == 0]
        proteins = {one.name: translated(one.bases, table) for one in whole}
        for pos, ref, alt in found:
            answers: Answers = {}
            for one in whole:
                altered = one.altered(pos, ref, alt)
                after = translated(altered, table)
                name = altered and named(proteins[one.name], after, len(alt) - len(ref), one.size // 3)
                if name:
                    answers[one.name] = (name,)
            yield answers

    def ours(self, genome: Genome, name: str, entry: Values) -> Values | None:
        return (entry[HGVSP].partition(":p.")[2].replace("%3D", "="),)


class Coding:
    """A coding sequence and the 3' UTR behind it, as they are transcribed.

    Attributes:
        name: of the transcript.
        bases: of both.
        size: of the coding sequence, in bases.
    """

    def __init__(self, genome: str, transcript: Transcript) -> None:
        first, last = transcript.coding[0][0], transcript.coding[-1][1]
        self.name, self._reverse = transcript.name, transcript.reverse
        if self._reverse:
            parts = [(start, min(end, last)) for start, end in transcript.exons if start <= last]
        else:
            parts = [(max(start, first), end) for start, end in transcript.exons if end >= first]
        places = [at for start, end in parts for at in range(start, end + 1)]
        self._index = {at: index for index, at in enumerate(places[::-1] if self._reverse else places)}
        bases = "".join(genome[at - 1] for at in places)
        self.bases = bases.translate(COMPLEMENT)[::-1] if self._reverse else bases
        self.size = sum(end - start + 1 for start, end in transcript.coding)
        self._coding = transcript.coding

    def altered(self, pos: int, ref: str, alt: str) -> str:
        """The bases with a variant in them; "" where it is not within one part, or touches the start codon."""
        last = pos + len(ref) - 1
        if not any(start <= pos and last <= end for start, end in self._coding):
            return ""
        first = self._index[last if self._reverse else pos]
        inserted = alt.translate(COMPLEMENT)[::-1] if self._reverse else alt
        if first < 3 or first + len(ref) > self.size:
            return ""
        return self.bases[:first] + inserted + self.bases[first + len(ref) :]


def translated(bases: str, table: dict[str, str]) -> str:
    """The protein with its stop, if there is one."""
    protein = []
    for at in range(0, len(bases) - 2, 3):
        protein.append(table[bases[at : at + 3]])
        if protein[-1] == "*":
            break
    return "".join(protein)


def named(before: str, after: str, added: int, codons: int) -> str:
    """HGVS's name of a change of a protein without ``p.``; "" where it depends on conventions.

    Args:
        before: the protein with its stop.
        after: the altered protein.
        added: bases of the coding sequence; negative where some are lost.
        codons: of the coding sequence with the stop.
    """
    if len(before) != codons or before[-1] != "*" or before == after:
        return ""
    at = next(index for index, (one, two) in enumerate(zip(before, after + " ", strict=False)) if one != two)
    if at >= len(after):
        return ""
    shifted = added % 3 != 0
    old, new, place = THREE_LETTERS[before[at]], THREE_LETTERS[after[at]], at + 1
    if new == "Ter":
        return f"{old}{place}Ter" if shifted or not added else ""
    distance = len(after) - at if after.endswith("*") else "?"
    kept = not shifted and after.endswith("*") and len(after) - len(before) == added // 3
    if old == "Ter" and not (kept and added > 0):
        return f"Ter{place}{new}extTer{distance if distance == '?' else distance - 1}"
    if shifted:
        return f"{old}{place}{new}fsTer{distance}"
    if not kept:
        return ""  # a stop comes with the change
    shared = 0
    while shared < min(len(before), len(after)) - at and before[-1 - shared] == after[-1 - shared]:
        shared += 1
    if not shared:  # the stop is another one
        return ""
    return _span(before, at, before[at : len(before) - shared], after[at : len(after) - shared])


def _span(protein: str, at: int, old: str, new: str) -> str:
    """The name of residues that are replaced, deleted, inserted or repeated."""

    def residue(index: int) -> str:
        return f"{THREE_LETTERS[protein[index]]}{index + 1}"

    def stretch(first: int, last: int) -> str:
        return residue(first) if first == last else f"{residue(first)}_{residue(last)}"

    letters = "".join(THREE_LETTERS[one] for one in new)
    if not old:
        if protein[at - len(new) : at] == new:
            return f"{stretch(at - len(new), at - 1)}dup"
        return f"{residue(at - 1)}_{residue(at)}ins{letters}"
    if not new:
        return f"{stretch(at, at + len(old) - 1)}del"
    if len(old) == len(new) == 1:
        return f"{residue(at)}{letters}"
    return f"{stretch(at, at + len(old) - 1)}delins{letters}"
