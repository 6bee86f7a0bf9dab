"""`make smoke` against the packaged site: what it looks at, and what it says of a site that does not work."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.aws.smoke import smoke
from infra.errors import OperatorError
from infra.local.browser import Browser
from infra.local.people import PEOPLE
from infra.local.stack import LocalStack

pytestmark = pytest.mark.e2e


def test_a_site_that_works_is_walked_through(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path):
    session = sign_in(PEOPLE[1]).session.cookies["gas_session"]
    said: list[str] = []
    smoke(Browser(stack.settings.site), session, a_vcf, 120, said.append)
    assert said[0] == "  the home page and its static files come"
    assert said[1].startswith("  strangers are sent to sign in at ")
    assert said[-1] == "  a file was annotated, downloaded and deleted"


def test_without_a_session_only_what_visitors_see_is_looked_at(stack: LocalStack, a_vcf: Path):
    said: list[str] = []
    smoke(Browser(stack.settings.site), "", a_vcf, 120, said.append)
    assert said[-1] == "GAS_SESSION is not set: no file was annotated."


def test_a_session_that_has_ended_is_told(stack: LocalStack, a_vcf: Path):
    with pytest.raises(OperatorError, match="Sign in again"):
        smoke(Browser(stack.settings.site), "x", a_vcf, 120, lambda _: None)


def test_a_site_without_its_function_is_told(stack: LocalStack, a_vcf: Path):
    with pytest.raises(OperatorError, match="home page does not come"):
        smoke(Browser(f"{stack.settings.identity}/nothing"), "", a_vcf, 120, lambda _: None)
