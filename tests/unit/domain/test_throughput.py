"""How long annotations take, learned from those that ended."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.throughput import Throughput


def learned(*ended: tuple[int, float]) -> Throughput:
    pace = Throughput()
    for size, seconds in ended:
        pace = pace.with_one(size, seconds)
    return pace


def test_nothing_is_known_at_first() -> None:
    assert Throughput().expected(1_000_000) is None


def test_one_tells_of_any_size() -> None:
    assert learned((100_000, 4)).expected(50_000_000) == pytest.approx(4)


def test_a_line_is_found() -> None:
    pace = learned(*[(size * 1_000_000, 2 + 3 * size) for size in (1, 5, 2, 40, 17)])
    assert pace.expected(100_000_000) == pytest.approx(302)
    assert pace.expected(0) == pytest.approx(2)


def test_new_ones_count_more_than_old_ones() -> None:
    pace = learned(*[(1_000_000, 100.0)] * 50, *[(1_000_000, 1.0)] * 100)
    assert pace.expected(1_000_000) == pytest.approx(1.0, abs=0.7)


@given(st.lists(st.tuples(st.integers(0, 5 * 1024**3), st.floats(0, 1e5)), min_size=1), st.integers(0, 5 * 1024**3))
def test_never_less_than_nothing(ended: list[tuple[int, float]], size: int) -> None:
    expected = learned(*ended).expected(size)
    assert expected is not None
    assert expected >= 0
    assert Throughput.from_record(learned(*ended).to_record()) == learned(*ended)
