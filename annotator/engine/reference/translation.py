"""Translation of codons by NCBI's genetic codes, names of amino acids, reverse complements."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import numpy as np

#: Amino acids of the 64 codons in the order T, C, A, G of each base, by number of NCBI's table.
_TABLES = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
    4: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    5: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSSSVVVVAAAADDEEGGGG",
    11: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
}
#: Three-letter amino acids by their one-letter code; a stop or an unknown one is ``Ter``, as Ensembl VEP writes it.
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
_COMPLEMENT = bytes.maketrans(b"ACGTNacgtn", b"TGCANtgcan")
_COMPLEMENT_TEXT = str.maketrans("ACGTNacgtn", "TGCANtgcan")


def codon_table(code: int) -> dict[str, str]:
    """Amino acids (``*`` for a stop) by codon.

    Raises:
        KeyError: the code is none of 1, 2, 4, 5 and 11.
    """
    return dict(zip(("".join(codon) for codon in product("TCAG", repeat=3)), _TABLES[code], strict=True))


@cache
def _lookup(code: int) -> dict[str, str]:
    """Amino acids by codon, with codons that have an N and still one meaning only; other codons are absent."""
    plain = codon_table(code)
    known = dict(plain)
    for codon in map("".join, product("ACGTN", repeat=3)):
        if "N" in codon:
            meanings = {plain["".join(one)] for one in product(*("ACGT" if base == "N" else base for base in codon))}
            if len(meanings) == 1:
                known[codon] = meanings.pop()
    return known


def translate(bases: str, code: int) -> str:
    """Amino acids of the whole codons of a sequence; X for a codon that has no one meaning."""
    known = _lookup(code)
    return "".join([known.get(bases[at : at + 3], "X") for at in range(0, len(bases) - len(bases) % 3, 3)])


@cache
def _stop_search(code: int) -> re.Pattern[str]:
    stops = "|".join(codon for codon, acid in codon_table(code).items() if acid == "*")
    return re.compile(f"(?:[A-Z]{{3}})*?(?:{stops})")


def codons_to_stop(bases: str, code: int, first: int = 0) -> int:
    """Codons from an index on up to the first stop, with it; 0 when there is no stop."""
    found = _stop_search(code).match(bases, first)
    return (found.end() - first) // 3 if found else 0


@cache
def amino_acid_codes(code: int) -> np.ndarray:
    """One-letter codes (``uint8``) by index of a codon: 25 * first + 5 * second + third base, of A, C, G, T, other."""
    known = _lookup(code)
    return np.array([ord(known.get("".join(codon), "X")) for codon in product("ACGTN", repeat=3)], dtype=np.uint8)


#: Index of a base for :func:`amino_acid_codes`, by its byte.
BASE_INDEX = np.full(256, 4, dtype=np.uint8)
for _at, _base in enumerate(b"ACGT"):
    BASE_INDEX[_base] = _at
    BASE_INDEX[_base + 32] = _at
#: The complement of a base, by its byte.
COMPLEMENT = np.frombuffer(bytes(range(256)).translate(_COMPLEMENT), dtype=np.uint8)


def reverse_complement(bases: str) -> str:
    """The other strand, read in its own direction."""
    return bases.translate(_COMPLEMENT_TEXT)[::-1]


def reverse_complement_bytes(bases: bytes) -> bytes:
    """The other strand, read in its own direction."""
    return bases.translate(_COMPLEMENT)[::-1]
