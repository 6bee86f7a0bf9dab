"""The gene models that ``bcftools csq`` reads: the GFF3 of a reference, filtered line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from annotator.engine.files import open_text
from annotator.engine.indexes import index_of, open_table, rows_of
from annotator.engine.library_errors import VERIFY, step

_OF_TRANSCRIPT = re.compile(r"(?:ID|Parent)=transcript:([^;\n]*)")
"""The transcript that a row is, or belongs to."""


def model_lines(path: Path, contigs: Iterable[str]) -> Iterator[str]:
    """Lines of a GFF3 file: those of some contigs when it has an index, otherwise all.

    Raises:
        BundleError: the file cannot be read.
    """
    with step("reference_models", f"{path.name} cannot be read", VERIFY):
        if index_of(path) is None:
            with open_text(path) as lines:
                yield from lines
            return
        with open_table(path) as table:
            for contig in contigs:
                yield from rows_of(table, contig)


def without_transcripts(lines: Iterable[str], excluded: frozenset[str]) -> Iterator[str]:
    """Lines of a GFF3 file without those of some transcripts.

    Args:
        lines: in Ensembl's style.
        excluded: ids of transcripts, without ``transcript:``.
    """
    for line in lines:
        found = _OF_TRANSCRIPT.search(line) if excluded else None
        if found is None or found[1] not in excluded:
            yield line


def count_transcripts(path: Path, contigs: Iterable[str]) -> Counter[str]:
    """The number of transcripts in a GFF3 file by contig; of a file without an index also of other contigs.

    Raises:
        BundleError: the file cannot be read.
    """
    return Counter(line.partition("\t")[0] for line in model_lines(path, contigs) if "\tID=transcript:" in line)
