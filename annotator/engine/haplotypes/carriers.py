"""Who carries an allele, and on which chromosome: the genotypes of many records at once.

A chromosome is a *column*: twice the index of the sample, and one more for the second allele of its genotypes. What
lies together on a column is known within a phase set (FORMAT/PS; VCF 4.4, section 1.6.2), and phased genotypes without
one are a set together. A heterozygous genotype that is not phased is a set of its own: nothing else is known to lie on
its chromosomes but alleles that both have. Homozygous and haploid genotypes lie together with those of every set.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from annotator.engine.bounds import MOST_ALLELES, whole_number
from annotator.engine.byte_columns import bytes_of
from annotator.engine.haplotypes.phase_sets import MISSING, sets_of

NO_SET = -1
"""The set of phased genotypes without PS."""
SLICE_BYTES = 2_000_000
"""Bytes of genotypes that are taken apart at once: about twenty times as much memory is needed."""
_GENOTYPE = re.compile(rb"(\d+|\.)(?:([|/])(\d+|\.))?")
_TAB, _BAR, _SLASH = b"\t|/"
_NONE, _HAPLOID, _MISSING = -3, -2, -1
"""What stands for an allele: no digit, no second allele, a dot."""
_DIGIT = np.full(256, _NONE, np.int32)
_DIGIT[list(b"0123456789")] = range(10)
_DIGIT[ord(".")] = _MISSING
_ENDS = np.ones(256, bool)
"""Bytes that may follow a genotype."""
_ENDS[list(b"0123456789.|/")] = False


@dataclass
class Carriers:
    """The chromosomes that are known to carry an allele.

    Attributes:
        columns: (n,) int32, ascending: columns of heterozygous genotypes.
        sets: (n,) int64, their phase sets; None where all are :data:`NO_SET`.
        samples: (m,) int32, ascending: samples all of whose chromosomes carry it.
    """

    columns: np.ndarray
    sets: np.ndarray | None
    samples: np.ndarray

    def __len__(self) -> int:
        return len(self.columns) + len(self.samples)


def carriers_of(rests: pa.BinaryArray, ordinal: np.ndarray) -> dict[tuple[int, int], Carriers]:
    """The carriers of the alternate alleles of some records.

    Args:
        rests: FORMAT and the samples of each record.
        ordinal: (n,) int64, a number of each record, which no other has.

    Returns:
        By index of the record and number of the allele (from 1); those without carriers are left out.
    """
    found: dict[tuple[int, int], Carriers] = {}
    first = 0
    _, starts = bytes_of(rests)
    while first < len(rests):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + SLICE_BYTES, "right")) - 1)
        last = min(last, len(rests))
        for (index, number), carriers in _slice(rests.slice(first, last - first), ordinal[first:last]).items():
            found[first + index, number] = carriers
        first = last
    return found


def _slice(rests: pa.BinaryArray, ordinal: np.ndarray) -> dict[tuple[int, int], Carriers]:
    data, starts = bytes_of(rests)
    data = np.concatenate([data, np.full(4, _TAB, np.uint8)])
    begin = np.flatnonzero(data[: starts[-1]] == _TAB) + 1
    upto = np.searchsorted(begin, starts, "right")
    counts = np.diff(upto)
    record = np.repeat(np.arange(len(rests)), counts)
    sample = np.arange(len(begin)) - np.repeat(upto[:-1], counts)
    one, two, phased = _alleles(data, begin)
    sets = np.full(len(begin), NO_SET, np.int64)
    has_sets = np.zeros(len(rests), bool)
    texts = rests.to_pylist() if len(rests) and b"PS" in data.tobytes() else []
    for index, text in enumerate(texts):
        named = sets_of(text) if b"PS" in text.partition(b"\t")[0] else None
        if named is not None:
            has_sets[index] = True
            sets[upto[index] : upto[index + 1]] = [_number(name) for name in named]
    same = (one > 0) & ((one == two) | (two == _HAPLOID))
    het = ~same & ((one > 0) | (two > 0))
    alone = het & ~phased
    sets[alone] = -2 - ordinal[record[alone]]
    both = np.stack([one, two], axis=1)
    at, side = np.nonzero(het[:, None] & (both > 0))
    hets = _grouped(record[at], both[at, side], sample[at] * 2 + side, sets[at])
    at = np.flatnonzero(same)
    homs = _grouped(record[at], one[at], sample[at], sets[at])
    none = np.zeros(0, np.int32)
    found = {}
    for key in sorted({*hets, *homs}):
        columns, in_sets = hets.get(key, (none, None))
        if in_sets is not None and (in_sets == NO_SET).all():
            in_sets = None
        found[key] = Carriers(columns, in_sets, homs[key][0] if key in homs else none)
    return found


def _alleles(data: np.ndarray, begin: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and second allele of genotypes that begin at some places, and whether they are phased.

    Genotypes of more than two alleles, and what is no genotype, have missing alleles.
    """
    first, mark, second, behind = (data[np.minimum(begin + at, len(data) - 1)] for at in range(4))
    one, two = _DIGIT[first], _DIGIT[second]
    split = (mark == _BAR) | (mark == _SLASH)
    diploid = (one != _NONE) & split & (two != _NONE) & _ENDS[behind]
    haploid = (one != _NONE) & _ENDS[mark]
    phased = mark == _BAR
    two = np.where(diploid, two, _HAPLOID)
    others = np.flatnonzero(~(diploid | haploid))
    for at, place in zip(others.tolist(), begin[others].tolist(), strict=True):
        text = data[place : place + 40].tobytes()
        found = _GENOTYPE.match(text)
        if found is None or not _ENDS[data[min(place + found.end(), len(data) - 1)]]:
            one[at] = two[at] = _MISSING
            continue
        one[at] = _allele(found[1])
        two[at] = _HAPLOID if found[3] is None else _allele(found[3])
        phased[at] = found[2] == b"|"
    return one, two, phased


def _allele(text: bytes) -> int:
    number = whole_number(text, MOST_ALLELES)
    return _MISSING if number is None else number


def _number(name: bytes) -> int:
    """A number for a phase set, which is a position by the standard; some programs write words."""
    if name == MISSING:
        return NO_SET
    if name.isdigit() and len(name) < 18:
        return int(name)
    return (1 << 62) + zlib.crc32(name)


def _grouped(
    record: np.ndarray, number: np.ndarray, value: np.ndarray, sets: np.ndarray
) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """Values and their sets by record and number. The records ascend, and the values of each."""
    if not len(record):
        return {}
    key = record * (int(number.max()) + 1) + number
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        record, number, value, sets, key = record[order], number[order], value[order], sets[order], key[order]
    value = value.astype(np.int32)
    cuts = np.flatnonzero(np.diff(key)) + 1
    starts = np.concatenate([[0], cuts])
    keys = zip(record[starts].tolist(), number[starts].tolist(), strict=True)
    return dict(zip(keys, zip(np.split(value, cuts), np.split(sets, cuts), strict=True), strict=True))
