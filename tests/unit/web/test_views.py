"""Amounts and summaries as people read them."""
from __future__ import annotations

import pytest

from chalicelib.web.views import amounts
from chalicelib.web.views.summary import CONSEQUENCES_SHOWN, SummaryView


@pytest.mark.parametrize(("number", "words"), [
    (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KB"), (1536, "1.5 KB"), (153_600, "150 KB"),
    (1_048_575, "1 MB"), (5 * 1024**3, "5 GB"), (1_288_490_189, "1.2 GB"), (2**50, "1024 TB")])
def test_size(number: int, words: str) -> None:
    assert amounts.size(number).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "under a second"), (8, "8 s"), (60, "1 min"), (95, "1 min 35 s"), (3599, "59 min"), (4800, "1 h 20 min"),
    (7200, "2 h"), (5 * 86_400, "5 days")])
def test_duration(seconds: int, words: str) -> None:
    assert amounts.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_times() -> None:
    assert amounts.iso(1_790_000_000) == "2026-09-21T14:13:20Z"
    assert amounts.utc(1_790_000_000) == "21 Sep 2026, 14:13 UTC"


def test_summary_of_an_engine_that_counts_less() -> None:
    view = SummaryView.of({"records": 0})
    assert view.figures == (("Records", "0"),)
    assert view.consequences == view.impacts == view.warnings == ()
    assert (view.most_consequences, view.most_impacts) == (1, 1)


def test_summary_shows_the_most_frequent_terms() -> None:
    view = SummaryView.of({"consequences": {f"term_{number:02d}": number for number in range(30)}})
    assert view.consequences[0].name == "term_29"
    assert len(view.consequences) == CONSEQUENCES_SHOWN
    assert view.other_consequences == 30 - CONSEQUENCES_SHOWN


def test_samples_are_shown_when_there_are_some() -> None:
    assert ("Samples", "3") in SummaryView.of({"samples": 3}).figures
    assert SummaryView.of({"samples": 0}).figures == ()
