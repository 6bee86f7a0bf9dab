"""The services of this process: made at the first request, kept while the function is warm."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.services import Services


@dataclass
class _Runtime:
    services: Services | None = None


_runtime = _Runtime()


def services() -> Services:
    """The services that pages work with."""
    if _runtime.services is None:
        _runtime.services = Services.from_environment("api")
    return _runtime.services


def use(replacement: Services | None) -> None:
    """Have pages work with other services; with None, the next request creates them from the environment."""
    _runtime.services = replacement
