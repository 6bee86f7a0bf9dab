"""Insertions and deletions moved many at once end where moving each of them ends."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine.consequence import AlleleChunk
from annotator.engine.consequence.allele import DELETION, INSERTION
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.rows import ExactRows
from annotator.engine.consequence.vector.three_prime_shift import NEAR, SHORT, Movements

Record = tuple[int, str, str]


def alleles(records: list[Record]) -> Alleles:
    pos = np.array([place for place, _, _ in records])
    ref = pa.array([text.encode() for _, text, _ in records], pa.binary())
    alt = pa.array([text.encode() for _, _, text in records], pa.binary())
    end = pos + [len(text) - 1 for _, text, _ in records]
    return Alleles.of(AlleleChunk(np.arange(len(records), dtype=np.int32), pos, ref, alt, end, len(records)))


def ends(bases: str, records: list[Record]) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """What is found for both strands of each record, many at once and one by one."""

    def fetch(start: int, length: int) -> bytes:
        return bases[max(0, start - 1) : max(0, start - 1 + length)].encode()

    given = alleles(records)
    pure = np.flatnonzero(np.isin(given.kind, (INSERTION, DELETION)))
    at, forward = np.repeat(pure, 2), np.tile([True, False], len(pure))
    movements = Movements(ExactRows(fetch, 1), fetch)
    first, last, words = movements.of(given, at, forward)
    single = [movements._one(given, one, 1 if ahead else -1) for one, ahead in zip(at.tolist(), forward, strict=True)]
    return list(zip(first.tolist(), last.tolist(), words.to_pylist(), strict=True)), single


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
    many, single = ends(bases, sorted(records))
    assert many == single
    assert {words[:3] for _, _, words in many} == {"del", "dup", "ins"}


def test_what_is_told_of_each_strand() -> None:
    bases = "G" * 50 + "ACACACT" + "G" * 2 * NEAR + "G" * 50
    many, single = ends(bases, [(50, "GAC", "G"), (53, "A", "ATA")])
    assert many == single == [(55, 56, "del"), (51, 52, "del"), (53, 54, "insTA"), (52, 53, "insAT")]
