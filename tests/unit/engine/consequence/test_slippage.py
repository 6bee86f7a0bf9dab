"""Transcripts whose coding sequence cannot be read beyond a base: the quick ways say no more than the exact one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotator.engine.consequence import caller as quick
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.vector.coding_indel_rows import CodingIndelRows
from tests.unit.engine.consequence import casebook
from tests.unit.engine.consequence.casebook import SHAPES, Record, Shape, at, caller, chunk, entries

SLIPPING = (
    replace(SHAPES[0], name="SLF", slip=2330),
    replace(SHAPES[0], name="SLG", slip=2547),
    replace(SHAPES[0], name="SLH"),
    replace(SHAPES[1], name="SLR", slip=3080),
    replace(SHAPES[1], name="SLS", slip=2700),
    replace(SHAPES[1], name="SLT"),
)
"""Isoforms of FWD and REV; the last of each can be read whole."""
SLIPS = {f"T{shape.name}.1": shape for shape in SLIPPING if shape.slip}
OF_CODONS = ("CDS_position", "Protein_position", "Amino_acids", "Codons", "HGVSp")
"""What is reported of codons and proteins."""


def given() -> list[Record]:
    chance = random.Random(3)
    found: list[Record] = []
    for _ in range(900):
        place = chance.choice([chance.randrange(2040, 2620), chance.randrange(2640, 3460)])
        size = chance.choice([1, 1, 2, 3, 3, 6, 7])
        added = "".join(chance.choice("ACGT") for _ in range(size))
        found.append(
            chance.choice(
                [
                    (place, at(place), ["ACGT"["ACGT".index(at(place)) - 1]]),
                    (place, at(place, size + 1), [at(place)]),
                    (place, at(place), [at(place) + added]),
                ]
            )
        )
    return sorted(found)


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    monkeypatch.setattr(casebook, "SHAPES", (*SHAPES, *SLIPPING))
    found: list[bytes] = caller(tmp_path).call(chunk(given())).csq.to_pylist()
    return found


def test_the_exact_way_gives_the_same(answers: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "plain_single_bases", lambda alleles: np.zeros(len(alleles), dtype=bool))
    monkeypatch.setattr(quick, "outside_codons", lambda alleles, pairs, where, models: np.zeros(len(where), dtype=bool))
    monkeypatch.setattr(CodingIndelRows, "rows", lambda self, alleles, pairs, where: ([], where))
    monkeypatch.setattr(IsoformCache, "row", lambda self, allele, _, transcript: self._exact.row(allele, transcript))
    assert caller(tmp_path).call(chunk(given())).csq.to_pylist() == answers


def coding_bases(shape: Shape, low: int, high: int) -> int:
    """Bases of the exons of a transcript in a range of the genome."""
    return sum(max(0, min(last, high) - max(first, low) + 1) for first, last in shape.exons)


def test_nothing_is_told_of_codons_behind_a_slip(answers: list[bytes]) -> None:
    behind = before = 0
    for (place, ref, _), csq in zip(given(), answers, strict=True):
        for entry in entries(csq):
            shape = SLIPS.get(entry["Feature"])
            if shape is None:
                continue
            forward = shape.strand == "+"
            if place > shape.slip + 7 if forward else place + len(ref) < shape.slip - 7:
                behind += 1
                assert [entry[name] for name in OF_CODONS] == [""] * 5
                assert not set(entry["Consequence"].split("&")) & {
                    "missense_variant",
                    "synonymous_variant",
                    "stop_gained",
                }
            elif coding_bases(shape, *sorted((place + len(ref) * forward, shape.slip))) > 24:  # left-aligned, too
                twin = "TSLH.1" if forward else "TSLT.1"
                (whole,) = [one for one in entries(csq) if one["Feature"] == twin]
                before += bool(whole["Codons"])
                for name in ("Consequence", *OF_CODONS[:4]):
                    assert entry[name] == whole[name]
                if whole["HGVSp"] and "fs" not in whole["HGVSp"] and "dup" not in whole["HGVSp"]:
                    assert entry["HGVSp"].partition(":")[2] == whole["HGVSp"].partition(":")[2]
    assert min(behind, before) > 200
