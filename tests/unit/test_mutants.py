"""Every mutant can be applied: a list that is out of date would prove nothing."""
from __future__ import annotations

import pytest

from tests.mutants.__main__ import PROJECT, Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_and_its_tests_exist(mutant: Mutant) -> None:
    text = (PROJECT / mutant.file).read_text()
    assert text.count(mutant.replace) == 1
    assert mutant.replace != mutant.by
    assert mutant.tests
    for test in mutant.tests:
        assert (PROJECT / test.partition("::")[0]).exists()


def test_mutants_have_names_of_their_own() -> None:
    names = [mutant.name for mutant in mutants()]
    assert len(set(names)) == len(names)
