"""Known variants, and the records of one person, as lines of VCF.

The alleles at a position follow from the position alone, so that a person's records are found among the known variants
whatever their density.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.performance.genome.genes import offsets_of
from tests.performance.genome.sequence import LETTERS, ranges

BLOCK = 500_000
"""Records of one block of text."""
MARGIN = 500
"""Bases without variants at both ends of a contig."""
KNOWN, PRIVATE = 0, 1
"""Alleles of known variants, and others."""
SHARE_KNOWN = 0.9
"""Of a person's records."""
SIZES = np.array([1] * 8 + [2, 2, 3, 3, 4, 5, 8, 14])
"""Bases that an insertion or deletion has."""
_CODE = np.zeros(256, np.uint8)
_CODE[LETTERS] = range(4)
_OTHERS = np.array([list(b"GGGGCT"), list(b"TTTTAG"), list(b"AAAACT"), list(b"CCCCAG")], np.uint8)
"""Other bases for A, C, G and T: two transitions for each transversion."""
_SECOND = pa.array([f",{next(c for c in 'ACGT' if c not in a + b)}" for a in "ACGT" for b in "ACGT"])
"""A second alternative base for each reference base and first alternative one."""
_FREQUENCIES = pa.array([f"{10 ** (-6 * at / 4096):.3g}" for at in range(4096)])
_SIGNIFICANCES = pa.array(
    [""] * 1000 + [f";CLNSIG={text}" for text in (
        "Uncertain_significance", "Uncertain_significance", "Likely_benign", "Likely_benign", "Benign", "Pathogenic",
        "Likely_pathogenic", "Conflicting_classifications_of_pathogenicity", "Benign/Likely_benign", "not_provided",
    )]
)  # fmt: skip
KNOWN_HEADER = """##fileformat=VCFv4.2
##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency">
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Clinical significance">
{contigs}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""
PERSON_HEADER = """##fileformat=VCFv4.2
##FILTER=<ID=PASS,Description="All filters passed">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth of each allele">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality of the genotype">
{contigs}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tperson
"""


def known_lines(contig: str, bases: np.ndarray, every: int, offset: int) -> Iterator[memoryview]:
    """Known variants at every so many bases, one in twenty with two alternative alleles.

    Args:
        contig: Its name.
        bases: Its letters, ``(length,) uint8``.
        every: Distance of their positions.
        offset: Bases of the contigs before it, for their identifiers.

    Yields:
        Lines of VCF.
    """
    for begin in range(MARGIN - MARGIN % every + every, len(bases) - MARGIN, every * BLOCK):
        pos = np.arange(begin, min(begin + every * BLOCK, len(bases) - MARGIN), every)
        noise = mix(pos + offset, 7)
        two = noise % 20 == 0
        ref, alt = alleles(bases, pos, KNOWN, two)
        two = pc.match_substring(alt, ",")
        frequency = pc.take(_FREQUENCIES, noise >> 8 & 4095)
        second = pc.if_else(two, pc.binary_join_element_wise(",", pc.take(_FREQUENCIES, noise >> 20 & 4095), ""), "")
        significance = pc.take(_SIGNIFICANCES, (noise >> 32) % len(_SIGNIFICANCES))
        identifiers = _numbers(_identifiers(pos, offset, noise >> 44))
        yield _lines(f"{contig}\t", _numbers(pos), "\trs", identifiers, "\t", ref, "\t", alt, "\t.\t.\tAF=",
                     frequency, second, significance)  # fmt: skip


def person_lines(
    rng: np.random.Generator, contig: str, bases: np.ndarray, count: int, every: int
) -> Iterator[memoryview]:
    """Records of one person, nine in ten of them substitutions and one in 200 with two alternative alleles.

    Args:
        rng: Source of chance.
        contig: Its name.
        bases: Its letters, ``(length,) uint8``.
        count: Number of records (about).
        every: Distance of the known variants on which nine in ten records lie.

    Yields:
        Lines of VCF.
    """
    spots = rng.integers(MARGIN, len(bases) - MARGIN, count + count // 500)
    known = rng.random(len(spots)) < SHARE_KNOWN
    spots[known] -= spots[known] % every
    spots = np.unique(spots[spots >= MARGIN])
    for begin in range(0, len(spots), BLOCK):
        pos = spots[begin : begin + BLOCK]
        chance, two = rng.random(len(pos)), rng.random(len(pos)) < 0.005
        expected = pos % every == 0
        ref, alt = alleles(bases, pos, np.where(expected, KNOWN, PRIVATE), two)
        two = pc.match_substring(alt, ",").to_numpy(zero_copy_only=False)
        depth = np.clip(rng.poisson(33, len(pos)), 8, 90)
        het = (chance < 0.6) & ~two
        seen = np.where(het | two, rng.binomial(depth, 0.5), depth)
        genotype = pc.take(pa.array(["0/1", "1/1", "1/2"]), np.where(two, 2, np.where(het, 0, 1)))
        rest = depth - seen
        others = pc.if_else(two, pc.binary_join_element_wise("0,", _numbers(seen), ",", _numbers(rest), ""),
                            pc.binary_join_element_wise(_numbers(rest), ",", _numbers(seen), ""))  # fmt: skip
        depths, quality = _numbers(depth), _numbers(np.minimum(99, 3 * np.minimum(depth, 20 + seen)))
        sample = genotype, ":", others, ":", depths, ":", quality
        yield _lines(f"{contig}\t", _numbers(pos), "\t.\t", ref, "\t", alt, "\t", _numbers(seen * 29 + 11),
                     "\tPASS\tDP=", depths, "\tGT:AD:DP:GQ\t", *sample)  # fmt: skip


def alleles(bases: np.ndarray, pos: np.ndarray, salt: int | np.ndarray, two: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """REF and ALT.

    Args:
        bases: Letters of the contig.
        pos: ``(n,) int64``, 1-based.
        salt: Other alleles for another number.
        two: ``(n,) bool``: with a second alternative allele, if the first one is a substitution.

    Returns:
        Two string arrays of n. One in twenty is a deletion, and one an insertion, half of which repeat what follows.
    """
    noise = mix(pos, salt)
    kind, size = noise % 20, SIZES[noise >> 8 & 15]
    first = bases[pos - 1]
    ref = slices(bases, pos - 1, 1 + np.where(kind == 0, size, 0))
    grown = np.where(kind == 1, size, 0)
    offsets = offsets_of(1 + grown)
    letters = bases[ranges(np.where(noise >> 16 & 1, pos - 1, pos + 96), 1 + grown)]
    other = _OTHERS[_CODE[first], (noise >> 20) % 6]
    letters[offsets[:-1]] = np.where(kind > 1, other, first)
    alt = _strings(letters, offsets)
    second = pc.if_else(pa.array(two & (kind > 1)), pc.take(_SECOND, pa.array(_CODE[first] * 4 + _CODE[other])), "")
    return ref, pc.binary_join_element_wise(alt, second, "")


def mix(values: np.ndarray, salt: int | np.ndarray) -> np.ndarray:
    """Numbers as if by chance, ``(n,) int64`` from 0 (the finaliser of SplitMix64)."""
    mixed = values.astype(np.uint64) * np.uint64(4) + np.asarray(salt, np.uint64)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ mixed >> np.uint64(31)) >> np.uint64(1)).astype(np.int64)


def slices(bases: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """Parts of a sequence from 0-based starts, as strings."""
    return _strings(bases[ranges(starts, lengths)], offsets_of(lengths))


def _identifiers(pos: np.ndarray, offset: int, noise: np.ndarray) -> np.ndarray:
    """Numbers of dbSNP: most were given in the order of the genome, in several batches, and a few before that."""
    batch = noise % 4
    return np.where(batch == 0, noise * 131 % 90_000_000, batch * 600_000_000 + (offset + pos) // 6)


def _strings(letters: np.ndarray, offsets: np.ndarray) -> pa.Array:
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(letters))


def _numbers(values: np.ndarray) -> pa.Array:
    return pc.cast(pa.array(values), pa.string())


def _lines(*columns: object) -> memoryview:
    """Columns of text and constants side by side, each line with its end."""
    text = pc.binary_join_element_wise(*columns, "\n", "")
    ends = np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1]
    return memoryview(text.buffers()[2])[ends[0] : ends[-1]]
