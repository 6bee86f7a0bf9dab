"""Genes at the mate of a breakend, which may be on another contig than the breakend itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence import GeneModels
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.structural_alleles import mate_of

MOST_CONTIGS = 100
"""Contigs whose genes stay in memory, a few bytes for each transcript."""


class MateGenes:
    """Finds the genes that the mates of breakends lie in.

    Args:
        reference: names the contigs.
        models: of the reference.
    """

    def __init__(self, reference: Reference, models: GeneModels) -> None:
        self._reference = reference
        self._models = models
        self._genes: dict[str, tuple[np.ndarray, np.ndarray, pa.StringArray]] = {}

    def symbols(self, alt: bytes, info: bytes) -> str | None:
        """Symbols of the genes that an allele's mate lies in, sorted and joined by ``&``; None where there are none.

        Args:
            alt: the allele as in the file.
            info: INFO of its record.
        """
        mate = mate_of(alt, info)
        contig = None if mate is None else self._reference.canonical(mate[0].decode("latin-1"))
        if mate is None or contig is None:
            return None
        start, end, symbol = self._of(contig)
        inside = np.flatnonzero((start <= mate[1]) & (mate[1] <= end))
        return "&".join(sorted({name for name in symbol.take(pa.array(inside)).to_pylist() if name})) or None

    def _of(self, contig: str) -> tuple[np.ndarray, np.ndarray, pa.StringArray]:
        """First and last base of each transcript of a contig, and its gene's symbol, or identifier if it has none."""
        if contig not in self._genes:
            if len(self._genes) == MOST_CONTIGS:
                self._genes.pop(next(iter(self._genes)))
            models = self._models.contig(contig)
            symbol = models.strings("symbol")
            named = pc.if_else(pc.equal(symbol, ""), models.strings("gene"), symbol)
            self._genes[contig] = models.start, models.end, named
        return self._genes[contig]
