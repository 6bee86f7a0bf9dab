"""Which transcripts of a reference an annotation uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_VERSION = r"\.\d+$"


@dataclass(frozen=True)
class TranscriptChoice:
    """A choice among the transcripts of a reference.

    Attributes:
        names: ids, each with or without its version; None for all transcripts. An id without a version stands for all
            versions, and one with a version also for a transcript whose version the reference does not know.
        basic: only transcripts with the tag ``basic`` of GENCODE.
    """

    names: frozenset[str] | None = None
    basic: bool = False

    def __bool__(self) -> bool:
        return self.names is not None or self.basic

    def chosen(self, table: pa.Table) -> pa.ChunkedArray:
        """Whether each row of a transcript table (:mod:`annotator.engine.reference.transcript_table`) is chosen."""
        found = pc.match_substring_regex(table["tags"], "(^|&)basic(&|$)" if self.basic else "")
        if self.names is not None:
            wanted = pa.array(sorted(self.names), pa.string())
            bare = pc.replace_substring_regex(table["id"], _VERSION, "")
            unversioned = pc.and_(pc.equal(bare, table["id"]), pc.is_in(bare, _without_versions(wanted)))
            named = pc.or_(pc.is_in(table["id"], wanted), pc.is_in(bare, wanted))
            found = pc.and_(found, pc.or_(named, unversioned))
        return found

    def unknown(self, tables: Iterable[pa.Table]) -> list[str]:
        """The names that no transcript of some transcript tables has, in alphabetical order."""
        left = set(self.names or ())
        for table in tables:
            ids = table["id"].combine_chunks()
            bare = pc.replace_substring_regex(ids, _VERSION, "")
            plain = bare.filter(pc.equal(bare, ids))
            left.difference_update(ids.to_pylist(), bare.to_pylist())
            wanted = pa.array(sorted(left), pa.string())
            left.difference_update(wanted.filter(pc.is_in(_without_versions(wanted), plain)).to_pylist())
        return sorted(left)


def _without_versions(names: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(names, _VERSION, "")


EVERY_TRANSCRIPT = TranscriptChoice()
