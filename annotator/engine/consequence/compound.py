"""Alleles of several records on one chromosome, called together: as the one change of the transcript that they make.

Where all of them lie in one exon, that change is an allele as a single record would have it, and gets the same row.
Where an intron lies between them, it is the same of the spliced transcript, on which the rest of the transcript is
known to be as it was.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from annotator.engine.consequence.allele import OTHER, Allele, minimal
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.scalar.rows import ScalarRow, ScalarRows, exon_numbers
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Fetch, Transcript

APART = 2
"""Bases of the reference between two changes from which HGVS describes them separately."""


class Edit(NamedTuple):
    """An allele without the bases that it shares with REF at its start and end.

    Attributes:
        start: first base that is replaced, 1-based; ``end + 1`` for an insertion.
        end: last base that is replaced, inclusive.
        ref: bases that are replaced.
        alt: bases that replace them.
    """

    start: int
    end: int
    ref: str
    alt: str

    @classmethod
    def of(cls, pos: int, ref: str, alt: str) -> Edit:
        """The edit of an allele of plain bases; ``pos`` is POS, 1-based."""
        if len(ref) == len(alt) == 1:
            return cls(pos, pos, ref, alt)
        shared, ref, alt = minimal(ref, alt)
        return cls(pos + shared, pos + shared + len(ref) - 1, ref, alt)

    @property
    def low(self) -> int:
        """Lowest base that it touches; of an insertion the one before it."""
        return min(self.start, self.end)

    @property
    def high(self) -> int:
        """Highest base that it touches; of an insertion the one behind it."""
        return max(self.start, self.end)


@dataclass(frozen=True)
class Compound:
    """An allele of a record, and alleles of other records that change a transcript together with it.

    Attributes:
        transcript: index among the transcripts of the contig.
        allele: index in ALT of the record, from 0.
        edits: of all alleles, its own included, in the order of the genome.
        partners: the other records as CSQ names them.
    """

    transcript: int
    allele: int
    edits: tuple[Edit, ...]
    partners: str


def joined(edits: Sequence[Edit], fetch: Fetch) -> Allele:
    """The allele that some edits make together.

    Args:
        edits: at least one, in order, which do not overlap.
        fetch: bases of the sequence that they change.
    """
    first, last = edits[0].start, max(edit.end for edit in edits)
    bases = fetch(first, last - first + 1).decode("ascii")
    alt, at = "", first
    for edit in edits:
        alt += bases[at - first : edit.start - first] + edit.alt
        at = edit.end + 1
    alt += bases[at - first :]
    return Allele.trimmed(first, bases, alt)


class CompoundCaller:
    """Calls compounds on the transcripts of one contig.

    Args:
        fetch: bases of the contig.
        code: number of the genetic code.
        isoforms: makes the rows of alleles.
    """

    def __init__(self, fetch: Fetch, code: int, isoforms: IsoformCache) -> None:
        self._fetch = fetch
        self._code = code
        self._isoforms = isoforms
        self._last: tuple[tuple[Edit, ...], Allele] | None = None

    def row(self, edits: tuple[Edit, ...], index: int, transcript: Transcript) -> ScalarRow:
        """The row of some edits, all within the coding parts of a transcript's exons.

        ``index`` is that of the transcript. HGVSc is given where HGVS describes the edits as one change.
        """
        exon = bisect_left(transcript.exon_ends, edits[0].low)
        if max(edit.high for edit in edits) > transcript.exon_ends[exon]:
            return self._spliced_row(edits, transcript)
        if self._last is None or self._last[0] != edits:
            self._last = edits, joined(edits, self._fetch)
        row = self._isoforms.row(self._last[1], index, transcript)
        gaps = (after.start - before.end - 1 for before, after in itertools.pairwise(edits))
        return row._replace(hgvsc=None) if any(gap >= APART for gap in gaps) else row

    def _spliced_row(self, edits: tuple[Edit, ...], transcript: Transcript) -> ScalarRow:
        t = transcript
        t.load(self._fetch)
        sequence = t.spliced.encode("ascii")

        def bases(start: int, length: int) -> bytes:
            return sequence[start - 1 : start - 1 + length]

        first, last = t.cdna_coding
        back = 0 if t.strand > 0 else 2  # from the lowest base of a codon in the genome to its first one
        alone = replace(
            t, strand=1, start=1, end=t.length, coding_start=first, coding_end=last, exons=[(1, t.length)],
            selenocysteines=frozenset(t.cdna(at) - back for at in t.selenocysteines),
            recoded=tuple(t.cdna(at) - back for at in t.recoded),
            slips=tuple((t.cdna(before), t.cdna(after)) for before, after in t.slips), _spliced="", _peptides={},
        )  # fmt: skip
        in_cdna = [_along(edit, t) for edit in edits]
        row = ScalarRows(bases, self._code).row(joined(in_cdna[:: t.strand], bases), alone)
        terms = row.terms
        for edit in edits:
            terms |= Effect(Allele(*edit, OTHER), t, self._code).region_terms()
        exon = exon_numbers(t, edits[0].low, max(edit.high for edit in edits))
        return row._replace(terms=terms, exon=exon, hgvsc=None)


def _along(edit: Edit, t: Transcript) -> Edit:
    """An edit in the bases of the spliced transcript."""
    if t.strand > 0:
        return Edit(t.cdna(edit.start), t.cdna(edit.end), edit.ref, edit.alt)
    return Edit(t.cdna(edit.end), t.cdna(edit.start), reverse_complement(edit.ref), reverse_complement(edit.alt))
