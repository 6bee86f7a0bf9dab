"""The quick way for many pairs and the exact way for one at a time give the same answers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from annotator.engine.consequence import caller as quick
from tests.unit.engine.consequence.casebook import LENGTH, SHAPES, Record, at, caller, chunk


def records(seed: int) -> list[Record]:
    """Single bases everywhere near exons, insertions and deletions all over the transcripts."""
    chance = random.Random(seed)
    found = []
    near = {
        place
        for shape in SHAPES
        for edge in (*shape.exons, (shape.first, shape.last))
        for end in edge
        for place in range(end - 22, end + 23)
        if 0 < place < LENGTH - 30
    }
    for place in chance.sample(sorted(near), 700):
        found.append((place, at(place), [chance.choice([base for base in "ACGT" if base != at(place)])]))
    for _ in range(500):
        place, size = chance.randrange(1, 13_000), chance.choice([1, 2, 3, 5, 8])
        added = "".join(chance.choice("ACGT") for _ in range(size))
        if chance.random() < 0.5:
            found.append((place, at(place, size + 1), [at(place)]))
        else:
            found.append((place, at(place), [at(place) + (added if chance.random() < 0.5 else at(place + 1, size))]))
    return sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_quick_and_exact_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    given = chunk(records(seed))
    one = caller(tmp_path).call(given)
    monkeypatch.setattr(quick, "plain_single_bases", lambda alleles: np.zeros(len(alleles), dtype=bool))
    monkeypatch.setattr(quick, "outside_codons", lambda alleles, pairs, where, models: np.zeros(len(where), dtype=bool))
    other = caller(tmp_path).call(given)
    assert one.csq.to_pylist() == other.csq.to_pylist()
    assert one.bcsq.to_pylist() == other.bcsq.to_pylist()
    assert one.worst.equals(other.worst)
    assert one.terms.tolist() == other.terms.tolist()


def test_chunks_of_any_size_give_the_same(tmp_path: Path) -> None:
    given = records(9)
    whole = caller(tmp_path).call(chunk(given)).csq.to_pylist()
    parts = caller(tmp_path)
    assert [
        one for first in range(0, len(given), 7) for one in parts.call(chunk(given[first : first + 7])).csq.to_pylist()
    ] == whole
