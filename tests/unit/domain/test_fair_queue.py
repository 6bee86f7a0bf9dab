"""Users take turns, and Premium goes first."""
from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.fair_queue import PREMIUM_AHEAD, Line, OpenJob
from chalicelib.domain.jobs import JobStatus

NUMBERS = count()


def job(user: str, submitted: int, premium: bool = False) -> OpenJob:
    return OpenJob(job_id=f"{user}{submitted}-{next(NUMBERS)}", user_id=user, submit_time=submitted, input_file_size=1,
                   job_status=JobStatus.PENDING, premium=premium)


def order(jobs: list[OpenJob], now: int = 10_000, seconds: int = 60, **served: int) -> str:
    """The users in the order in which their jobs start, with a job a minute."""
    line, users = Line(jobs, served), ""
    while (one := line.next(now)) is not None:
        users += one.user_id
        now += seconds
    return users


def test_one_user_s_jobs_start_in_the_order_in_which_they_came() -> None:
    jobs = [job("a", moment) for moment in (3, 1, 2)]
    line = Line(jobs, {})
    assert [line.next(10).submit_time for _ in jobs] == [1, 2, 3]  # type: ignore[union-attr]
    assert line.next(10) is None


def test_users_take_turns() -> None:
    assert order([*(job("a", moment) for moment in range(5)), job("b", 7), job("b", 8), job("c", 9)]) == "abcabaaa"


def test_turns_are_taken_although_the_times_of_the_starts_are_not_known() -> None:
    assert order([*(job("a", moment) for moment in range(4)), job("b", 7), job("b", 8)], seconds=0) == "ababaa"


def test_who_was_served_last_comes_last() -> None:
    jobs = [*(job("a", moment) for moment in range(100, 104)), job("b", 200)]
    assert order(jobs, a=250) == "baaaa"
    assert order(jobs, a=150) == "abaaa", "nobody was passed over yet"


def test_premium_goes_first_for_as_long_as_it_is_ahead() -> None:
    free, premium = job("f", 9_000), [job("p", 9_500, premium=True) for _ in range(20)]
    assert order([free, *premium])[0] == "p"
    late = 9_000 + PREMIUM_AHEAD
    assert order([free, job("p", late - 1, premium=True)]) == "pf"
    assert order([free, job("p", late + 1, premium=True)]) == "fp", "a free user has waited long enough"
    users = order([job("f", 10_000), *premium])
    assert users.index("f") == 11, "ten minutes of Premium's jobs, and one more that began at their end"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2000), st.booleans()), max_size=60),
       st.integers(0, 200))
def test_every_job_leaves_once_and_a_free_user_s_turn_comes(jobs: list[tuple[str, int, bool]], seconds: int) -> None:
    waiting = [job(user, moment, premium) for user, moment, premium in jobs]
    line, left, now = Line(waiting, {}), list[OpenJob](), 2000
    while (one := line.next(now)) is not None:
        left.append(one)
        now += seconds
    assert sorted(one.job_id for one in left) == sorted(one.job_id for one in waiting)
    for user in "abcd":
        own = [one.submit_time for one in left if one.user_id == user]
        assert own == sorted(own)
