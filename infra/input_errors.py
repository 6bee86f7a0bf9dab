"""Writes the words for faults of input files where the page's script reads them: `python -m infra.input_errors`.

The page checks files before a byte leaves the browser, in the annotator's words: both say the same because the page's
are made of the annotator's. A test holds the written file against what this would write.
"""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from annotator.engine import looks
from annotator.engine.errors import INPUT_ERRORS, QUOTE_LENGTH

TARGET = Path(__file__).resolve().parents[1] / "frontend" / "src" / "scripts" / "upload" / "input-errors.json"


def shared_words() -> dict[str, Any]:
    """Hints by code, and what files that are not VCF look like: first bytes (Latin-1) or patterns, and words."""
    return {
        "quoteLength": QUOTE_LENGTH,
        "hints": {code: kind.hint for code, kind in INPUT_ERRORS.items()},
        "starts": [{"bytes": magic.decode("latin-1"), **_words(look)} for magic, look in looks.MAGIC],
        "patterns": [{"pattern": pattern.pattern.decode("latin-1"), "anyCase": bool(pattern.flags & re.IGNORECASE),
                      **_words(look)} for pattern, look in looks.TEXT_STARTS],
        "record": looks.RECORD.pattern.decode("latin-1"),
        "office": _words(looks.OFFICE), "zip": _words(looks.ZIP), "binary": _words(looks.BINARY),
        "commas": _words(looks.COMMAS), "tabs": _words(looks.TABS), "text": _words(looks.PLAIN_TEXT),
    }


def _words(look: looks.Look) -> dict[str, str | None]:
    return {"name": look.name, "hint": look.hint}


def rendered() -> str:
    """The file's content."""
    return json.dumps(shared_words(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="ascii")
