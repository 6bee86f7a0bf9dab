"""Phase sets: genotypes of one sample that may not be read together, in columns of their own for csq.

What lies together on one chromosome is known within a phase set (FORMAT/PS) alone (VCF 4.4, section 1.6.2). csq does
not read PS: it takes all genotypes of a column as two haplotypes. So a sample gets as many columns as it has phase sets
in the genes that overlap each other, and in each column only the genotypes of one of them are there, beside the
homozygous ones, which lie together with every other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annotator.engine.consequence import GeneModels

WITH_SETS = b"GT:PS"
"""FORMAT of lines of the slim file whose genotypes have phase sets."""
MOST_COLUMNS = 20_000
"""Columns that csq is given at most."""
MISSING = b"."
BEFORE = 1000
"""Bases before a gene in which a record, such as a deletion that reaches into it, counts as one of the gene."""


class TooManySetsError(Exception):
    """The phase sets need more columns than :data:`MOST_COLUMNS`."""


def sets_of(rest: bytes) -> list[bytes] | None:
    """The phase set of each sample of a record.

    Args:
        rest: FORMAT and the samples, as they are in the record.

    Returns:
        One value a sample, :data:`MISSING` where there is none; None when FORMAT has no PS.
    """
    form, *samples = rest.split(b"\t")
    keys = form.split(b":")
    if b"PS" not in keys:
        return None
    at = keys.index(b"PS")
    values = (sample.split(b":", at + 1) for sample in samples)
    return [parts[at] or MISSING if len(parts) > at else MISSING for parts in values]


def with_sets(genotypes: bytes, sets: list[bytes]) -> bytes:
    """Tab-separated genotypes, each with its phase set behind a colon."""
    return b"\t".join(b"%s:%s" % pair for pair in zip(genotypes.split(b"\t"), sets, strict=True))


class Genes:
    """Stretches of the genome in which genes overlap each other.

    Args:
        models: of the reference.
    """

    def __init__(self, models: GeneModels) -> None:
        self._models = models
        self._contig = b""
        self._starts = np.zeros(0, np.int64)

    def stretch(self, contig: bytes, pos: int) -> int:
        """A number that two positions (1-based) of a contig share when one gene, or genes that overlap, hold both."""
        if contig != self._contig:
            self._contig = contig
            found = self._models.contig(contig.decode())
            starts = found.start - BEFORE
            apart = np.ones(found.size, dtype=bool)
            apart[1:] = starts[1:] > np.maximum.accumulate(found.end)[:-1]
            self._starts = starts[apart]
        return int(np.searchsorted(self._starts, pos, "right"))


def spread_sets(slim: Path, out: Path, genes: Genes) -> bool:
    """Write a slim file in which every phase set has a column of its own.

    Args:
        slim: a VCF file as :mod:`annotator.engine.haplotypes.slim_vcf` writes it; lines whose FORMAT is
            :data:`WITH_SETS` have phase sets.
        out: the same records with GT alone, and more columns.
        genes: phase sets of different stretches may share a column.

    Returns:
        False, and nothing is written, when no record has a phase set.

    Raises:
        TooManySetsError: more columns are needed than csq can be given.
    """
    widths: list[int] = []
    seen = False
    for columns, numbers in _numbered(slim, genes):
        widths = widths or [1] * len(numbers)
        seen |= columns[8] == WITH_SETS
        widths = [max(width, number + 1) for width, number in zip(widths, numbers, strict=True)]
    if not seen:
        return False
    if sum(widths) > max(MOST_COLUMNS, 2 * len(widths)):
        raise TooManySetsError
    with out.open("wb", buffering=1 << 18) as stream, slim.open("rb", buffering=1 << 18) as lines:
        for line in lines:
            if line.startswith(b"##"):
                stream.write(line)
            elif line.startswith(b"#"):
                fixed = line.rstrip(b"\n").split(b"\t")[:9]
                stream.write(b"\t".join([*fixed, *(b"%d" % at for at in range(sum(widths)))]) + b"\n")
                break
        for columns, numbers in _numbered(slim, genes):
            columns[8] = b"GT"
            genotypes = [sample.partition(b":")[0] for sample in columns[9:]]
            cells = []
            for genotype, number, width in zip(genotypes, numbers, widths, strict=True):
                cells += [genotype if number < 0 or number == at else MISSING for at in range(width)]
            stream.write(b"\t".join([*columns[:9], *cells]) + b"\n")
    return True


def _numbered(slim: Path, genes: Genes) -> Iterator[tuple[list[bytes], list[int]]]:
    """Columns of each record, and for each sample the number of the phase set in this stretch, from 0.

    A number of -1 stands for genotypes that lie together with those of every set: the homozygous ones.
    """
    known: list[dict[bytes, int]] = []
    here: tuple[bytes, int] | None = None
    with slim.open("rb", buffering=1 << 18) as lines:
        for line in lines:
            if line.startswith(b"#"):
                continue
            columns = line.rstrip(b"\n").split(b"\t")
            place = columns[0], genes.stretch(columns[0], int(columns[1]))
            if place != here:
                here, known = place, [{} for _ in columns[9:]]
            numbers = []
            for sample, sets in zip(columns[9:], known, strict=True):
                genotype, _, phase_set = sample.partition(b":")
                if _same_on_both(genotype):
                    numbers.append(-1)
                else:
                    numbers.append(sets.setdefault(phase_set or MISSING, len(sets)))
            yield columns, numbers


def _same_on_both(genotype: bytes) -> bool:
    """Whether a genotype is haploid, or has the same allele twice."""
    first, _, second = genotype.replace(b"/", b"|").partition(b"|")
    return not second or first == second
