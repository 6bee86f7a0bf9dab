"""The progress that the engine reports, and the warnings it collects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from annotator.engine.errors import WARNINGS, shortened

EXAMPLES = 5
"""How many lines are named for each warning."""
DETAIL_LENGTH = 400
"""Characters of a detail."""
REPORT_EVERY = 2000
"""Records between two reports of progress."""


@dataclass(frozen=True)
class Progress:
    """One report: stage (checking, annotating, indexing), records done, their total if known, warnings."""

    stage: str
    records: int
    total: int | None
    warnings: int


Report = Callable[[Progress], None]
"""Receives reports; called often, so it must be cheap."""


def ignore(_: Progress) -> None:
    """The report that nobody reads."""


@dataclass
class Warned:
    """One kind of warning: how often, its first lines, and the first detail."""

    count: int = 0
    first_lines: list[int] = field(default_factory=list)
    details: list[str] = field(default_factory=list)


class Warnings:
    """Warnings by code, with counts and the first lines of each."""

    def __init__(self) -> None:
        self.by_code: dict[str, Warned] = {}
        self.total = 0

    def add(self, code: str, line: int | None = None, detail: str | None = None) -> None:
        """Count a warning; keep its line (counted from 1) and detail while there are few."""
        warned = self.by_code.setdefault(code, Warned())
        warned.count += 1
        self.total += 1
        if line is not None and len(warned.first_lines) < EXAMPLES:
            warned.first_lines.append(line)
        if detail is not None and len(warned.details) < EXAMPLES:
            warned.details.append(shortened(detail, DETAIL_LENGTH))

    def add_many(self, code: str, lines: list[int], details: list[str | None] | None = None) -> None:
        """Count a warning for several lines in ascending order."""
        warned = self.by_code.setdefault(code, Warned())
        warned.count += len(lines)
        self.total += len(lines)
        warned.first_lines += lines[: EXAMPLES - len(warned.first_lines)]
        said = [detail for detail in details or () if detail is not None]
        warned.details += [shortened(detail, DETAIL_LENGTH) for detail in said[: EXAMPLES - len(warned.details)]]

    def add_count(self, code: str, count: int, details: list[str]) -> None:
        """Count a warning that is not about lines of the input file; keep its details while there are few."""
        if count:
            warned = self.by_code.setdefault(code, Warned())
            warned.count += count
            self.total += count
            warned.details += [shortened(one, DETAIL_LENGTH) for one in details[: EXAMPLES - len(warned.details)]]

    def merge(self, later: Warnings) -> None:
        """Add the warnings of lines that come later in the file."""
        for code, theirs in later.by_code.items():
            warned = self.by_code.setdefault(code, Warned())
            warned.count += theirs.count
            warned.first_lines += theirs.first_lines[: EXAMPLES - len(warned.first_lines)]
            warned.details += theirs.details[: EXAMPLES - len(warned.details)]
        self.total += later.total

    def as_list(self) -> list[dict[str, object]]:
        """Warnings as the summary gives them, most frequent first."""
        ordered = sorted(self.by_code.items(), key=lambda item: (-item[1].count, item[0]))
        return [
            {
                "code": code,
                "message": WARNINGS[code],
                "count": warned.count,
                "first_lines": warned.first_lines,
                "details": warned.details,
            }
            for code, warned in ordered
        ]
