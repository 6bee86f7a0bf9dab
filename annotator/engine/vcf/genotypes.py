"""Genotypes: whether they give haplotypes, and their part in the file for the consequence caller."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.bounds import LARGEST_NUMBER, whole_number
from annotator.engine.byte_columns import bytes_of, cut

UNPHASED = re.compile(rb"(?:\t|^)(?:(\d+)/(?!\1(?![0-9]))[0-9]|\./[0-9])")
"""A genotype with a slash whose second allele differs from its first: which chromosome carries what is unknown."""
WELL_FORMED = re.compile(rb"(?:\d+|\.)(?:[|/](?:\d+|\.))?(?:\t(?:\d+|\.)(?:[|/](?:\d+|\.))?)*")
"""One or two alleles a sample, and nothing else: the caller crashes on what is not so."""
_AFTER_GENOTYPE = re.compile(rb":[^\t]*")
_INDEX = re.compile(rb"\d+")
_MOST_KEYS = 1000
"""Keys of FORMAT for whose number of values Arrow's regular expressions have a repetition; Python's have for any."""


def readable(form: bytes) -> str:
    """A pattern for FORMAT and samples of a record whose genotypes other programs can read.

    htslib refuses a line where GT is not numbers or dots between slashes or bars, or where a sample has more values
    than FORMAT has keys.

    Args:
        form: FORMAT.
    """
    keys = form.split(b":")
    value, genotype = r"[^:\t]*", r"(?:\.|\d+)(?:[/|](?:\.|\d+))*"
    if b"GT" not in keys:
        sample = rf"{value}(?::{value}){{0,{len(keys) - 1}}}"
    else:
        before = keys.index(b"GT")
        sample = rf"(?:{value}:){{{before}}}{genotype}(?::{value}){{0,{len(keys) - 1 - before}}}"
        if before:  # values at the end of a sample may be left out
            sample = rf"(?:{sample}|{value}(?::{value}){{0,{before - 1}}})"
    return rf"^[^\t]*(?:\t{sample})*$"


def bad_genotypes(column: pa.BinaryArray) -> np.ndarray:
    """Which of FORMAT and samples other programs cannot read, see :func:`readable`."""
    data, starts = bytes_of(column)
    if not len(data):
        return np.zeros(len(column), bool)
    tabs = np.append(np.flatnonzero(data == 9), len(data))
    ends = np.minimum(tabs[np.searchsorted(tabs, starts[:-1])], starts[1:])
    forms = cut(data.tobytes(), starts[:-1], ends).dictionary_encode()
    # Making a pattern costs more than using it, and FORMATs of one shape have the same.
    patterns: dict[tuple[int, int], tuple[int, bytes]] = {}
    shape = [patterns.setdefault(_shape(form), (len(patterns), form))[0] for form in forms.dictionary.to_pylist()]
    index, bad = np.array(shape, np.int64)[forms.indices.to_numpy()], np.zeros(len(column), bool)
    for at, form in patterns.values():
        chosen = np.flatnonzero(index == at)
        some = column if len(chosen) == len(column) else column.take(pa.array(chosen))
        if form.count(b":") < _MOST_KEYS:
            bad[chosen] = ~pc.match_substring_regex(some, readable(form)).to_numpy(zero_copy_only=False)
        else:
            pattern = re.compile(readable(form).encode())
            bad[chosen] = [pattern.search(text) is None for text in some.to_pylist()]
    return bad


def _shape(form: bytes) -> tuple[int, int]:
    """What :func:`readable` takes of FORMAT: the number of keys, and the index of GT, or -1."""
    keys = form.split(b":")
    return len(keys), keys.index(b"GT") if b"GT" in keys else -1


def genotypes_of(rest: bytes) -> bytes | None:
    """The tab-separated genotypes of a record.

    Args:
        rest: FORMAT and the samples, as they are in the record.

    Returns:
        One genotype a sample, or None when FORMAT does not start with GT.
    """
    form, _, samples = rest.partition(b"\t")
    if form == b"GT":
        return samples
    if not form.startswith(b"GT:"):
        return None
    return _AFTER_GENOTYPE.sub(b"", samples)


def gives_haplotypes(genotypes: bytes) -> bool:
    """Tell whether every genotype of a record says which alleles lie together on one chromosome.

    Phased and haploid genotypes do, and so do homozygous ones, whatever their separator. Three or more alleles in
    one genotype do not, nor does text that is no genotype.
    """
    return UNPHASED.search(genotypes) is None and WELL_FORMED.fullmatch(genotypes) is not None


def carried(plain: list[int], genotypes: bytes) -> list[int]:
    """Alleles of plain bases that some sample carries, as indices into the alternate alleles.

    The others are kept from csq's view of haplotypes: it would place them in introns that are none.

    Args:
        plain: indices of the alleles of plain bases.
        genotypes: as :func:`genotypes_of` gives them.
    """
    indices = _indices(genotypes)
    return [at for at in plain if at + 1 in indices]


def renumber(genotypes: bytes, kept: list[int]) -> bytes:
    """Genotypes for a record with some of its alternate alleles; the others become missing.

    Args:
        genotypes: as :func:`genotypes_of` gives them.
        kept: old indices (from 0) of the alternate alleles that stay, in order.
    """
    if kept == list(range(len(kept))) and max(_indices(genotypes), default=0) <= len(kept):
        return genotypes
    new = {b"0": b"0"} | {str(old + 1).encode(): str(at + 1).encode() for at, old in enumerate(kept)}
    return _INDEX.sub(lambda found: new.get(found[0], b"."), genotypes)


def _indices(genotypes: bytes) -> set[int]:
    found = {whole_number(index) for index in set(_INDEX.findall(genotypes))}
    return {LARGEST_NUMBER if index is None else index for index in found}  # one that no allele has
