"""Everything that the grammars write, to be tried: some examples each in `make test`, as long as you like otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.model_grammar import KINDS, model_files
from tests.fuzz.references import NAMES, reference
from tests.fuzz.vcf_grammar import vcf_files
from tests.fuzz.whole_pass import check_models, check_vcf

Trial = tuple[Callable[[], st.SearchStrategy[Any]], Callable[[Any], None]]
"""A strategy and what must hold for its files, by a name such as ``VCF for rCRS, valid``."""


def _check_for(name: str, file: Any) -> None:
    check_vcf(file, reference(name))


def _files_for(name: str, faulty: bool) -> st.SearchStrategy[Any]:
    return vcf_files(reference(name), faulty)


def trials() -> dict[str, Trial]:
    """All of them, by name."""
    found: dict[str, Trial] = {}
    for faulty in (False, True):
        words = "with one fault" if faulty else "valid"
        for name in NAMES:
            found[f"VCF for {name}, {words}"] = partial(_files_for, name, faulty), partial(_check_for, name)
        for kind in KINDS:
            found[f"{kind}, {words}"] = partial(model_files, kind, faulty), check_models
    return found


def attempt(trial: Trial, examples: int, number: int, count: Callable[[], None] = lambda: None) -> None:
    """Try examples, the same ones for the same number; what fails is raised in its simplest form.

    Args:
        trial: one of :func:`trials`.
        examples: how many.
        number: the seed.
        count: called for each example.
    """
    files, check = trial

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(files())
    def tried(file: Any) -> None:
        count()
        check(file)

    tried()
