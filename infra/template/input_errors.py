"""Writes the messages for faults of input files into the front end, where the page's script reads them.

The page checks files before a byte leaves the browser, in the annotator's words: both say the same because the page's
are made of the annotator's. A test holds the written file against what this would write.
"""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from annotator.engine.errors import INPUT_ERRORS, QUOTE_LENGTH
from annotator.engine.vcf import file_type

TARGET = Path(__file__).resolve().parents[2] / "frontend" / "src" / "scripts" / "upload" / "input-errors.json"


def shared_words() -> dict[str, Any]:
    """Hints by code, and what files that are not VCF look like: first bytes (Latin-1) or patterns, and words."""
    return {
        "quoteLength": QUOTE_LENGTH,
        "hints": {code: kind.hint for code, kind in INPUT_ERRORS.items()},
        "starts": [{"bytes": magic.decode("latin-1"), **_words(look)} for magic, look in file_type.MAGIC],
        "patterns": [{"pattern": pattern.pattern.decode("latin-1"), "anyCase": bool(pattern.flags & re.IGNORECASE),
                      **_words(look)} for pattern, look in file_type.TEXT_STARTS],
        "record": file_type.RECORD.pattern.decode("latin-1"),
        "office": _words(file_type.OFFICE), "zip": _words(file_type.ZIP), "binary": _words(file_type.BINARY),
        "commas": _words(file_type.COMMAS), "tabs": _words(file_type.TABS), "text": _words(file_type.PLAIN_TEXT),
    }


def _words(look: file_type.Look) -> dict[str, str | None]:
    return {"name": look.name, "hint": look.hint}


def rendered() -> str:
    """The file's content."""
    return json.dumps(shared_words(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="ascii")
