"""Mature peptides: the parts into which a protein is cut, such as nsp12 of a coronavirus's polyprotein.

NCBI writes a row ``mature_protein_region_of_CDS`` (``mat_peptide`` in GenBank's feature table) for each part of each
peptide, with the coding sequence as its parent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from annotator.engine.reference.build.gene_formats import GffRow, Interval, MaturePeptide, interval, strand_of
from annotator.engine.reference.transcript import Transcript

KINDS = frozenset({"mature_protein_region_of_CDS", "mature_protein_region", "mat_peptide", "mature_peptide"})
"""Types of the rows (column 3)."""
_SYNONYM = re.compile(r"[\w.'+-]+(?=;|$)")
"""What NCBI's ``Note`` begins with when it is another name of the peptide: one word."""


class PeptideRows:
    """The rows of mature peptides of a GFF3 file."""

    def __init__(self) -> None:
        #: Parts by name of the peptide, by contig, strand and parent.
        self._parts: dict[tuple[str, str, str], dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))

    def add(self, row: GffRow) -> None:
        """Add a row.

        Raises:
            ModelError: a column has an impossible value.
        """
        pairs = (item.strip().partition("=") for item in row.columns[8].split(";"))
        attributes = {key: unquote(value) for key, _, value in pairs}
        for parent in attributes.get("Parent", "").split(","):
            self._parts[row.columns[0], strand_of(row), parent][_name(attributes)].append(interval(row))

    def of(self, contig: str, strand: str, parents: Iterable[str]) -> list[MaturePeptide]:
        """The peptides of a coding sequence.

        Args:
            contig, strand: of the coding sequence.
            parents: IDs of the coding sequence, its transcript and its gene. Rows without a parent belong to all
                coding sequences that read them.

        Returns:
            Them in the order of the file; those that the coding sequence does not read are among them.
        """
        return [
            MaturePeptide(name, min(parts)[0], max(last for _, last in parts))
            for parent in dict.fromkeys([*parents, ""])
            for name, parts in self._parts.get((contig, strand, parent), {}).items()
        ]


def _name(attributes: dict[str, str]) -> str:
    """The product, and another name if the note begins with one: ``RNA-dependent RNA polymerase (nsp12)``."""
    name = next((attributes[key] for key in ("product", "Name", "protein_id", "ID") if attributes.get(key)), "peptide")
    other = _SYNONYM.match(attributes.get("Note", ""))
    return name if other is None or other[0].startswith(name) else f"{name} ({other[0]})"


def in_protein(row: Mapping[str, Any], peptides: Iterable[MaturePeptide]) -> list[tuple[str, int, int]]:
    """Mature peptides by their amino acids.

    Args:
        row: of the transcript table.
        peptides: of the transcript.

    Returns:
        Name, first and last amino acid (1-based, inclusive, in the whole protein) of those that have whole codons.
    """
    t, found = Transcript.of(dict(row)), []
    for name, *ends in peptides:
        first, last = (t.cdna(at) for at in (ends if t.strand > 0 else reversed(ends)))
        starts, stops = ([at + by + t.start_frame for _, at, by in t.read_parts(one, one)] for one in (first, last))
        begin = next((at for at in starts if at % 3 == 1), 0)
        end = next((at for at in stops if at % 3 == 0), 0)
        if 0 < begin <= end:
            found.append((name, (begin + 2) // 3, end // 3))
    return found
