"""Genetic codes by their number in NCBI's list, translation, and three-letter names of amino acids."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import numpy as np

from annotator.engine.reference.ncbi_genetic_codes import CODONS, NCBI_CODES


def _marked(code: int, mark: str) -> tuple[str, ...]:
    pairs = zip(CODONS, NCBI_CODES[code].starts_and_stops, strict=True)
    return tuple(codon for codon, one in pairs if one == mark)


STARTS: dict[int, tuple[str, ...]] = {code: ("ATG",) if code == 1 else _marked(code, "M") for code in NCBI_CODES}
"""Start codons. The rare ones of table 1, TTG and CTG, are left out: a change of ATG to one of them loses the start."""
STOPS: dict[int, frozenset[str]] = {code: frozenset(_marked(code, "*")) for code in NCBI_CODES}
"""Stop codons, those of :data:`CONTEXT_STOPS` among them."""
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
    "O": "Pyl",
    "*": "Ter",
    "X": "Xaa",
}
"""Three-letter names by one-letter code; X is an unknown amino acid."""
ONE_LETTER = {name: letter for letter, name in THREE_LETTERS.items() if letter.isalpha() and letter != "X"}
"""One-letter codes of amino acids by their three-letter names."""


def codon_table(code: int) -> dict[str, str]:
    """Amino acids (``*`` for a stop) by codon.

    Raises:
        KeyError: NCBI has no code of that number.
    """
    return dict(zip(CODONS, NCBI_CODES[code].amino_acids, strict=True))


CONTEXT_STOPS: dict[int, frozenset[str]] = {
    code: frozenset(codon for codon in stops if codon_table(code)[codon] != "*") for code, stops in STOPS.items()
}
"""Stop codons that have an amino acid elsewhere: they are stops at the end of a coding sequence only (27, 28, 31)."""


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
    stops = "|".join(sorted(STOPS[code] - CONTEXT_STOPS[code]))
    return re.compile(f"(?:[A-Z]{{3}})*?(?:{stops})" if stops else "(?!)")


def codons_to_stop(bases: str, code: int, first: int = 0) -> int:
    """Number of codons up to and including the first stop, of those that are stops everywhere.

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
