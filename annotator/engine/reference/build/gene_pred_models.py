"""Reads gene models in UCSC's genePred tables: genePred, its extension, refGene (with a ``bin`` column) and refFlat."""

from __future__ import annotations

from collections.abc import Iterator

from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.reference.build.gene_formats import (
    GeneModel,
    GeneTable,
    GffRow,
    Interval,
    ModelError,
    position,
    shown,
)

COLUMNS, EXTENDED = 10, 15
"""Number of columns of genePred, and of its extension, which adds ``score`` to ``exonFrames``."""


def is_gene_pred(columns: list[str]) -> bool:
    """Whether a row has the columns of genePred, possibly after another one."""
    for before in (0, 1):
        one = columns[before:]
        if len(one) >= COLUMNS and one[2] in ("+", "-") and all(text.strip().isdigit() for text in one[3:8]):
            return True
    return False


def read_gene_pred(rows: Iterator[GffRow], table: GeneTable) -> Iterator[GeneModel]:
    """Read the transcripts of a genePred table.

    Args:
        rows: of the table.
        table: receives what is left out.

    Raises:
        ModelError: a row cannot be used.
    """
    for row in rows:
        gene, before = "", 0
        if row.columns[2] not in ("+", "-"):
            first, before = row.columns[0], 1
            gene = "" if first.isdigit() else first
        if len(row.columns) < before + COLUMNS or row.columns[before + 2] not in ("+", "-"):
            strand = shown(row.columns[before + 2])
            raise ModelError(row.line, f"column {before + 3} (strand) is {strand}; write + or -.")
        name, contig, strand = row.columns[before : before + 3]
        coding = position(row, before + 5, "cdsStart", 0) + 1, position(row, before + 6, "cdsEnd", 0)
        exons = _exons(row, before)
        if not exons:
            table.left_out.add("transcript_without_exon", name)
            continue
        one = GeneModel(name, gene or name, "", "", contig, strand, exons)
        one.cds = [
            (max(first, coding[0]), min(last, coding[1]))
            for first, last in exons
            if coding[0] <= coding[1] and first <= coding[1] and coding[0] <= last
        ]
        if len(row.columns) >= before + EXTENDED:
            _extend(one, row, before)
        yield one


def _numbers(row: GffRow, at: int, name: str, least: int) -> list[int]:
    """A comma-separated list of whole numbers in a column; the last may be followed by a comma."""
    items = [item.strip() for item in row.columns[at].strip().rstrip(",").split(",")]
    found = []
    for item in items if items != [""] else []:
        number = whole_number(item.removeprefix("-"), LARGEST_POSITION)
        signed = -number if number is not None and item.startswith("-") else number
        if signed is None or signed < least:
            raise ModelError(row.line, f"column {at + 1} ({name}) has {shown(item)}, which is not a whole number.")
        found.append(signed)
    return found


def _exons(row: GffRow, before: int) -> list[Interval]:
    starts, ends = _numbers(row, before + 8, "exonStarts", 0), _numbers(row, before + 9, "exonEnds", 0)
    if len(starts) != len(ends):
        first = f"column {before + 9} (exonStarts) has {len(starts):,} numbers"
        second = f"column {before + 10} (exonEnds) has {len(ends):,}"
        raise ModelError(row.line, f"{first}, {second}; both need one for each exon.")
    for start, end in zip(starts, ends, strict=True):
        if start > end:
            places = f"starts at {start:,} (column {before + 9}), behind its end at {end:,} (column {before + 10})"
            raise ModelError(row.line, f"an exon {places}; write the lower position as the start.")
    return [(start + 1, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _extend(one: GeneModel, row: GffRow, before: int) -> None:
    """Read the columns of the extension: name of the gene, ends of the coding sequence, frames of exons."""
    columns = row.columns[before:]
    one.gene = columns[11] or one.id
    # Tables differ in which end "start" means on the minus strand, so that one end cut off counts as both.
    one.start_known = one.end_known = "incmpl" not in columns[12:14]
    coding = [frame for frame in _numbers(row, before + 14, "exonFrames", -1) if frame >= 0]
    if one.cds and coding:
        # A frame counts the bases of the codon before the exon, a phase those that remain.
        one.phase = (3 - (coding[0] if one.strand == "+" else coding[-1])) % 3
