"""The words that the page's script reads are the annotator's."""
from __future__ import annotations

from infra.template.input_errors import TARGET, rendered


def test_written_words_are_the_annotators() -> None:
    assert TARGET.read_text(encoding="ascii") == rendered(), "run `python -m infra.template.input_errors`"
