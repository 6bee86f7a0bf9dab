"""Genotypes: whether they give haplotypes, and their part in the file for the consequence caller."""

from __future__ import annotations

import re

from annotator.engine.bounds import LARGEST_NUMBER, whole_number

#: A genotype with a slash whose second allele differs from its first: which chromosome carries what is unknown.
UNPHASED = re.compile(rb"(?:\t|^)(?:(\d+)/(?!\1(?![0-9]))[0-9]|\./[0-9])")
#: One or two alleles a sample, and nothing else: the caller crashes on what is not so.
WELL_FORMED = re.compile(rb"(?:\d+|\.)(?:[|/](?:\d+|\.))?(?:\t(?:\d+|\.)(?:[|/](?:\d+|\.))?)*")
_AFTER_GENOTYPE = re.compile(rb":[^\t]*")
_INDEX = re.compile(rb"\d+")


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
