"""Variants to ask oracles about: substitutions at every position in and around exons, indels, and longer replacements.

All are trimmed and aligned to the left, as ``bcftools norm`` writes them: programs that do not align alleles would
otherwise be compared by the notation of a variant.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.oracles.genomes import Genome

FLANK = 50
"""Bases next to an exon at which all substitutions are made."""
Variant = tuple[int, str, str]
"""Position (1-based), REF and ALT."""


def positions(genome: Genome) -> list[int]:
    """Positions in exons and their flanks, ascending."""
    found: set[int] = set()
    for one in genome.transcripts.values():
        for start, end in one.exons:
            found.update(range(max(2, start - FLANK), min(len(genome.bases) - 1, end + FLANK) + 1))
    return [at for at in sorted(found) if genome.bases[at - 1] in "ACGT"]


def variants(genome: Genome, substitutions: int | None, others: int, seed: int = 1) -> list[Variant]:
    """Variants of a genome, ascending and without repeats.

    Args:
        genome: where they are.
        substitutions: how many of one base; None for all at :func:`positions`.
        others: insertions, deletions and replacements of several bases.
        seed: of their random numbers.
    """
    chance = random.Random(seed)
    places = positions(genome)
    bases = genome.bases
    every = [(at, bases[at - 1], alt) for at in places for alt in "ACGT" if alt != bases[at - 1]]
    chosen = set(every if substitutions is None else chance.sample(every, min(substitutions, len(every))))
    edges = [at for one in genome.transcripts.values() for part in (*one.exons, *one.coding) for at in part]
    made = _others(bases, places, edges, chance)
    for _ in range(others):
        chosen.add(next(made))
    return sorted(chosen)


def _others(bases: str, places: list[int], edges: list[int], chance: random.Random) -> Iterator[Variant]:
    def some(size: int) -> str:
        return "".join(chance.choice("ACGT") for _ in range(size))

    while True:
        # Half of them near an end of an exon or of a coding sequence.
        at = chance.choice(edges) + chance.randrange(-9, 10) if chance.random() < 0.5 else chance.choice(places)
        at = min(max(at, 40), len(bases) - 80)
        size = chance.choice((1, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 6, 9, 12, 15, 21, 30))
        kind = chance.random()
        ref, alt = bases[at - 1 : at - 1 + size], ""
        if kind < 0.35:
            pass
        elif kind < 0.5:
            ref, alt = "", some(size)
        elif kind < 0.65:
            ref, alt = "", bases[at - 1 : at - 1 + size]
        elif kind < 0.85:
            size = min(size, 6)
            ref = bases[at - 1 : at - 1 + size]
            alt = "".join(chance.choice("ACGT".replace(base, "")) for base in ref if base in "ACGT")
        else:
            alt = some(chance.randrange(1, 8))
        if set(ref + alt + bases[at - 30 : at + 30]) <= set("ACGT") and ref != alt:
            yield left_aligned(bases, at, ref, alt)


def left_aligned(bases: str, pos: int, ref: str, alt: str) -> Variant:
    """A variant in the form that VCF asks for: trimmed, as far to the left as it can be, and with no empty allele."""
    while True:
        if not ref or not alt:
            pos -= 1
            ref, alt = bases[pos - 1] + ref, bases[pos - 1] + alt
        if ref[-1] != alt[-1]:
            break
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def write_vcf(path: Path, genome: Genome, found: list[Variant]) -> Path:
    """A VCF file of variants, without samples."""
    head = f"##fileformat=VCFv4.2\n##contig=<ID={genome.contig},length={len(genome.bases)}>\n"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    with path.open("w", encoding="ascii") as stream:
        stream.write(head + columns)
        stream.writelines(f"{genome.contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\n" for pos, ref, alt in found)
    return path


def kind_of(ref: str, alt: str) -> str:
    """What a variant is: ``SNV``, ``MNV``, ``insertion``, ``deletion`` or ``delins``."""
    if len(ref) == len(alt):
        return "SNV" if len(ref) == 1 else "MNV"
    if ref[0] == alt[0] and min(len(ref), len(alt)) == 1:
        return "insertion" if len(alt) > 1 else "deletion"
    return "delins"
