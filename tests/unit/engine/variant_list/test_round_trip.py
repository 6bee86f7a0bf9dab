"""HGVS names that the engine writes, and other names of random variants, resolve to the same normalised variants."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.consequence import CSQ_FIELDS
from annotator.engine.normalise import Allele, normalise
from annotator.engine.reference.bundle import Contig, Sequence
from annotator.engine.variant_list.change import allele_of
from annotator.engine.variant_list.notation import RsNumber, parse
from annotator.engine.variant_list.resolve import Resolver
from tests.unit.engine.conftest import take_apart

HGVSC = CSQ_FIELDS.index("HGVSc")
OPPOSITE = str.maketrans("ACGT", "TGCA")
REFERENCES = ["nuclear", "nuclear_run", "nuclear_partial", "toy", "plasmid_linear_genes", "bacterium"]
"""Genes on both strands, a coding sequence that is cut off at its start, a circular contig, and a run of one base."""
Spelling = tuple[int, str, str]


def random_variant(chance: random.Random, bases: str) -> Spelling | None:
    """A substitution, insertion, deletion, duplication, inversion or a change of several bases; None for no change."""
    pos = chance.randint(1, len(bases) - 20)
    ref = bases[pos - 1 : pos - 1 + chance.choice([1, 1, 1, 2, 3, 6, 12])]
    new = "".join(chance.choices("ACGT", k=chance.choice([1, 2, 4])))
    alt = chance.choice([new, ref[0], ref[0] + new + ref[1:], ref + ref, ref.translate(OPPOSITE)[::-1]])
    if len(ref) == len(alt) > 1 and sum(one != two for one, two in zip(ref, alt, strict=True)) == 1:
        return None  # the spelling of a substitution with its neighbours; names are given to the bare one
    return None if ref == alt else (pos, ref, alt)


def names_of(contig: str, variant: Spelling) -> list[str]:
    """Names that need no gene models."""
    pos, ref, alt = variant
    last = pos + len(ref) - 1
    where = str(pos) if pos == last else f"{pos}_{last}"
    return [
        f"{contig}:{pos}:{ref}:{alt}",
        f"{contig}-{pos}-{ref}-{alt}",
        f"{contig}\t{pos}\t{ref}\t{alt}",
        f"{contig}:g.{where}delins{alt}",
        f"{contig}:g.{where}del{ref}ins{alt}",
        f"{contig}:g.{where}{ref}>{alt}",
    ]


@pytest.mark.parametrize("name", REFERENCES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_names_resolve_to_the_variant_that_has_them(
    case_reference: Callable[[str], Reference], tmp_path: Path, name: str, seed: int
) -> None:
    reference = case_reference(name)
    contig = reference.contigs[0]
    sequence = reference.sequence()
    bases = sequence.fetch(contig.name, 1, contig.length).decode()
    chance = random.Random(seed)
    variants = sorted({found for _ in range(300) if (found := random_variant(chance, bases))})
    resolver = Resolver(reference)
    wanted = [
        normalise(pos, ref.encode(), alt.encode(), partial(sequence.fetch, contig.name)) for pos, ref, alt in variants
    ]
    for variant, normalised in zip(variants, wanted, strict=True):
        for text in names_of(contig.name, variant):
            assert resolved(text, resolver, contig, sequence) == normalised, text
    compared = 0
    for index, text in hgvsc(reference, variants, tmp_path):
        compared += 1
        assert resolved(text, resolver, contig, sequence) == wanted[index], (text, variants[index])
    assert compared >= 15


def resolved(text: str, resolver: Resolver, contig: Contig, sequence: Sequence) -> Allele:
    described = parse(text)
    assert not isinstance(described, RsNumber)
    change, warned = resolver.place(described)
    assert warned is None
    assert change.contig == contig.name
    return allele_of(change, contig, sequence)


def hgvsc(reference: Reference, variants: list[Spelling], directory: Path) -> list[tuple[int, str]]:
    """Annotate variants; the index of each, and a name that it has on a transcript."""
    path = directory / "random.vcf"
    contig = reference.contigs[0].name
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    records = [f"{contig}\t{pos}\tv{at}\t{ref}\t{alt}\t.\t.\t." for at, (pos, ref, alt) in enumerate(variants)]
    path.write_text("\n".join(["##fileformat=VCFv4.2", columns, *records]) + "\n")
    outputs = Outputs.beside(directory / "random.annot.vcf.gz")
    result = take_apart(outputs, annotate(path, reference, outputs, temporary=directory, processes=1))
    named = []
    for at, record in enumerate(result.records):
        entries = (entry.split("|") for entry in result.info(at).get("CSQ", "").split(",") if entry)
        named += [(int(record[2][1:]), entry[HGVSC]) for entry in entries if entry[HGVSC]]
    return named
