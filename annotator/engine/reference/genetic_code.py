"""Genetic codes by their number in NCBI's list ("The Genetic Codes", tables 1, 2, 4, 5 and 11)."""

from __future__ import annotations

STANDARD_STOPS = frozenset({b"TAA", b"TAG", b"TGA"})

#: Stop codons.
STOPS: dict[int, frozenset[bytes]] = {
    1: STANDARD_STOPS,
    2: frozenset({b"TAA", b"TAG", b"AGA", b"AGG"}),
    4: frozenset({b"TAA", b"TAG"}),
    5: frozenset({b"TAA", b"TAG"}),
    11: STANDARD_STOPS,
}

#: Codons that start a protein. The rare starts of table 1 are left out: a change of ATG to one of them loses the start.
STARTS: dict[int, tuple[str, ...]] = {
    1: ("ATG",),
    2: ("ATT", "ATC", "ATA", "ATG", "GTG"),
    4: ("TTA", "TTG", "CTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
    5: ("TTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
    11: ("TTG", "CTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
}
