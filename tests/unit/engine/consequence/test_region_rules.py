"""The table of regions: what each base of an intron, a UTR or a flank is called, one by one and in arrays."""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Iterator

import numpy as np
import pytest

from annotator.engine.consequence import ConsequenceCaller, region_rules
from annotator.engine.consequence.region_rules import (
    EXON_REACH,
    INTRON_REACH,
    RULES,
    SPLICE_TERMS,
    flank_terms,
    given,
    intron_terms,
    is_frameshift_intron,
    utr_terms,
)
from annotator.engine.consequence.so_terms import BIT, TERMS, names
from tests.unit.engine.consequence import casebook
from tests.unit.engine.consequence.casebook import SHAPES, Record, chunk, entries

INTRON = (101, 140)
"""An intron of 40 bases, with the bases of the exons beside it as they are transcribed: a letter for the terms of
each."""
BASES = "......rrrDDmm5mrr" + "." * 15 + "t" * 9 + "TTTTTTAArrr......"
TERMS_OF = {
    ".": "",
    "D": "splice_donor_variant",
    "A": "splice_acceptor_variant",
    "5": "splice_donor_5th_base_variant",
    "m": "splice_donor_region_variant",
    "t": "splice_polypyrimidine_tract_variant",
    "T": "splice_region_variant&splice_polypyrimidine_tract_variant",
    "r": "splice_region_variant",
}


def intron_bases() -> Iterator[tuple[int, str]]:
    """Each base of the picture, as a position on the forward strand of a forward transcript, and its terms."""
    first = INTRON[0] - BASES.index("D")
    for at, letter in enumerate(BASES):
        yield first + at, TERMS_OF[letter]


@pytest.mark.parametrize("strand", [1, -1])
def test_each_base_around_an_intron(strand: int) -> None:
    for position, expected in intron_bases():
        at = position if strand > 0 else sum(INTRON) - position
        exonic = not INTRON[0] <= at <= INTRON[1]
        found = given(intron_terms(strand, INTRON, (at, at)), exonic)
        assert names(found & SPLICE_TERMS) == expected, position
        assert ("intron_variant" in names(found)) == (INTRON[0] + 2 <= at <= INTRON[1] - 2)


@pytest.mark.parametrize("strand", [1, -1])
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        # Between the last base of the exon and the intron, within the splice site, and between that and the rest.
        (100, "splice_region_variant"),
        (101, "splice_donor_variant"),
        (102, "splice_region_variant&intron_variant"),
        (103, "splice_donor_region_variant&intron_variant"),
        (120, "intron_variant"),
        (123, "splice_polypyrimidine_tract_variant&intron_variant"),
        (138, "splice_region_variant&splice_polypyrimidine_tract_variant&intron_variant"),
        (139, "splice_acceptor_variant"),
        (140, "splice_region_variant"),
        (142, "splice_region_variant"),
        (143, ""),
    ],
)
def test_insertions_around_an_intron(strand: int, left: int, expected: str) -> None:
    """``left`` is the base before which or behind which, as it is transcribed, bases are inserted."""
    left = left if strand > 0 else sum(INTRON) - left - 1
    exonic = left < INTRON[0] - 1 or left > INTRON[1]
    assert names(given(intron_terms(strand, INTRON, (left + 1, left)), exonic)) == expected


@pytest.mark.parametrize(
    ("change", "forward", "reverse"),
    [
        ((199, 199), "5_prime_UTR_variant", "3_prime_UTR_variant"),
        ((200, 199), "5_prime_UTR_variant", "3_prime_UTR_variant"),
        ((200, 200), "", ""),
        ((301, 300), "3_prime_UTR_variant", "5_prime_UTR_variant"),
        ((301, 305), "3_prime_UTR_variant", "5_prime_UTR_variant"),
        ((150, 350), "5_prime_UTR_variant&3_prime_UTR_variant", "5_prime_UTR_variant&3_prime_UTR_variant"),
    ],
)
def test_untranslated_regions(change: tuple[int, int], forward: str, reverse: str) -> None:
    for strand, expected in ((1, forward), (-1, reverse)):
        found = utr_terms(strand, (101, 400), (200, 300), change)
        assert names(given(found, True)) == expected
        assert given(found, False) == 0


@pytest.mark.parametrize(
    ("change", "forward", "reverse"),
    [
        ((1, 1), "upstream_gene_variant", "downstream_gene_variant"),
        ((10_001, 10_000), "upstream_gene_variant", "downstream_gene_variant"),
        ((10_000, 10_000), "upstream_gene_variant", "downstream_gene_variant"),
        ((20_001, 20_000), "downstream_gene_variant", "upstream_gene_variant"),
        ((900_000, 900_000), "downstream_gene_variant", "upstream_gene_variant"),
        ((10_001, 10_001), "", ""),
        ((20_000, 19_999), "", ""),
    ],
)
def test_flanks(change: tuple[int, int], forward: str, reverse: str) -> None:
    for strand, expected in ((1, forward), (-1, reverse)):
        assert names(flank_terms(strand, (10_001, 20_000), change)) == expected


def test_one_by_one_and_in_arrays() -> None:
    """The same numbers as arrays give the same terms; each row of the table holds for some of them."""
    chance = random.Random(3)
    rows = []
    for _ in range(4_000):
        first = chance.randrange(10_000, 20_000)
        last = first + chance.choice([0, 1, 3, 13, 20, 60, 400])
        start = chance.choice([first, last]) + chance.randrange(-30, 31)
        rows.append((chance.choice([1, -1]), first, last, start, start + chance.choice([-1, 0, 0, 2, 30])))
    strand, first, last, start, end = (np.array(column) for column in zip(*rows, strict=True))
    coding = first + 5, last + 5
    whole = first - 50, last + 50
    exonic = end % 2 == 0
    every = (
        intron_terms(strand, (first, last), (start, end)),
        utr_terms(strand, whole, coding, (start, end)),
        flank_terms(strand, (first, last), (start, end)),
    )
    left = given(every[0] | every[1], exonic)
    for at, (one, low, high, begin, until) in enumerate(rows):
        change = begin, until
        assert every[0][at] == intron_terms(one, (low, high), change)
        assert every[1][at] == utr_terms(one, (low - 50, high + 50), (low + 5, high + 5), change)
        assert every[2][at] == flank_terms(one, (low, high), change)
        assert left[at] == given(int(every[0][at] | every[1][at]), bool(exonic[at]))
    seen = int(np.bitwise_or.reduce(left | every[2]))
    assert set(names(seen).split("&")) == {rule.term for rule in RULES}


def test_rows_are_well_formed() -> None:
    for rule in RULES:
        assert rule.term in TERMS
        assert set(rule.unless) <= {other.term for other in RULES}
        if rule.first[0] == rule.last[0]:
            assert rule.first[1] <= rule.last[1]
        assert not rule.insertion or rule.last[1] > rule.first[1]  # one that lies between two bases
    assert (EXON_REACH, INTRON_REACH) == (3, 17)
    assert region_rules.EXON_STRETCH == 12
    assert is_frameshift_intron(101, 113)
    assert not is_frameshift_intron(101, 114)


def test_several_bases_have_the_terms_of_each(caller: ConsequenceCaller) -> None:
    """A term of the region is not lost because another base changes, too; a more specific one may take its place."""
    chance = random.Random(4)
    wrong, compared = [], 0
    for shape in (one for one in SHAPES if one.name != "GAP"):  # a frameshift intron is no intron to what touches it
        edges = [edge for exon in shape.exons for edge in exon] + [shape.first, shape.last] * bool(shape.parts)
        spans = [(edge + by, size) for edge in edges for by in range(-20, 20) for size in (2, 3, 5)]
        spans = sorted((pos, size) for pos, size in spans if shape.exons[0][0] <= pos <= shape.exons[-1][1] - size)
        whole: list[Record] = []
        parts: list[list[Record]] = []
        for pos, size in spans:
            changed = {pos, pos + size - 1} | {pos + by for by in range(size) if chance.random() < 0.5}
            new = {one: chance.choice([base for base in "ACGT" if base != casebook.at(one)]) for one in sorted(changed)}
            whole.append(
                (
                    pos,
                    casebook.at(pos, size),
                    ["".join(new.get(one, casebook.at(one)) for one in range(pos, pos + size))],
                )
            )
            parts.append([(one, casebook.at(one), [base]) for one, base in new.items()])
        single = sorted({(pos, ref, alts[0]) for some in parts for pos, ref, alts in some})
        name = f"T{shape.name}.1"
        terms = dict(
            zip(single, region_bits(caller, [(pos, ref, [alt]) for pos, ref, alt in single], name), strict=True)
        )
        for record, some, found in zip(whole, parts, region_bits(caller, whole, name), strict=True):
            union = functools.reduce(operator.or_, (terms[pos, ref, alts[0]] for pos, ref, alts in some))
            first, last = record[0], record[0] + len(record[1]) - 1
            exonic = any(one <= last and first <= two for one, two in shape.exons)
            compared += 1
            if given(union, exonic) != found:
                wrong.append((name, record, names(found), names(union)))
    assert compared > 3000
    assert wrong == []


def region_bits(caller: ConsequenceCaller, records: list[Record], name: str) -> list[int]:
    """The terms of the table of each record for a transcript, as bits."""
    of_table = {rule.term for rule in RULES}
    found = []
    for csq in caller.call(chunk(records)).csq.to_pylist():
        entry = next(one for one in entries(csq) if one["Feature"] == name)
        found.append(sum(BIT[term] for term in entry["Consequence"].split("&") if term in of_table))
    return found
