"""Insertions and deletions shifted many at once end where shifting each of them ends."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine.consequence import AlleleChunk
from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.rows import ScalarRows
from annotator.engine.consequence.vector.noncoding_indel_hgvs import NEAR, SHORT, IndelDescriber
from annotator.engine.normalise import Fetch

Record = tuple[int, str, str]
Description = tuple[int, int, str, str]


def alleles(records: list[Record], fetch: Fetch) -> Alleles:
    pos = np.array([place for place, _, _ in records])
    ref = pa.array([text.encode() for _, text, _ in records], pa.binary())
    alt = pa.array([text.encode() for _, _, text in records], pa.binary())
    end = pos + [len(text) - 1 for _, text, _ in records]
    return Alleles.of(AlleleChunk(np.arange(len(records), dtype=np.int32), pos, ref, alt, end, len(records)), fetch)


def descriptions(bases: str, records: list[Record]) -> tuple[list[Description], list[Description]]:
    """Of both strands of each record, many at once and one at a time."""

    def fetch(start: int, length: int) -> bytes:
        return bases[max(0, start - 1) : max(0, start - 1 + length)].encode()

    given = alleles(records, fetch)
    pure = np.flatnonzero(np.isin(given.kind, (INSERTION, DELETION)))
    at, forward = np.repeat(pure, 2), np.tile([True, False], len(pure))
    describer = IndelDescriber(ScalarRows(fetch, 1), fetch)
    first, last, kind, alt = describer.describe(given, at, forward)
    many = zip(first.tolist(), last.tolist(), kind.to_pylist(), alt.to_pylist(), strict=True)
    strands = zip(at.tolist(), np.where(forward, 1, -1).tolist(), strict=True)
    return list(many), [describer._describe_one(given, one, strand) for one, strand in strands]


@pytest.mark.parametrize("seed", range(5))
def test_repeats_of_all_kinds(seed: int) -> None:
    chance = random.Random(seed)
    bases = "".join(chance.choice(["A", "C", "AC", "ACG", "T", "TTTT", "G"]) for _ in range(200))
    records: list[Record] = []
    for _ in range(300):
        place, size = chance.randrange(1, len(bases) - 25), chance.randrange(1, SHORT + 4)
        added = chance.choice([bases[place : place + size], "".join(chance.choice("ACGT") for _ in range(size))])
        one = bases[place - 1]
        records.append(
            (place, bases[place - 1 : place + size], one) if chance.random() < 0.5 else (place, one, one + added)
        )
    many, single = descriptions(bases, sorted(records))
    assert many == single
    assert {kind for _, _, kind, _ in many} == {"del", "dup", "ins"}


def test_both_strands() -> None:
    bases = "G" * 50 + "ACACACT" + "G" * 2 * NEAR + "G" * 50
    many, single = descriptions(bases, [(50, "GAC", "G"), (53, "A", "ATA")])
    assert many == [(55, 56, "del", ""), (51, 52, "del", ""), (53, 54, "ins", "TA"), (52, 53, "ins", "AT")]
    assert single == many
