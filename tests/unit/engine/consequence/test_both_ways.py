"""The quick way for many pairs and the exact way for one at a time give the same answers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from annotator.engine.consequence import caller as quick
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.vector.coding_indel_rows import CodingIndelRows
from tests.unit.engine.consequence import casebook
from tests.unit.engine.consequence.casebook import LENGTH, SHAPES, Record, Shape, at, caller, chunk, entries


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


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let insertions and deletions in coding sequences be looked at one by one."""
    monkeypatch.setattr(CodingIndelRows, "rows", lambda self, alleles, pairs, where: ([], where))


@pytest.mark.parametrize(("seed", "code"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 11)])
def test_quick_and_exact_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, code: int) -> None:
    given = chunk(records(seed))
    one = caller(tmp_path, code).call(given)
    monkeypatch.setattr(quick, "plain_single_bases", lambda alleles: np.zeros(len(alleles), dtype=bool))
    monkeypatch.setattr(quick, "outside_codons", lambda alleles, pairs, where, models: np.zeros(len(where), dtype=bool))
    one_by_one(monkeypatch)
    other = caller(tmp_path, code).call(given)
    assert one.csq.to_pylist() == other.csq.to_pylist()
    assert one.bcsq.to_pylist() == other.bcsq.to_pylist()
    assert one.reported.equals(other.reported)
    assert one.terms.tolist() == other.terms.tolist()


def test_chunks_of_any_size_give_the_same(tmp_path: Path) -> None:
    given = records(9)
    whole = caller(tmp_path).call(chunk(given)).csq.to_pylist()
    parts = caller(tmp_path)
    assert [
        one for first in range(0, len(given), 7) for one in parts.call(chunk(given[first : first + 7])).csq.to_pylist()
    ] == whole


ISOFORMS = (
    Shape("FWD2", "+", ((1901, 1950), (2501, 2620)), 2501, 2602),
    Shape("FWD3", "+", ((2001, 2100), (2301, 2340), (2501, 2620), (2801, 2850)), 2051, 2602),
    Shape("FWD4", "+", ((2021, 2100), (2301, 2340), (2501, 2620)), 2051, 2602),
    Shape("REV2", "-", ((2611, 2700), (3001, 3150), (3421, 3500)), 2651, 3450),
    Shape("REV3", "-", ((2611, 2700), (3001, 3150), (3401, 3500), (3701, 3800)), 2651, 3450, biotype="protein_coding"),
)
"""Other transcripts of FWD and REV: other first exons, a later start in the same frame, an exon more behind the
stop."""


def test_isoforms_that_are_alike_share_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is moved from one isoform to another is what looking at each of them gives."""
    one_by_one(monkeypatch)
    monkeypatch.setattr(casebook, "SHAPES", (*SHAPES, *ISOFORMS))
    chance = random.Random(4)
    given: list[Record] = []
    for _ in range(600):
        place, size = (
            chance.choice([chance.randrange(2490, 2625), chance.randrange(2990, 3160)]),
            chance.randrange(1, 8),
        )
        alt = at(place) + "".join(chance.choice("ACGT") for _ in range(size))
        given.append((place, at(place, size + 1), [at(place)]) if chance.random() < 0.5 else (place, at(place), [alt]))
    given.sort()
    shared = caller(tmp_path).call(chunk(given)).csq.to_pylist()
    monkeypatch.setattr(IsoformCache, "row", lambda self, allele, _, transcript: self._exact.row(allele, transcript))
    assert caller(tmp_path).call(chunk(given)).csq.to_pylist() == shared
    names = {entry["Feature"] for csq in shared for entry in entries(csq) if entry["HGVSp"]}
    assert names >= {"TFWD.1", "TFWD2.1", "TFWD3.1", "TFWD4.1", "TREV.1", "TREV2.1", "TREV3.1"}


LONG = (
    Shape("LNGF", "+", ((12501, 12790), (12901, 13600)), 12551, 13540, biotype="nonsense_mediated_decay"),
    Shape("LNGR", "-", ((14001, 14500), (14561, 14571), (14701, 15300)), 14051, 15250),
    Shape("OPEN", "+", ((12601, 12790), (12901, 13519)), 12602, 13519, tags="cds_end_NF"),
)
"""A long protein in each direction, so that most changes lie inside."""


@pytest.mark.parametrize("seed", range(3))
def test_indels_inside_coding_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Insertions, repeats and deletions of many lengths give what looking at each pair of them gives."""
    monkeypatch.setattr(casebook, "SHAPES", (*SHAPES, *LONG[:2]))
    monkeypatch.setattr(casebook, "GENOME", casebook.genome())
    monkeypatch.setattr(casebook, "SHAPES", (*SHAPES, *LONG))
    chance = random.Random(seed)
    given: list[Record] = []
    for _ in range(800):
        place = chance.choice(
            [chance.randrange(5_010, 5_620), chance.randrange(12_540, 13_560), chance.randrange(14_040, 15_260)]
        )
        size = chance.choice([*range(1, 13), 3, 3, 6, 9, 29, 30, 31, 60])
        added = "".join(chance.choice("ACGT") for _ in range(size)), at(place + 1, size), at(place + 1) * size
        deletes = chance.random() < 0.5
        given.append((place, at(place, size + 1), [at(place)]) if deletes else (place, at(place), [chance.choice([
            at(place) + text for text in added
        ])]))  # fmt: skip
    given.sort()
    quickly = CodingIndelRows.rows
    told = {"quickly": 0, "left": 0}

    def counted(self, alleles, pairs, where):  # type: ignore[no-untyped-def]
        rows, left = quickly(self, alleles, pairs, where)
        told["quickly"] += sum(len(one) for one in rows)
        told["left"] += len(left)
        return rows, left

    monkeypatch.setattr(CodingIndelRows, "rows", counted)
    one = caller(tmp_path).call(chunk(given))
    assert told["quickly"] > 2 * told["left"]
    one_by_one(monkeypatch)
    monkeypatch.setattr(IsoformCache, "row", lambda self, allele, _, transcript: self._exact.row(allele, transcript))
    other = caller(tmp_path).call(chunk(given))
    assert one.csq.to_pylist() == other.csq.to_pylist()
    assert one.bcsq.to_pylist() == other.bcsq.to_pylist()
    assert one.reported.equals(other.reported)
    assert one.terms.tolist() == other.terms.tolist()
