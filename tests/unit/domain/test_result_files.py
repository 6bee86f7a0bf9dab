"""What pages and emails say of result files agrees with their table."""
from __future__ import annotations

from chalicelib.domain.result_files import ARCHIVED_FILES, INDEX, RESULTS, VARIANTS, archived_kinds


def test_what_is_archived_is_named_completely() -> None:
    """Whoever adds a row that is archived names it in `ARCHIVED_FILES`, too."""
    assert set(archived_kinds()) == {RESULTS, INDEX, VARIANTS}
    assert ARCHIVED_FILES == "the annotated VCF, its index and the table of variants"
