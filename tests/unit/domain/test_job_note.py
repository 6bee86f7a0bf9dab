"""A job's note, in every form in which it can come with an upload."""
from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.job_note import LONGEST_NOTE, read_note


@pytest.mark.parametrize(("value", "note"), [
    (None, None), ("", None), ("  ", None), ("UTF-8''", None), ("UTF-8''%20%0A", None),
    ("trio 7, mother", "trio 7, mother"), ("100%25 sure", "100%25 sure"), ("it's 5 > 3", "it's 5 > 3"),
    ("UTF-8''Fam%C3%ADlia%20%E6%95%B0", "Família 数"), ("utf-8''a%27b", "a'b"),
    ("UTF-8''%FF", "\N{REPLACEMENT CHARACTER}"),
    ("two\nlines\tand\x00more", "two lines and more"), ("Família".encode().decode("latin-1"), "Família"),
    ("é", "é"), ("=?UTF-8?B?broken", "=?UTF-8?B?broken"), ("=?no-such-code?Q?a?=", "=?no-such-code?Q?a?="),
    (Header("Família 7", "utf-8").encode(), "Família 7"), ("x" * 500, "x" * LONGEST_NOTE)])
def test_note(value: str | None, note: str | None) -> None:
    assert read_note(value) == note


@given(st.text())
def test_any_text_gives_a_line_or_nothing(value: str) -> None:
    note = read_note(value)
    assert note is None or (0 < len(note) <= LONGEST_NOTE and note.isprintable() and note == note.strip())
