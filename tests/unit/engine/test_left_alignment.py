"""Many alleles normalised at once are spelled as they are one by one."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa

from annotator.engine.normalise import normalise, normalise_all

BASES = b"ACGT"


def random_genome(rng: random.Random) -> bytes:
    """Bases with repeats, some longer than what is read in front of an allele, and unknown bases."""
    parts = []
    while sum(map(len, parts)) < 20_000:
        unit = bytes(rng.choices(BASES, k=rng.choice([1, 1, 2, 3, 5])))
        parts += [bytes(rng.choices(BASES, k=rng.randrange(40))), unit * rng.randrange(1, 120)]
        parts += [b"N" * rng.randrange(3)]
    return b"".join(parts)


def test_the_same_as_one_by_one() -> None:
    rng = random.Random(7)
    genome = random_genome(rng)

    def fetch(at: int, length: int) -> bytes:
        return genome[at - 1 : at - 1 + length]

    alleles = []
    while len(alleles) < 20_000:
        at = rng.choice([rng.randrange(1, 100), rng.randrange(1, len(genome) - 60)])
        ref = fetch(at, rng.choice([1, 1, 1, 2, 3, 8, 31, 32, 33, 50]))
        alt = rng.choice([ref[:1], ref[-1:], ref[:1] + ref, ref + ref[-1:], ref[1:] or b"A", ref + fetch(at, 9)])
        alt = alt if rng.random() < 0.8 else bytes(rng.choices(BASES, k=rng.randrange(1, 5)))
        if b"N" not in ref + alt and ref != alt:
            alleles.append((at, ref, alt))
    pos, ref, alt = zip(*alleles, strict=True)
    found = normalise_all(
        np.array(pos), pa.array(ref, pa.binary()), pa.array(alt, pa.binary()), np.ones(len(pos), bool), fetch
    )
    spelled = list(zip(found.pos.tolist(), found.ref.to_pylist(), found.alt.to_pylist(), strict=True))
    assert spelled == [normalise(*one, fetch) for one in alleles]
    moved = [one[0] - other[0] for one, other in zip(alleles, spelled, strict=True)]
    assert max(moved) > 64, "some are moved farther than what is read at first"
    assert sum(1 <= by < 64 for by in moved) > 1000
