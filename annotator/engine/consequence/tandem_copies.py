"""Tandem duplications within an exon: called as the insertions that they are, so that codons and frame count.

Where such a copy is left-aligned, it lies in front of the original, and in front of the exon if that begins there. A
duplication across the end of an exon, or of several exons, has terms from overlap (:mod:`scalar.structural`): the
insertion would lie in an intron, and say nothing of the exons that are copied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from annotator.engine.consequence.allele import INSERTION, SYMBOLIC, Allele
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.scalar.structural import is_tandem_copy
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.transcript import Fetch


def copies_within_exons(
    alleles: Alleles, pairs: Pairs, at: np.ndarray, models: ContigModels, shift: Callable[[Allele, int], int]
) -> np.ndarray:
    """Which pairs have a tandem duplication that lies, or can be placed, within an exon of the transcript.

    Args:
        alleles: of the chunk.
        pairs: of the chunk.
        at: (n,) int64, indices of pairs with a transcript.
        models: transcripts of the contig.
        shift: by how many bases an allele can be shifted to the right (1) or left (-1).

    Returns:
        ``(n,) bool``.
    """
    allele, transcript = pairs.allele[at], pairs.transcript[at]
    is_copy = np.zeros(len(alleles), dtype=bool)
    for index in np.flatnonzero((alleles.kind == SYMBOLIC) & alleles.sized).tolist():
        is_copy[index] = is_tandem_copy(alleles.alt[index].as_py())
    covers = (alleles.start[allele] <= models.start[transcript]) & (models.end[transcript] <= alleles.end[allele])
    found = np.zeros(len(at), dtype=bool)
    for index in np.flatnonzero(is_copy[allele] & ~covers).tolist():
        one = alleles.one(int(allele[index]))
        left, right = -shift(one, -1), shift(one, 1)
        exons = models.transcript(int(transcript[index])).exons
        found[index] = any(max(first - one.start, left) <= min(last - one.end, right) for first, last in exons)
    return found


def as_insertions(alleles: Alleles, chosen: np.ndarray, fetch: Fetch) -> Alleles:
    """The alleles of a chunk, with some tandem duplications as insertions of the copies.

    Args:
        alleles: of the chunk, those to the right of their originals if they are placed for the forward strand.
        chosen: (m,) int64, indices of these duplications.
        fetch: bases of the contig.
    """
    chosen = np.unique(chosen)
    start, end, kind = alleles.start.copy(), alleles.end.copy(), alleles.kind.copy()
    ref, alt = alleles.ref.to_pylist(), alleles.alt.to_pylist()
    for at in chosen.tolist():
        ref[at], alt[at] = "", fetch(int(start[at]), int(end[at] - start[at]) + 1).decode("ascii")
    start[chosen] = np.where(alleles.strand > 0, end[chosen] + 1, start[chosen])
    end[chosen] = start[chosen] - 1
    kind[chosen] = INSERTION
    texts = {"ref": pa.array(ref, pa.string()), "alt": pa.array(alt, pa.string())}
    return replace(alleles, start=start, end=end, kind=kind, **texts)
