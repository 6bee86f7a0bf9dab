"""Which of an allele's entries is reported where there is room for one.

The entry that is picked belongs to a gene that the allele touches, or, if it touches none, to the nearest gene. Of the
transcripts of these genes it is the first by :data:`PICK_ORDER`: each criterion decides between those that all criteria
before it left equal, and the id of the transcript between those that are equal at the end.

Source: ``pick_worst_VariationFeatureOverlapAllele`` of Ensembl VEP 115 (options ``--pick_allele``, ``--pick_order``),
which does not look at the distance of a gene.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from annotator.engine.consequence.overlaps import Alleles, Pairs, spans
from annotator.engine.reference.gene_models import ContigModels

_FAR = np.iinfo(np.int64).max
_MOST_KEYS = 1 << 25
"""Pairs of alleles and genes that are looked up in a table, with a byte each; more of them are sorted."""
_UNKNOWN = 100
"""Rank of a transcript without a level of support, or without an APPRIS label."""
RANK = "rank"
"""The criterion that depends on the consequence: its severity."""


def _lacks(column: str, pattern: str = ".") -> Callable[[ContigModels], np.ndarray]:
    """0 for transcripts whose column matches a pattern, otherwise 1."""

    def found(models: ContigModels) -> np.ndarray:
        matches: np.ndarray = pc.match_substring_regex(models.strings(column), pattern).to_numpy(zero_copy_only=False)
        return (~matches).astype(np.int64)

    return found


def _is_no_mane_select(models: ContigModels) -> np.ndarray:
    found: np.ndarray = _lacks("tags", "(^|&)MANE_Select(&|$)")(models) & _lacks("mane")(models)
    return found


def _is_not_canonical(models: ContigModels) -> np.ndarray:
    canonical: np.ndarray = models.table["canonical"].to_numpy()
    return (~canonical).astype(np.int64)


def _appris(models: ContigModels) -> np.ndarray:
    labels = models.strings("appris").to_pylist()
    return np.array([int(one[1:] or 0) + 10 * one.startswith("A") if one else _UNKNOWN for one in labels], np.int64)


def _support_level(models: ContigModels) -> np.ndarray:
    return np.array([int(level or _UNKNOWN) for level in models.strings("tsl").to_pylist()], np.int64)


def _shortness(models: ContigModels) -> np.ndarray:
    """Bases of the coding sequence, otherwise of all exons, as a negative number."""
    first, last = models.cdna_coding
    exons = np.add.reduceat(models.exon_end - models.exon_start + 1, models.exon_offset[:-1]) if models.size else first
    return -np.where(models.is_coding, last - first + 1, exons)


CRITERIA: dict[str, Callable[[ContigModels], np.ndarray] | None] = {
    "mane_select": _is_no_mane_select,
    "mane_plus_clinical": _lacks("tags", "(^|&)MANE_Plus_Clinical(&|$)"),
    "canonical": _is_not_canonical,
    "appris": _appris,
    "tsl": _support_level,
    "biotype": _lacks("biotype", "^protein_coding$"),
    "ccds": _lacks("ccds"),
    RANK: None,
    "length": _shortness,
}
"""For each criterion, by VEP's name, a number per transcript: the lowest comes first. :data:`RANK` has none."""
PICK_ORDER: tuple[str, ...] = tuple(CRITERIA)
"""The order of the criteria unless the user gives another one, which is VEP's."""


class Choice(NamedTuple):
    """Indices of overlaps, ``(n,) int64`` each for n alleles.

    Attributes:
        picked: the overlap that is picked of each allele.
        most_severe: the one with the most severe term; of several the one that would be picked.
    """

    picked: np.ndarray
    most_severe: np.ndarray


class Picker:
    """Picks among the overlaps of alleles with the transcripts of one contig.

    Args:
        models: transcripts of the contig.
        order: names of criteria; those that are left out decide nothing.
    """

    def __init__(self, models: ContigModels, order: Sequence[str] = PICK_ORDER) -> None:
        self._models = models
        self._ranked = RANK in order
        at = order.index(RANK) if self._ranked else len(order)
        first, second = (
            [numbers(models) for name in part if (numbers := CRITERIA[name])] for part in (order[:at], order[at:])
        )
        #: Places of the transcripts by the criteria before and after the rank; the last one is for no transcript.
        self._before = np.append(_places(first, models.size), 0)
        self._after = np.append(_places([*second, models.name_rank], models.size), 0)
        gene = models.strings("gene").dictionary_encode()
        self._gene = np.append(gene.indices.to_numpy().astype(np.int64), len(gene.dictionary))

    def scores(self, pairs: Pairs, terms: np.ndarray) -> np.ndarray:
        """Numbers that put the overlaps of each allele in order, the lowest first.

        Args:
            pairs: n overlaps.
            terms: ``(n,) int64``, their terms as bits.

        Returns:
            ``(n,) int64``, different for all overlaps of an allele, below ``2 ** 62``.
        """
        rank = severity(terms) if self._ranked else 0
        before, after = self._before[pairs.transcript], self._after[pairs.transcript]
        found: np.ndarray = (before * 64 + rank) * len(self._after) + after
        return found

    def choose(
        self, placements: Sequence[Alleles], pairs: Pairs, terms: np.ndarray, alone: int | None = None
    ) -> Choice:
        """What is reported of each allele, all of which have an overlap.

        Args:
            placements: the alleles of the chunk as they are placed for transcripts of both strands, or for those of
                each.
            pairs: n overlaps.
            terms: ``(n,) int64``, their terms as bits.
            alone: number of overlaps, the first ones, that are no compounds; only these are picked. By default all.
        """
        count = len(placements[0])
        score = self.scores(pairs, terms) + np.where(self._of_nearest_genes(placements, pairs), 0, 1 << 62)
        rank = severity(terms)
        severe = rank == _least(pairs.allele, rank, count)[pairs.allele]
        return Choice(
            _first(pairs.allele[:alone], score[:alone], count),
            _first(pairs.allele, np.where(severe, score, _FAR), count),
        )

    def first_of_genes(self, pairs: Pairs, terms: np.ndarray) -> np.ndarray:
        """The overlap that comes first of each allele and gene, as indices, ascending."""
        key = pairs.allele * len(self._gene) + self._gene[pairs.transcript]
        _, group = np.unique(key, return_inverse=True)
        return np.sort(_first(group, self.scores(pairs, terms), int(group.max(initial=-1)) + 1))

    def _of_nearest_genes(self, placements: Sequence[Alleles], pairs: Pairs) -> np.ndarray:
        """Which overlaps are with transcripts of a gene that is touched, or of the nearest gene: ``(n,) bool``."""
        allele, transcript = pairs.allele, pairs.transcript
        if not self._models.size:
            return np.ones(len(pairs), dtype=bool)
        start, end = spans(placements, pairs, self._models)
        before, behind = self._models.start[transcript] - end, start - self._models.end[transcript]
        distance = np.where(transcript < 0, 0, np.maximum(np.maximum(before, behind), 0))
        near: np.ndarray = distance == _least(allele, distance, len(placements[0]))[allele]
        if near.all():
            return near
        # Alleles with an overlap that is not near may have one with another transcript of a gene that is.
        divided = np.zeros(len(placements[0]), dtype=bool)
        divided[allele[~near]] = True
        at = np.flatnonzero(divided[allele])
        gene = self._gene[transcript[at]] - self._gene[transcript[at]].min()
        key = np.cumsum(divided)[allele[at]] * (gene.max() + 1) + gene
        table = key.max() < _MOST_KEYS
        near[at] |= np.isin(key, key[near[at]], kind="table" if table else "sort")
        return near


def severity(terms: np.ndarray) -> np.ndarray:
    """Place of the most severe of some terms in :data:`annotator.engine.consequence.so_terms.TERMS`, from 0."""
    found: np.ndarray = np.log2(terms & -terms).astype(np.int64)
    return found


def _places(columns: list[np.ndarray], size: int) -> np.ndarray:
    """Places of rows, from 0, by columns of which each decides between the rows that those before it left equal."""
    if not columns or not size:
        return np.zeros(size, dtype=np.int64)
    _, found = np.unique(np.stack(columns), axis=1, return_inverse=True)
    places: np.ndarray = found.reshape(size).astype(np.int64)
    return places


def _least(group: np.ndarray, value: np.ndarray, groups: int) -> np.ndarray:
    """The least value of each group; a large number for groups without one."""
    found = np.full(groups, _FAR)
    np.minimum.at(found, group, value)
    return found


def _first(group: np.ndarray, score: np.ndarray, groups: int) -> np.ndarray:
    """The index of the lowest score of each group, the first of several; every group has one."""
    found = np.empty(groups, dtype=np.int64)
    chosen = np.flatnonzero(score == _least(group, score, groups)[group])[::-1]
    found[group[chosen]] = chosen
    return found
