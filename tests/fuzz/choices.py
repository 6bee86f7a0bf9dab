"""Short words for what the grammars ask of hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


@dataclass(frozen=True)
class Choices:
    """Chooses by hypothesis' ``draw``, so that a failing file shrinks to its simplest form."""

    draw: Callable[[st.SearchStrategy[Any]], Any]

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends among them."""
        found: int = self.draw(st.integers(least, most))
        return found

    def of(self, items: Sequence[T]) -> T:
        """One of some items; the first is the simplest."""
        return items[self.number(0, len(items) - 1)]

    def often(self, percent: int) -> bool:
        """True in so many of a hundred cases; false is the simpler one."""
        return self.number(0, 99) >= 100 - percent

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Some items in any order, none twice; perhaps none."""
        found: list[T] = []
        for _ in range(self.number(0, most)):
            one = self.of(items)
            if one not in found:
                found.append(one)
        return found

    def text(self, letters: str, least: int, most: int) -> str:
        """A word of some letters."""
        size = self.number(least, most)
        if size <= 8:
            return "".join(self.of(letters) for _ in range(size))
        # Hypothesis would take long over hundreds of letters: a short word, repeated, with one letter changed.
        word = self.text(letters, 3, 8)
        text = (word * (size // len(word) + 1))[:size]
        at = self.number(0, size - 1)
        return text[:at] + self.of(letters) + text[at + 1 :]


@dataclass(frozen=True)
class Fault:
    """The one thing that is wrong with a file.

    Attributes:
        name: what it is.
        codes: of the error that may come of it; empty where errors have no codes.
        lines: numbers of the lines, from 1, one of which the error must name; empty where no line is to blame.
    """

    name: str
    codes: frozenset[str]
    lines: frozenset[int]
