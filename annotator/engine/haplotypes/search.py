"""The search for compounds in a file, block by block, with the coding sequences that reach from block to block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from annotator.engine.haplotypes.carriers import NO_SET, Carriers
from annotator.engine.haplotypes.coding_alleles import CodingAllele, CodingSequence
from annotator.engine.haplotypes.compound_file import CompoundFile
from annotator.engine.haplotypes.compounds import CompoundFinder
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.transcript_choice import TranscriptChoice

BATCH = 5000
"""Alleles that wait for others before they are compared, at least, as far as no coding sequence holds more of them."""


class CompoundSearch:
    """Takes the coding alleles of a file in order, and writes the compounds.

    Args:
        reference: of the file.
        choice: of its transcripts.
        found: receives the compounds.

    Attributes:
        phased: whether a genotype says on which chromosome an allele lies.
        cut: ``contig:pos:ref>alt`` of alleles some of whose combinations were left out.
    """

    def __init__(self, reference: Reference, choice: TranscriptChoice, found: CompoundFile) -> None:
        self._reference = reference
        self._coding = CodingSequence(reference, choice)
        self._sequence = reference.sequence()
        self._found = found
        self._contig = ""
        self._finder: CompoundFinder | None = None
        self._waiting: list[CodingAllele] = []
        self.phased = False
        self.cut: list[str] = []

    def add(self, alleles: Mapping[str, Sequence[CodingAllele]]) -> None:
        """Take the alleles of the next block, by contig."""
        for contig, some in alleles.items():
            if contig != self._contig:
                self.finish()
                self._contig, self._finder = contig, self._finder_of(contig)
            self.phased = self.phased or any(_known(one.carriers) for one in some)
            assert self._finder is not None
            reach = max((one.edit.high for one in self._waiting), default=0)
            for one in some:
                if len(self._waiting) >= BATCH and one.pos > self._finder.reach(reach):
                    self.finish()
                self._waiting.append(one)
                reach = max(reach, one.edit.high)

    def finish(self) -> None:
        """Write the compounds of the alleles that wait."""
        if self._finder is not None and len(self._waiting) > 1:
            self._found.write(self._finder.compounds(self._waiting))
            self.cut += sorted(f"{self._contig}:{name}" for name in self._finder.cut)
            self._finder.cut.clear()
        self._waiting = []

    def _finder_of(self, contig: str) -> CompoundFinder:
        one = self._reference.contig(contig)
        return CompoundFinder(self._coding.contig(contig), partial(self._sequence.fetch_on, one), one.genetic_code)


def _known(carriers: Carriers) -> bool:
    return len(carriers.samples) > 0 or carriers.sets is None or bool((carriers.sets >= NO_SET).any())
