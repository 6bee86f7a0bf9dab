"""A bounded comparison with each program that is there: every difference must be in a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.comparison import UNKNOWN, Difference, Result, compare, rules
from tests.oracles.csq import Csq
from tests.oracles.genomes import Genome, genomes
from tests.oracles.program import Program
from tests.oracles.recorded import Mitomap, Vep
from tests.oracles.report import page
from tests.oracles.translation import Translation
from tests.oracles.variants import kind_of, left_aligned, variants
from tests.oracles.vepyr import Vepyr

SUBSTITUTIONS, OTHERS = 1_500, 500
"""Variants of each genome."""
PROGRAMS = (Csq(), Vepyr(), Vep(), Mitomap(), Translation())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Genome]:
    return genomes(tmp_path_factory.mktemp("genomes"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_differences_are_all_in_classes(program: Program, places: list[Genome], tmp_path: Path) -> None:
    if why := program.missing():
        pytest.skip(f"{program.name}: {why}")
    result = Result()
    for genome in places:
        (tmp_path / genome.name).mkdir()
        if found := program.variants(genome, SUBSTITUTIONS, OTHERS):
            compare(program, genome, found, tmp_path / genome.name, result)
    unknown = [examples for (_, kind), examples in result.examples.items() if kind == UNKNOWN]
    assert unknown == []
    assert result.pairs > 250
    # Most of what is generated is easy: a comparison that read nothing would show here.
    assert min(result.same[key] for key in program.fields) > 0.8 * result.pairs


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_class_has_a_verdict_and_a_reason(program: Program) -> None:
    classes = rules(program)
    assert {rule.right for rule in classes} <= {"ours", "theirs", "both", "open"}
    assert all(rule.why and set(rule.when) <= {*Difference.__dataclass_fields__, "both"} for rule in classes)
    assert len({rule.name for rule in classes}) == len(classes)
    if not program.missing():  # the page has its version
        assert f"## {program.name}" in page({program: Result()}, {}, 1)


def test_variants_are_trimmed_and_left_aligned(places: list[Genome]) -> None:
    made = places[-1]
    for pos, ref, alt in variants(made, 50, 300):
        assert made.bases[pos - 1 : pos - 1 + len(ref)] == ref != alt
        assert left_aligned(made.bases, pos, ref, alt) == (pos, ref, alt)


def test_an_indel_moves_to_the_left() -> None:
    assert left_aligned("GCACACT", 5, "AC", "") == (1, "GCA", "G")
    assert left_aligned("GCACACT", 7, "T", "TT") == (6, "C", "CT")
    assert kind_of("GCA", "G") == "deletion"
