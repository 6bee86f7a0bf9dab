"""Finds the alleles of rs numbers in the known variants of a reference: one scan of each table for all of a list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from isal import igzip

from annotator.engine.indexes import open_table
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.bundle import LayerSpec, Reference
from annotator.engine.reference.info_encoding import IDENTIFIERS
from annotator.engine.variant_list.change import GenomicChange

_CHUNK = 4 << 20
"""Bytes of a table that are searched at once."""
_RS = re.compile(rb"\brs\d+\b")


def has_identifiers(reference: Reference) -> bool:
    """Whether the known variants of a reference have identifiers."""
    return any(one.info.endswith(IDENTIFIERS) for layer in reference.layers for one in layer.fields)


def alleles_of(reference: Reference, wanted: set[str]) -> dict[str, list[GenomicChange]]:
    """The alleles of identifiers.

    The tables are sorted by position, so all of them is read; a table of a billion rows takes minutes.

    Args:
        reference: its layers are searched.
        wanted: identifiers, in lower case.

    Returns:
        Alleles by identifier, in the order of the tables, each once; nothing of an identifier that no table has.

    Raises:
        BundleError: a table cannot be read.
    """
    found: dict[str, dict[GenomicChange, None]] = defaultdict(dict)
    names = {name.encode() for name in wanted}
    for layer in reference.layers:
        fields = [one.column for one in layer.fields if one.info.endswith(IDENTIFIERS)]
        if fields and names:
            with step("reference_layer", f"{layer.path.name} cannot be read", VERIFY):
                for row in _rows_with(layer.path, names):
                    _take(row.decode("utf-8").split("\t"), _columns(layer, fields), wanted, found)
    return {name: list(changes) for name, changes in found.items()}


def _columns(layer: LayerSpec, fields: list[str]) -> list[int]:
    with open_table(layer.path) as table:
        columns = list(table.header)[-1].split("\t")
    return [columns.index(field) for field in fields]


def _rows_with(path: Path, names: set[bytes]) -> Iterator[bytes]:
    """Rows of a table in which one of the names is."""
    for text in _whole_lines(path):
        if names.isdisjoint(_RS.findall(text)):  # quick, and true of most of a large table
            continue
        done = 0
        for match in _RS.finditer(text):
            if match.start() >= done and match[0] in names:
                done = text.index(b"\n", match.end())
                yield text[text.rfind(b"\n", 0, match.start()) + 1 : done]


def _whole_lines(path: Path) -> Iterator[bytes]:
    with igzip.open(path, "rb") as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            chunk = rest + chunk
            end = chunk.rfind(b"\n") + 1
            yield chunk[:end]
            rest = chunk[end:]
        yield rest + b"\n"


def _take(row: list[str], columns: list[int], wanted: set[str], found: dict[str, dict[GenomicChange, None]]) -> None:
    contig, pos, ref, alt = row[:4]
    change = GenomicChange(contig, int(pos), len(ref), "delins", ref, alt)
    for column in columns:
        for name in row[column].split("&"):
            if name in wanted:
                found[name][change] = None
