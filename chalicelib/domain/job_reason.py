"""Why a job failed: one type from the engine's error line to the job's page."""
from __future__ import annotations

from msgspec import Struct, structs

from chalicelib.domain.size_limits import LONGEST_TEXT, LONGEST_WORD, shortened

_LONGEST = {"code": LONGEST_WORD, "message": LONGEST_TEXT, "hint": LONGEST_TEXT, "field": LONGEST_WORD,
            "text": LONGEST_WORD}
"""Bytes of each text. A reason quotes the file: whatever is in the file, the reason fits into a record and onto a
page."""


class JobReason(Struct, frozen=True, omit_defaults=True):
    """Why a job FAILED, in the user's words, and where in the file.

    The fields are those of the engine's `InputError` (`annotator/engine/errors.py`), which defines them: the engine's
    error line decodes as a `JobReason`, and so does `error` of a job's record. A field at its default is left out
    of records. The worker adds the last one.

    Attributes:
        references: Names of references that the file may have been called on; its page offers to use one of them.
    """

    code: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    field: str | None = None
    text: str | None = None
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, longest in _LONGEST.items():
            if value := getattr(self, name):
                structs.force_setattr(self, name, shortened(value, longest))
