"""Which fields of a source are taken, under which names: a field, a field renamed, or the extreme of several."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError

FORM = "FIELD, NAME=FIELD, NAME=max(FIELD,...) or NAME=min(FIELD,...)"
_ENDING = re.compile(r"[0-9A-Za-z_.]+")
"""What may follow the name of a source in the name of an INFO field (VCF 4.3, section 1.6.1)."""
_OUTSIDE = re.compile(r",(?![^(]*\))")
_EXTREME = re.compile(r"(max|min)\((.+)\)")


@dataclass(frozen=True)
class FieldChoice:
    """A field of results and the fields of a source that it is taken from.

    Attributes:
        name: of the field; the name of its source precedes it in results.
        of: fields of the source; a sub-field is ``FIELD/SUBFIELD``.
        extreme: ``max`` or ``min``, of which the value is a number; "" where the value of one field is taken as it is.
    """

    name: str
    of: tuple[str, ...]
    extreme: str = ""

    @classmethod
    def parse(cls, text: str) -> FieldChoice:
        """From one of the forms in :data:`FORM`.

        Raises:
            BundleError: it has none of them, or the name cannot be part of the name of an INFO field.
        """
        name, equals, listed = text.partition("=")
        found = _EXTREME.fullmatch(listed)
        of = tuple(one.strip() for one in found[2].split(",")) if found else (listed if equals else name,)
        name = name if equals else name.rpartition("/")[2]
        if not all(of):
            raise BundleError("reference_build", f"{text}: {FORM} is wanted.")
        if not _ENDING.fullmatch(name):
            allowed = "letters, digits, _ and . alone"
            message = f"{text}: the name of a field has {allowed}; rename it: NAME={of[0]}."
            raise BundleError("reference_build", message)
        return cls(name, of, found[1] if found else "")

    @property
    def words(self) -> str:
        """What the field is, such as ``Largest of AF_afr, AF_amr``."""
        if not self.extreme:
            return self.of[0]
        return f"{'Largest' if self.extreme == 'max' else 'Smallest'} of {', '.join(self.of)}"


def split_choices(text: str) -> tuple[str, ...]:
    """Split a list at its commas, other than those in parentheses."""
    return tuple(one for one in _OUTSIDE.split(text) if one)


def extreme_of(columns: list[pa.Array], extreme: str) -> pa.Array:
    """The largest or smallest number in each row, as it is written; null where no column has one.

    Args:
        columns: n numbers each, or texts all of which are numbers or null.
        extreme: ``max`` or ``min``.
    """
    better = pc.greater if extreme == "max" else pc.less
    best = columns[0]
    for column in columns[1:]:
        replaces = better(column.cast(pa.float64()), best.cast(pa.float64()))
        best = pc.if_else(pc.fill_null(replaces, False), column, pc.coalesce(best, column))
    return best
