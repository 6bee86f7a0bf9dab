"""Where the consequences of an insertion or deletion are reported if it can be written at several positions."""
from __future__ import annotations

from chalicelib.domain.job_reason import JobReason
from chalicelib.exceptions import JobFailure

NO, YES = "no", "yes"
"""What a form says: left-aligned, as Ensembl VEP reports normalised files, or at the 3'-most position, as HGVS does."""


def write_shift_3prime(shift_3prime: bool) -> str:
    """What a form says of the placement; `read_shift_3prime` reverses it."""
    return YES if shift_3prime else NO


def read_shift_3prime(value: str | None) -> bool:
    """Whether consequences are to be reported at the 3'-most position.

    Args:
        value: What a form says; "" and None, as of uploads before there was the choice, mean left-aligned.

    Raises:
        JobFailure: It is something else.
    """
    if value not in ("", None, NO, YES):
        raise JobFailure(JobReason(
            "placement_unknown", f"“{value[:40]}” is not a valid placement of insertions and deletions.",
            f"Write {YES} for the 3'-most position, or {NO} for the left-most one.", field="shift_3prime"))
    return value == YES
