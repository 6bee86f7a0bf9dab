"""Genetic codes by their number in NCBI's list, translation, and three-letter names of amino acids.

The tables are those of NCBI's "The Genetic Codes" (https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import numpy as np

_AMINO_ACIDS = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
    4: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    5: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSSSVVVVAAAADDEEGGGG",
    11: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
}
"""Amino acids (``*`` for a stop) of the 64 codons by number of the table; each base in the order T, C, A, G."""
STARTS: dict[int, tuple[str, ...]] = {
    1: ("ATG",),
    2: ("ATT", "ATC", "ATA", "ATG", "GTG"),
    4: ("TTA", "TTG", "CTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
    5: ("TTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
    11: ("TTG", "CTG", "ATT", "ATC", "ATA", "ATG", "GTG"),
}
"""Start codons. The rare starts of table 1 are left out: a change of ATG to one of them loses the start."""
THREE_LETTERS = {
    "A": "Ala",
    "C": "Cys",
    "D": "Asp",
    "E": "Glu",
    "F": "Phe",
    "G": "Gly",
    "H": "His",
    "I": "Ile",
    "K": "Lys",
    "L": "Leu",
    "M": "Met",
    "N": "Asn",
    "P": "Pro",
    "Q": "Gln",
    "R": "Arg",
    "S": "Ser",
    "T": "Thr",
    "V": "Val",
    "W": "Trp",
    "Y": "Tyr",
    "U": "Sec",
    "*": "Ter",
    "X": "Ter",
}
"""Three-letter names by one-letter code; an unknown amino acid (X) is ``Ter``, as Ensembl VEP writes it."""


def codon_table(code: int) -> dict[str, str]:
    """Amino acids (``*`` for a stop) by codon.

    Raises:
        KeyError: the code is none of 1, 2, 4, 5 and 11.
    """
    return dict(zip(map("".join, product("TCAG", repeat=3)), _AMINO_ACIDS[code], strict=True))


STOPS: dict[int, frozenset[str]] = {
    code: frozenset(codon for codon, acid in codon_table(code).items() if acid == "*") for code in _AMINO_ACIDS
}
"""Stop codons."""


@cache
def _unambiguous(code: int) -> dict[str, str]:
    """Amino acids by codon; codons with N are included where every base gives the same amino acid."""
    plain = codon_table(code)
    known = dict(plain)
    for codon in map("".join, product("ACGTN", repeat=3)):
        if "N" in codon:
            acids = {plain["".join(one)] for one in product(*("ACGT" if base == "N" else base for base in codon))}
            if len(acids) == 1:
                known[codon] = acids.pop()
    return known


def translate(bases: str, code: int) -> str:
    """Translate the complete codons of a sequence.

    Args:
        bases: upper case, starting with the first base of a codon.
        code: number of the genetic code.

    Returns:
        One-letter amino acids: ``*`` for a stop, X for an ambiguous codon.
    """
    known = _unambiguous(code)
    return "".join([known.get(bases[at : at + 3], "X") for at in range(0, len(bases) - len(bases) % 3, 3)])


@cache
def _stop_search(code: int) -> re.Pattern[str]:
    return re.compile(f"(?:[A-Z]{{3}})*?(?:{'|'.join(sorted(STOPS[code]))})")


def codons_to_stop(bases: str, code: int, first: int = 0) -> int:
    """Number of codons up to and including the first stop.

    Args:
        bases: upper case.
        code: number of the genetic code.
        first: 0-based index of the first base of the first codon.

    Returns:
        The number; 0 when there is no stop.
    """
    found = _stop_search(code).match(bases, first)
    return (found.end() - first) // 3 if found else 0


@cache
def amino_acid_codes(code: int) -> np.ndarray:
    """One-letter amino acids, ``(125,) uint8``.

    Indexed by 25 * first + 5 * second + third base, each as in
    :data:`annotator.engine.reference.nucleotides.BASE_INDEX`.
    """
    known = _unambiguous(code)
    return np.array([ord(known.get("".join(codon), "X")) for codon in product("ACGTN", repeat=3)], dtype=np.uint8)
