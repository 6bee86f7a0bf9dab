"""REF alleles are compared with the sequence a stretch at a time, however far apart they lie."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from annotator.engine.byte_columns import bytes_of
from annotator.engine.reference import bundle
from annotator.engine.reference.ref_alleles import agreeing


def test_alleles_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "STRETCH", 100)
    chance = random.Random(1)
    bases = "".join(chance.choices("ACGT", k=5_000)).encode()
    read: list[int] = []

    def fetch(_: str, start: int, length: int) -> bytes:
        read.append(length)
        return bases[start - 1 : start - 1 + length]

    pos = sorted(chance.sample(range(1, 4_990), 60))
    alleles, expected = [], []
    for at in pos:
        allele = bases[at - 1 : at - 1 + chance.randint(1, 9)]
        expected.append(chance.random() < 0.7)
        alleles.append(allele if expected[-1] else allele[:-1] + b"N")
    sequence: Any = SimpleNamespace(fetch=fetch)
    found = agreeing(sequence, "1", np.array(pos), *bytes_of(pa.array(alleles, pa.binary())))
    assert found.tolist() == expected
    assert max(read) <= 100
    assert not agreeing(sequence, "1", np.zeros(0, np.int64), *bytes_of(pa.array([], pa.binary()))).size
