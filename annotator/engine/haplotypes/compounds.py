"""Which alleles of several records change a protein together: those of one chromosome that share a codon or a frame.

Two alleles on one chromosome belong together in a transcript when they touch the same codon, or when the first one
shifts the reading frame and the second one lies before the frame is restored and before the stop codon that the shifted
frame reads. Groups of these that change adjacent bases, as substitutions on both sides of the border of two codons do,
also belong together as a whole: HGVS describes them as one change. Alleles that overlap cannot both be on one
chromosome: of those the first one counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.engine.byte_columns import spread
from annotator.engine.consequence import ContigModels
from annotator.engine.consequence.compound import Compound, Edit
from annotator.engine.consequence.vector.positions import cdna, locate
from annotator.engine.haplotypes.carriers import NO_SET, Carriers
from annotator.engine.haplotypes.coding_alleles import CodingAllele
from annotator.engine.reference.genetic_code import codons_to_stop
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Fetch, Transcript

MOST_PATTERNS = 64
"""Combinations of neighbouring alleles that are annotated, those with most carriers first. Chance would make thousands
in a large sample; a population has few."""
_FAR = 1 << 32
"""Larger than any number of a codon."""


@dataclass(frozen=True)
class _Member:
    """An allele in a transcript.

    Attributes:
        at: index of the allele.
        first, last: bases of the coding sequence that it replaces, 1-based; ``first == last + 1`` for an insertion.
        edit: the allele itself.
        alt: its bases in the direction of the transcript.
    """

    at: int
    first: int
    last: int
    edit: Edit
    alt: str

    @property
    def growth(self) -> int:
        return len(self.alt) - (self.last - self.first + 1)

    def adjoins(self, other: _Member) -> bool:
        """Whether no base of the genome lies between two members that do not overlap."""
        return max(self.edit.start, other.edit.start) - min(self.edit.end, other.edit.end) == 1


class CompoundFinder:
    """Finds the compounds of one contig.

    Args:
        models: transcripts of the contig.
        fetch: bases of the contig.
        code: number of the genetic code.

    Attributes:
        cut: names of alleles some of whose combinations were left out, see :data:`MOST_PATTERNS`.
    """

    def __init__(self, models: ContigModels, fetch: Fetch, code: int) -> None:
        self._models = models
        self._fetch = fetch
        self._code = code
        self.cut: set[str] = set()
        coding = np.flatnonzero(models.is_coding & ~models.frameshift_introns)
        self._coding = coding[np.argsort(models.coding_start[coding], kind="stable")]
        self._starts = models.coding_start[self._coding]
        self._reach = np.maximum.accumulate(models.coding_end[self._coding])

    def reach(self, position: int) -> int:
        """The last base of the coding sequences that begin at or before a base, 1-based; 0 when there are none."""
        at = int(np.searchsorted(self._starts, position, "right")) - 1
        return self._reach[at].item() if at >= 0 else 0

    def compounds(self, alleles: Sequence[CodingAllele]) -> dict[int, list[Compound]]:
        """The compounds of some alleles, by ordinal of the record, ordered by transcript and position."""
        found: dict[int, list[Compound]] = {}
        patterns = _Patterns(alleles)
        for transcript, members in self._members(alleles):
            reading = _Reading(self._models.transcript(transcript), self._fetch, self._code)
            for group in _groups(members, patterns, reading):
                ones = sorted((alleles[member.at] for member in group), key=lambda one: one.edit)
                edits = tuple(one.edit for one in ones)
                for one in ones:
                    partners = "&".join(other.name for other in ones if other is not one)
                    found.setdefault(one.ordinal, []).append(Compound(transcript, one.number, edits, partners))
        self.cut |= {alleles[at].name for at in patterns.cut}
        return found

    def _members(self, alleles: Sequence[CodingAllele]) -> Iterator[tuple[int, list[_Member]]]:
        """Transcripts with alleles that may belong together, and these, in the direction of the transcript.

        Of transcripts in which the ribosome slips, alleles that touch the slip or shift the frame are left out.
        """
        models = self._models
        low, high = (np.array([getattr(one.edit, end) for one in alleles], np.int64) for end in ("low", "high"))
        inserted = np.array([one.edit.start > one.edit.end for one in alleles], bool)
        shifts = np.array([(len(one.edit.alt) - len(one.edit.ref)) % 3 != 0 for one in alleles], bool)
        transcript, allele = self._near(low, high)
        ends = [locate(models, transcript, position[allele]) for position in (low, high)]
        kept = ends[0].exonic & ends[1].exonic & (ends[0].exon == ends[1].exon)
        transcript, allele = transcript[kept], allele[kept]
        offset = models.start_frame[transcript] + 1 - models.cdna_coding[0][transcript]
        spliced = [cdna(models, end)[kept] for end in ends]
        reading = [models.read(transcript, end) for end in spliced]
        places = [end + offset + shift for end, (shift, _) in zip(spliced, reading, strict=True)]
        first, last = np.minimum(*places), np.maximum(*places)
        first, last = np.where(inserted[allele], last, first), np.where(inserted[allele], first, last)
        once = np.logical_and.reduce([times == 1 for _, times in reading])
        once &= (reading[0][0] == reading[1][0]) & ~(models.slipping[transcript] & shifts[allele])
        transcript, allele, first, last = transcript[once], allele[once], first[once], last[once]
        order = np.lexsort((last, first, transcript))
        transcript, allele, first, last = transcript[order], allele[order], first[order], last[order]
        kept = _may_meet(transcript, first, last, shifts[allele])
        transcript, allele, first, last = transcript[kept], allele[kept], first[kept], last[kept]
        cuts = np.flatnonzero(np.diff(transcript, prepend=-1, append=-1)).tolist()
        for begin, until in itertools.pairwise(cuts):
            index = transcript[begin].item()
            t = models.transcript(index)
            columns = (column[begin:until].tolist() for column in (allele, first, last))
            found = []
            for at, one, two in zip(*columns, strict=True):
                edit = alleles[at].edit
                found.append(_Member(at, one, two, edit, edit.alt if t.strand > 0 else reverse_complement(edit.alt)))
            yield index, found

    def _near(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Transcripts and alleles that lie between the first and the last coding base: indices, (n,) int64 each."""
        models = self._models
        order = np.argsort(low, kind="stable")
        begin = np.searchsorted(low[order], models.coding_start[self._coding])
        count = np.maximum(np.searchsorted(low[order], models.coding_end[self._coding], "right") - begin, 0)
        offsets = np.concatenate([[0], np.cumsum(count)])
        allele, transcript = order[spread(begin, offsets)], np.repeat(self._coding, count)
        kept = high[allele] <= models.coding_end[transcript]
        return transcript[kept], allele[kept]


def _may_meet(transcript: np.ndarray, first: np.ndarray, last: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Which changes of coding sequences share a codon with another one or adjoin it, or lie behind a shifted frame.

    Args:
        transcript: (n,) int64, ascending; of each change.
        first: (n,) int64, first base in the coding sequence, ascending in each transcript.
        last: (n,) int64, last base.
        shifts: (n,) bool, whether the change shifts the frame.

    Returns:
        (n,) bool.
    """
    owner = np.cumsum(np.diff(transcript, prepend=-1) != 0)
    begin, until = owner * _FAR + (first - 1) // 3, owner * _FAR + (last - 1) // 3
    until[shifts] = owner[shifts] * _FAR + _FAR - 1
    until, end = np.maximum.accumulate(until), np.maximum.accumulate(owner * _FAR + last)
    meets = np.zeros(len(first), bool)
    meets[1:] = (begin[1:] <= until[:-1]) | ((owner * _FAR + first)[1:] <= end[:-1] + 1)
    meets[:-1] |= meets[1:]
    return meets


class _Reading:
    """The coding sequence of a transcript, read with changes."""

    def __init__(self, transcript: Transcript, fetch: Fetch, code: int) -> None:
        self._transcript = transcript
        self._fetch = fetch
        self._code = code
        self._known: dict[tuple[int, ...], int] = {}

    def reach(self, group: Sequence[_Member]) -> int:
        """The last codon, from 0, whose bases are read otherwise than before because of some changes."""
        if sum(member.growth for member in group) % 3 == 0:
            return (max(member.last for member in group) - 1) // 3
        key = tuple(member.at for member in group)
        if key not in self._known:
            self._known[key] = self._stop(group)
        return self._known[key]

    def _stop(self, group: Sequence[_Member]) -> int:
        """The codon in which the stop of a shifted frame ends; beyond all where it has none."""
        t = self._transcript
        t.load(self._fetch)
        at = (group[0].first - 1) // 3 * 3
        parts, growth = [], 0
        for member in group:
            parts += [t.cds[at : member.first - 1], member.alt]
            at, growth = member.last, growth + member.growth
        parts += [t.cds[at:], t.three_prime]
        codons = codons_to_stop("".join(parts), self._code, 0)
        if not codons:
            return _FAR
        end = (group[0].first - 1) // 3 * 3 + 3 * codons - growth
        return (end - 1) // 3


def _groups(members: list[_Member], patterns: _Patterns, reading: _Reading) -> list[tuple[_Member, ...]]:
    """The groups of changes of a transcript that some chromosome carries and that belong together."""
    found: dict[tuple[_Member, ...], None] = {}
    begin = 0
    while begin < len(members):
        upto, reach, end = begin + 1, reading.reach(members[begin : begin + 1]), members[begin].last
        while True:
            while upto < len(members) and ((members[upto].first - 1) // 3 <= reach or members[upto].first <= end + 1):
                reach = max(reach, reading.reach(members[upto : upto + 1]))
                end = max(end, members[upto].last)
                upto += 1
            if upto - begin < 2:
                break
            groups: list[tuple[_Member, ...]] = []
            further = reach
            for pattern in patterns.of(members[begin:upto]):
                further = max(further, _split([members[begin + at] for at in pattern], reading, groups))
            if further == reach or upto == len(members) or (members[upto].first - 1) // 3 > further:
                found |= dict.fromkeys(groups)
                break
            reach = further
        begin = upto
    return list(found)


def _split(carried: list[_Member], reading: _Reading, groups: list[tuple[_Member, ...]]) -> int:
    """Add the groups of changes of one chromosome; returns the last codon that one of them reaches."""
    parts = [carried[:1]]
    reach = furthest = reading.reach(parts[0])
    for member in carried[1:]:
        before = parts[-1][-1]
        if member.first <= before.last or (member.first, member.last) == (before.first, before.last):
            continue
        if (member.first - 1) // 3 <= reach:
            parts[-1].append(member)
        else:
            parts.append([member])
        reach = reading.reach(parts[-1])
        furthest = max(furthest, reach)
    adjoining = parts[:1]
    for part in parts[1:]:
        if part[0].adjoins(adjoining[-1][-1]):
            adjoining[-1] = adjoining[-1] + part
        else:
            adjoining.append(part)
    groups += [tuple(group) for group in (*parts, *adjoining) if len(group) > 1]
    return furthest


class _Patterns:
    """Which of some alleles lie together on a chromosome.

    Args:
        alleles: all that may be asked for.

    Attributes:
        cut: indices of alleles some of whose combinations were left out.
    """

    def __init__(self, alleles: Sequence[CodingAllele]) -> None:
        self._alleles = alleles
        self._known: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        self.cut: set[int] = set()

    def of(self, members: Sequence[_Member]) -> list[tuple[int, ...]]:
        """Combinations of at least two of some alleles, as indices of the members, each of which ascends."""
        key = tuple(member.at for member in members)
        if key not in self._known:
            found = patterns([self._alleles[at].carriers for at in key])
            if len(found) > MOST_PATTERNS:
                self.cut.update(key)
            self._known[key] = sorted(found[:MOST_PATTERNS])
        return self._known[key]


def patterns(carriers: Sequence[Carriers]) -> list[tuple[int, ...]]:
    """Combinations of at least two alleles that chromosomes carry, as indices, the most frequent ones first."""
    carried = _chromosomes(carriers)
    several = carried.sum(axis=0) > 1
    if not several.any():
        return []
    packed = np.ascontiguousarray(np.packbits(carried[:, several], axis=0).T)
    kinds, counts = np.unique(packed, axis=0, return_counts=True)
    found = [
        (-count, tuple(np.flatnonzero(np.unpackbits(kind, count=len(carriers))).tolist()))
        for kind, count in zip(kinds, counts.tolist(), strict=True)
    ]
    return [pattern for _, pattern in sorted(found)]


def _chromosomes(carriers: Sequence[Carriers]) -> np.ndarray:
    """Which of some alleles each chromosome carries: a row for each allele, and a column for each phase set's two."""
    het = np.concatenate([one.columns for one in carriers]).astype(np.int64)
    sets = [np.full(len(one.columns), NO_SET) if one.sets is None else one.sets for one in carriers]
    names, number = np.unique(np.concatenate(sets), return_inverse=True)
    width = max(1, len(names))
    # Of each sample its phase sets; one whose genotypes are all homozygous has a single column.
    alone = np.setdiff1d(np.concatenate([one.samples for one in carriers]), het >> 1).astype(np.int64)
    keys, place = np.unique(np.concatenate([(het >> 1) * width + number, alone * width]), return_inverse=True)
    owner = keys // width
    carried = np.zeros((len(carriers), 2 * len(keys)), bool)
    first = 0
    for row, one in zip(carried, carriers, strict=True):
        row[2 * place[first : first + len(one.columns)] + (one.columns & 1)] = True
        first += len(one.columns)
        if len(one.samples):
            row |= np.repeat(np.isin(owner, one.samples), 2)
    return carried
