"""Nucleotides: complements, reverse complements, and their index in a codon."""

from __future__ import annotations

import numpy as np

_COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")
COMPLEMENT = np.array([ord(chr(byte).translate(_COMPLEMENT)) for byte in range(256)], dtype=np.uint8)
"""The complement of a base by its byte, ``(256,) uint8``; other bytes are their own complement."""
BASE_INDEX = np.full(256, 4, dtype=np.uint8)
"""The index of a base by its byte, ``(256,) uint8``: 0 to 3 for A, C, G and T (either case), 4 for any other byte."""
for _index, _base in enumerate("ACGT"):
    BASE_INDEX[[ord(_base), ord(_base.lower())]] = _index


def reverse_complement(bases: str) -> str:
    """The opposite strand in its own 5' to 3' direction."""
    return bases.translate(_COMPLEMENT)[::-1]
