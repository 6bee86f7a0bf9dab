"""Which references files can be annotated with."""
from __future__ import annotations

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.references import AUTO, ReferenceInfo
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services

__all__ = ["AUTO", "ReferenceInfo", "available", "chosen_reference", "find_reference"]


def available(services: Services) -> list[ReferenceInfo]:
    """All references, the one for files whose users choose none first."""
    default = services.settings.default_reference
    return sorted(services.references.entries(services.clock()), key=lambda one: one.name != default)


def find_reference(services: Services, name: str) -> ReferenceInfo | None:
    """The reference with this name, or None."""
    return next((one for one in available(services) if one.name == name), None)


def chosen_reference(services: Services, wish: str | None) -> tuple[str, str | None]:
    """What an upload is to be annotated with.

    Args:
        wish: What its form says: a name, `AUTO`, or nothing.

    Returns:
        Name and label of the reference; `AUTO` and None where the annotator is to find out.

    Raises:
        JobFailure: There is no such reference.
    """
    name = wish or services.settings.default_reference
    if name == AUTO:
        return AUTO, None
    found = find_reference(services, name)
    if found is None:
        listed = ", ".join(one.name for one in available(services))
        raise JobFailure(JobReason(
            "reference_unknown", "The selected reference is no longer available.",
            f"Upload the file again and select one of: {listed}.", text=name[:100]))
    return found.name, found.label
