"""The built styles, scripts and icons: `frontend/` makes them, `manifest.json` names them."""
from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

DIRECTORY = Path(__file__).parents[1] / "static" / "dist"


class DocumentedSection(TypedDict):
    """A section of such a page; `id` is its anchor."""

    id: str
    title: str


class DocumentedPage(TypedDict):
    """A page made of documentation: its HTML, which the build made, and its sections."""

    html: str
    sections: list[DocumentedSection]


class AssetsMissingError(RuntimeError):
    """The front end was not built before the site was packaged."""


@cache
def manifest() -> dict[str, str]:
    """Hashed file names by the names that templates use.

    Raises:
        AssetsMissingError: When they were not built.
    """
    names: dict[str, str] = _read("manifest.json")
    return names


@cache
def icons() -> dict[str, str]:
    """The drawing of each icon (SVG without its outer element), by its name.

    Raises:
        AssetsMissingError: When they were not built.
    """
    drawings: dict[str, str] = _read("icons.json")
    return drawings


@cache
def documentation() -> dict[str, DocumentedPage]:
    """Pages made of the project's documentation, by their names.

    Raises:
        AssetsMissingError: When they were not built.
    """
    pages: dict[str, DocumentedPage] = _read("documentation.json")
    return pages


def _read(name: str) -> Any:
    try:
        return json.loads((DIRECTORY / name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetsMissingError(f"{name} is missing: run `npm ci && npm run build` in frontend/") from error
