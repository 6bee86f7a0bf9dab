"""Genes of one contig: loci, exons, coding parts and isoforms, drawn from the statistics of :mod:`refseq`.

A gene is laid out in its own coordinates, 0-based and half-open from its 5' end, and then placed on the contig. All
isoforms share the frame of their gene: they leave out coding exons of whole codons, move a splice acceptor by one
codon, or differ in their untranslated ends. Genes may overlap, but not their coding parts, since one sequence must fit
both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.performance.genome import refseq

LEAST_EXON, LEAST_INTRON = 12, 60
MARGIN = 1000
"""Bases without genes at both ends of a contig."""
LONGEST_GENE = 8
"""No gene is longer than the contig divided by this: on small contigs introns are shortened."""
JITTER = 20_000
"""Bases by which a gene is moved at most whose coding parts overlap another gene's."""
ROUNDS = 12
INTRONS_OF_A_GENE, DISTANCE_WITH_SPAN = 0.6, 0.83
"""Correlation of the lengths of introns with those of their gene, and of the distance of a gene's start to the next
one's with its length: chosen so that lengths and overlaps of genes are those of :mod:`refseq`."""
SKIPPED, SHIFTED, OTHER_START, OTHER_END = 0.2, 0.05, 0.5, 0.3
"""Probability that an isoform leaves out an exon that may be left out, moves an acceptor, starts or ends elsewhere."""


@dataclass
class Structure:
    """Exons of genes, which isoforms vary, from 5' to 3'.

    Attributes:
        coding: ``(genes,) bool``.
        counts, offsets: ``(genes,)`` and ``(genes + 1,) int64``: number of exons, and index of the first one.
        first_coding: ``(genes,) int64``: number of the exon with the start codon.
        gene, number: ``(exons,) int64``: the gene of each exon, and its number there from 0.
        start, end: ``(exons,) int64``, in the gene.
        code_start, code_end: ``(exons,) int64``: its coding part, in the gene; empty outside.
        may_skip: ``(exons,) bool``: it has whole codons only, without start and stop.
    """

    coding: np.ndarray
    counts: np.ndarray
    offsets: np.ndarray
    first_coding: np.ndarray
    gene: np.ndarray
    number: np.ndarray
    start: np.ndarray
    end: np.ndarray
    code_start: np.ndarray
    code_end: np.ndarray
    may_skip: np.ndarray


@dataclass
class Isoforms:
    """Transcripts of genes.

    Attributes:
        gene: ``(transcripts,) int64``, ascending.
        translated: ``(transcripts,) bool``.
        transcript: ``(exons,) int64``: the transcript of each exon, ascending; exons go from 5' to 3'.
        start, end: ``(exons,) int64``, in the gene.
        code_start, code_end: ``(exons,) int64``: its coding part, in the gene; empty outside.
    """

    gene: np.ndarray
    translated: np.ndarray
    transcript: np.ndarray
    start: np.ndarray
    end: np.ndarray
    code_start: np.ndarray
    code_end: np.ndarray


@dataclass
class Genes:
    """Genes of a contig.

    Attributes:
        structure, isoforms: their exons and transcripts.
        span: ``(genes,) int64``: number of bases.
        reverse: ``(genes,) bool``: whether it lies on the reverse strand.
        start: ``(genes,) int64``: first position on the contig, 1-based.
    """

    structure: Structure
    isoforms: Isoforms
    span: np.ndarray
    reverse: np.ndarray
    start: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def placed(self, gene: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last position on the contig, 1-based and inclusive, of parts of genes."""
        origin, after = self.start[gene], self.start[gene] + self.span[gene]
        reverse = self.reverse[gene]
        return np.where(reverse, after - end, origin + start), np.where(reverse, after - start, origin + end) - 1


def make(rng: np.random.Generator, length: int, count: int) -> Genes:
    """Genes of a contig.

    Args:
        rng: Source of chance.
        length: Bases of the contig.
        count: Number of genes.
    """
    coding = rng.random(count) < refseq.CODING_LOCI
    of_exons = rng.standard_normal(count)
    of_isoforms = _related(rng, of_exons, refseq.EXONS_WITH_ISOFORMS)
    exons = _either(coding, ranks(of_exons), "exons of a coding locus", "exons of another locus")
    isoforms = _either(coding, ranks(of_isoforms), "isoforms of a coding locus", "isoforms of another locus")
    structure, span = _structure(rng, coding, exons, (length - 2 * MARGIN) // LONGEST_GENE)
    genes = Genes(structure, _isoforms(rng, structure, isoforms), span, rng.random(count) < 0.5)
    genes.start = _starts(rng, span, length)
    _separate(rng, genes, length)
    return genes


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value among all of them, between 0 and 1."""
    order = np.argsort(values, kind="stable")
    found = np.empty(len(values))
    found[order] = (np.arange(len(values)) + 0.5) / len(values)
    return found


def _normal(values: np.ndarray) -> np.ndarray:
    """Normal scores of values, by their ranks (the logistic function is close enough to the normal one)."""
    ranked = ranks(values)
    return np.log(ranked / (1 - ranked)) / 1.7


def _related(rng: np.random.Generator, values: np.ndarray, correlation: float) -> np.ndarray:
    """Normally distributed values with this correlation to others that are."""
    return correlation * values + (1 - correlation**2) ** 0.5 * rng.standard_normal(len(values))


def offsets_of(counts: np.ndarray) -> np.ndarray:
    """Where groups of these sizes begin and the last one ends, ``(groups + 1,) int64``."""
    return np.concatenate(([0], np.cumsum(counts)))


def before(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sum of the values before each one in its group; groups begin at the offsets."""
    sums = np.cumsum(values) - values
    return sums - np.repeat(sums[offsets[:-1]], np.diff(offsets))


def _either(coding: np.ndarray, ranked: np.ndarray, of_coding: str, of_others: str) -> np.ndarray:
    return np.where(coding, refseq.draw(of_coding, ranked), refseq.draw(of_others, ranked))


def _structure(
    rng: np.random.Generator, coding: np.ndarray, counts: np.ndarray, longest: int
) -> tuple[Structure, np.ndarray]:
    """Exons of genes that are no longer than a number of bases (as far as minima allow), and the genes' lengths."""
    offsets = offsets_of(counts)
    gene = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(gene)) - offsets[gene]
    first, last = number == 0, number == counts[gene] - 1
    sizes = np.minimum(_exon_sizes(rng, coding[gene], first, last), max(LEAST_EXON, longest // 4))
    introns = np.where(last, 0, _intron_sizes(rng, coding[gene], first, rng.standard_normal(len(counts))[gene]))
    exonic, intronic = (np.bincount(gene, values) for values in (sizes, introns))
    share = np.clip((longest - exonic) / np.maximum(intronic, 1), 0, 1)[gene]
    introns = np.where(last, 0, np.maximum((introns * share).astype(np.int64), LEAST_INTRON))
    start = before(sizes + introns, offsets)
    first_coding = np.searchsorted(np.cumsum(refseq.FIRST_CODING_EXON), 0.999 * rng.random(len(counts)))
    first_coding = np.minimum(first_coding, np.maximum(counts - 2, 0))
    early = (rng.random(len(counts)) > refseq.STOP_IN_LAST_EXON) & (counts - 2 > first_coding)
    last_coding = np.where(early, counts - 2, counts - 1)
    code_start, code_end = _coding_parts(rng, coding, first_coding, last_coding, gene, number, sizes)
    inner = coding[gene] & (number > first_coding[gene]) & (number < last_coding[gene])
    may_skip = inner & (sizes % 3 == 0)
    structure = Structure(coding, counts, offsets, first_coding, gene, number, start, start + sizes,
                          start + code_start, start + code_end, may_skip)  # fmt: skip
    return structure, np.bincount(gene, sizes + introns).astype(np.int64)


def _exon_sizes(rng: np.random.Generator, coding: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    kinds = {
        "only exon, coding": coding & first & last,
        "first exon, coding": coding & first,
        "last exon, coding": coding & last,
        "inner exon, coding": coding,
        "only exon, not coding": first & last,
        "exon, not coding": np.ones_like(first),
    }
    return np.maximum(_drawn(rng.random(len(first)), kinds), LEAST_EXON)


def _intron_sizes(rng: np.random.Generator, coding: np.ndarray, first: np.ndarray, of_gene: np.ndarray) -> np.ndarray:
    """Lengths of introns: genes with one long intron have other long ones."""
    kinds = {
        "first intron, coding": coding & first,
        "other intron, coding": coding,
        "intron, not coding": np.ones_like(first),
    }
    return np.maximum(_drawn(ranks(_related(rng, of_gene, INTRONS_OF_A_GENE)), kinds), LEAST_INTRON)


def _drawn(ranked: np.ndarray, kinds: dict[str, np.ndarray]) -> np.ndarray:
    """A value for each place from the first distribution that applies to it."""
    return np.select(list(kinds.values()), [refseq.draw(name, ranked) for name in kinds])


def _coding_parts(
    rng: np.random.Generator, coding: np.ndarray, first: np.ndarray, final: np.ndarray, gene: np.ndarray,
    number: np.ndarray, sizes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Start and end of the coding part of each exon, in the exon.

    Start and stop codon lie within one exon each, and the number of coding bases is a multiple of three.
    """
    is_first, is_final = number == first[gene], number == final[gene]
    only = is_first & is_final
    room = np.where(only, sizes // 5, sizes - 2)
    start = np.where(is_first, (rng.random(len(gene)) * room).astype(np.int64), 0)
    wanted = np.where(only, start + sizes * 2 // 3, 3 + refseq.draw("inner exon, coding", rng.random(len(gene))))
    end = np.where(is_final, np.minimum(wanted, sizes - 2), sizes)
    inside = coding[gene] & (number >= first[gene]) & (number <= final[gene])
    start, end = np.where(inside, start, 0), np.where(inside, end, 0)
    total = np.bincount(gene, end - start).astype(np.int64)
    return start, np.where(inside & is_final, end + (-total % 3)[gene], end)


def _isoforms(rng: np.random.Generator, structure: Structure, counts: np.ndarray) -> Isoforms:
    """Transcripts, so many of each gene. The first one has all exons of the structure, and all their bases."""
    gene = np.repeat(np.arange(len(counts)), counts)
    varied = np.arange(len(gene)) != offsets_of(counts)[gene]
    translated = structure.coding[gene] & (~varied | (rng.random(len(gene)) < refseq.CODING_ISOFORMS))
    parts = structure.counts[gene]
    latest = np.where(translated, structure.first_coding[gene], (parts - 1) // 2)
    begins = np.where(varied, (rng.random(len(gene)) * (latest + 1)).astype(np.int64), 0)

    transcript = np.repeat(np.arange(len(gene)), parts)
    exon = np.arange(len(transcript)) + np.repeat(structure.offsets[gene] - offsets_of(parts)[:-1], parts)
    number, chance = structure.number[exon], rng.random(len(exon))
    ends = number == parts[transcript] - 1
    optional = np.where(translated[transcript], structure.may_skip[exon], ~ends)
    optional &= varied[transcript] & (number > begins[transcript])
    keep = (number >= begins[transcript]) & ~(optional & (chance < SKIPPED))
    transcript, exon, number, chance, ends = (one[keep] for one in (transcript, exon, number, chance, ends))

    start, end = structure.start[exon], structure.end[exon]
    code_start, code_end = structure.code_start[exon], structure.code_end[exon]
    coded = translated[transcript] & (code_end > code_start)
    varies, amount = varied[transcript], rng.random(len(exon))
    free = np.where(coded, code_start - start, (end - start) // 3)
    later = (number == begins[transcript]) & varies & (chance < OTHER_START)
    shifted = coded & varies & structure.may_skip[exon] & (chance > 1 - SHIFTED)
    moved = start + np.where(shifted, 3, np.where(later, (amount * (free + 1)).astype(np.int64), 0))
    free = np.where(coded, end - code_end, (end - start) // 3)
    earlier = ends & varies & (chance < OTHER_END)
    cut = end - np.where(earlier, (amount * (free + 1)).astype(np.int64), 0)
    code_start = np.where(coded, np.maximum(code_start, moved), moved)
    return Isoforms(gene, translated, transcript, moved, cut, code_start, np.where(coded, code_end, moved))


def _starts(rng: np.random.Generator, span: np.ndarray, length: int) -> np.ndarray:
    """Start of each gene, 1-based: distances as in the genome, scaled so that all of the contig is used.

    Where genes are dense they are short.
    """
    ranked = ranks(_related(rng, _normal(span), DISTANCE_WITH_SPAN))
    reach = offsets_of(refseq.draw("distance of starts", ranked))
    start = MARGIN + (reach[:-1] * ((length - 2 * MARGIN) / reach[-1])).astype(np.int64)
    return np.clip(start, MARGIN, length - MARGIN - span)


def _separate(rng: np.random.Generator, genes: Genes, length: int) -> None:
    """Move genes whose coding parts overlap those of another one; what cannot be separated is not translated."""
    for _ in range(ROUNDS):
        moved = _overlapping(genes)
        by = rng.integers(-JITTER, JITTER, len(moved))
        genes.start[moved] = np.clip(genes.start[moved] + by, MARGIN, length - MARGIN - genes.span[moved])
    while len(bad := _overlapping(genes)):
        genes.structure.coding[bad] = False
        lost = np.isin(genes.isoforms.gene, bad)
        genes.isoforms.translated[lost] = False
        parts = lost[genes.isoforms.transcript]
        genes.isoforms.code_end[parts] = genes.isoforms.code_start[parts]


def _overlapping(genes: Genes) -> np.ndarray:
    """Genes whose coding parts overlap those of a gene before them."""
    of = genes.structure
    code = np.flatnonzero(of.coding[of.gene] & (of.code_end > of.code_start))
    first, last = genes.placed(of.gene[code], of.code_start[code], of.code_end[code])
    order = np.argsort(first, kind="stable")
    clash = first[order][1:] <= np.maximum.accumulate(last[order])[:-1]
    return np.unique(of.gene[code][order][1:][clash])
