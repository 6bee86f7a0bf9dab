"""What sources of known variants and of regions have in common: the form of their options, and counts of their use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.field_choice import split_choices

INFO_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
"""Names of INFO fields (VCF 4.3, section 1.6.1), which begin with the name of their source."""


@dataclass
class Tally:
    """How much of a source was used.

    Attributes:
        used: number of alleles or regions.
        left_out: number of those that were not used, by reason.
    """

    used: int = field(default=0, init=False)
    left_out: Counter[str] = field(default_factory=Counter, init=False)

    def words(self, what: str = "") -> str:
        """The numbers as text for a report; ``what`` is what is counted, such as ``alleles``."""
        reasons = "".join(f", {count:,} left out ({reason})" for reason, count in sorted(self.left_out.items()))
        return f"{self.used:,} {what}".rstrip() + reasons


def split_source(
    text: str, option: str, form: str, is_item: Callable[[str], object]
) -> tuple[str, Path, tuple[str, ...]]:
    """Split the value of an option that names a source: ``NAME=FILE`` or ``NAME=FILE:ITEM,...``.

    Args:
        text: the value.
        option: for the message of an error, such as ``--regions``.
        form: of the value, for the message of an error.
        is_item: whether a text is one of the items that may follow the file.

    Returns:
        The name, the file and the items.

    Raises:
        BundleError: the value is not of that form.
    """
    name, _, rest = text.partition("=")
    path, _, listed = rest.rpartition(":") if ":" in rest else (rest, "", "")
    items = split_choices(listed)
    if not path or not INFO_NAME.fullmatch(name) or not all(map(is_item, items)):
        raise BundleError("reference_build", f"{option} {text}: {form} is wanted.")
    return name, Path(path), items
