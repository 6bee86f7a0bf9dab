"""The join of alleles and transcripts: normalised alleles, and the transcripts that each of them touches or flanks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of
from annotator.engine.consequence.allele import DELETION, INSERTION, OTHER, SUBSTITUTION, SYMBOLIC, Allele, minimal
from annotator.engine.consequence.chunk import AlleleChunk
from annotator.engine.consequence.scalar.structural import is_shiftable, structural_name
from annotator.engine.normalise import Fetch, normalise_all, stretch_shift
from annotator.engine.reference.gene_models import ContigModels

LONG = 2000
"""Alleles that touch more bases than this are joined one by one: a long one would widen the search for all others."""


@dataclass
class Alleles:
    """Alleles of a chunk as columns, one element an allele, each of them trimmed and left-aligned.

    Attributes:
        record: (n,) int64, index of the record in the chunk, ascending.
        pos: (n,) int64, POS of the record, 1-based and ascending.
        start: (n,) int64, first base that is replaced, 1-based; ``end + 1`` for an insertion.
        end: (n,) int64, last base that is replaced, inclusive.
        ref: n strings, bases that are replaced.
        alt: n strings, bases that replace them, or the symbol.
        kind: (n,) int8, kinds of alleles: ``INSERTION``, ``DELETION`` ... of the module ``allele``.
        text: n strings, CSQ's Allele: what VEP trims from the record as it is written.
        sized: (n,) bool, false for symbolic alleles whose length is not known exactly.
        strand: of the transcripts for which the alleles are placed so, 1 or -1; 0 for those of both strands.
    """

    record: np.ndarray
    pos: np.ndarray
    start: np.ndarray
    end: np.ndarray
    ref: pa.StringArray
    alt: pa.StringArray
    kind: np.ndarray
    text: pa.StringArray
    sized: np.ndarray
    strand: int = 0

    @classmethod
    def of(cls, chunk: AlleleChunk, fetch: Fetch) -> Alleles:
        """Normalise the alleles of a chunk, each on its own.

        Args:
            chunk: the alleles.
            fetch: bases of the contig.
        """
        alt = chunk.alt.cast(pa.string())
        first = _bytes_at(alt, 0)
        symbolic = np.isin(first, np.frombuffer(b"<[]*.", dtype=np.uint8))
        symbolic |= pc.match_substring_regex(alt, r"[\[\]<.]").to_numpy(zero_copy_only=False)
        star = first == ord("*")
        text = _allele_texts(chunk, symbolic, star)
        normalised = chunk.normalised
        if normalised is None:
            normalised = normalise_all(chunk.pos, chunk.ref, chunk.alt, ~symbolic, fetch)
        ref, alt = normalised.ref.cast(pa.string()), normalised.alt.cast(pa.string())
        left, right = _lengths(ref), _lengths(alt)
        longer = ~symbolic & (left != right)
        # The base in front of an insertion or deletion, or behind one at the first base of a contig, is no part of it.
        before = longer & (_bytes_at(ref, 0) == _bytes_at(alt, 0))
        behind = longer & ~before & (_bytes_at(ref, -1) == _bytes_at(alt, -1))
        start = normalised.pos.astype(np.int64) + before
        left, right = left - before - behind, right - before - behind
        end = start + left - 1
        # A symbolic allele begins behind POS, a breakend too.
        beyond = symbolic & ~star
        start = np.where(beyond, chunk.pos + 1, start)
        end = np.where(beyond, np.maximum(np.maximum(chunk.end, chunk.pos), start), end)
        sized = chunk.end > 0 if chunk.exact is None else (chunk.end > 0) & chunk.exact
        for at in np.flatnonzero(beyond & sized).tolist():
            if is_shiftable(alt[at].as_py()):
                by = stretch_shift(int(start[at]), int(end[at]), -1, fetch, int(start[at]) - 2)
                start[at], end[at] = start[at] - by, end[at] - by
        kind = np.full(len(chunk), OTHER, dtype=np.int8)
        kind[(left == 1) & (right == 1)] = SUBSTITUTION
        kind[(left == 0) & (right > 0)] = INSERTION
        kind[(left > 0) & (right == 0)] = DELETION
        kind[symbolic] = SYMBOLIC
        ref, alt = (_cut(one, before, behind) for one in (ref, alt))
        record, pos = chunk.record.astype(np.int64), chunk.pos.astype(np.int64)
        return cls(record, pos, start, end, ref, alt, kind, text, sized)

    def __len__(self) -> int:
        return len(self.record)

    def shifted(self, strand: int, shift: Callable[[Allele, int], Allele]) -> Alleles:
        """The same alleles with insertions and deletions at the 3' end of where they can be written.

        Args:
            strand: of transcripts, 1 or -1.
            shift: shifts an allele towards the 3' end of transcripts of a strand.
        """
        start, end = self.start.copy(), self.end.copy()
        # To the left they go no farther than they are already, but for the first bases of a contig.
        movable = np.isin(self.kind, (INSERTION, DELETION, SYMBOLIC))
        at = np.flatnonzero(movable & ((strand > 0) | (self.start <= 2)))
        moved = [shift(self.one(one), strand) for one in at.tolist()]
        start[at], end[at] = [one.start for one in moved], [one.end for one in moved]
        mask = np.zeros(len(self), bool)
        mask[at] = True
        ref, alt = (
            pc.replace_with_mask(old, pa.array(mask), pa.array(new, pa.string()))
            for old, new in ((self.ref, [one.ref for one in moved]), (self.alt, [one.alt for one in moved]))
        )
        return replace(self, start=start, end=end, ref=ref, alt=alt, strand=strand)

    def one(self, at: int) -> Allele:
        """One allele, by its index."""
        ref, alt = self.ref[at].as_py(), self.alt[at].as_py()
        return Allele(int(self.start[at]), int(self.end[at]), ref, alt, int(self.kind[at]), bool(self.sized[at]))


def _allele_texts(chunk: AlleleChunk, symbolic: np.ndarray, star: np.ndarray) -> pa.StringArray:
    """CSQ's Allele of the alleles of a chunk, those of a record trimmed together, as VEP does.

    Args:
        chunk: the alleles, ``n`` of them.
        symbolic: ``(n,) bool``, whether each is no sequence of bases.
        star: ``(n,) bool``, whether it is ``*``.
    """
    ref, alt = chunk.ref.cast(pa.string()), chunk.alt.cast(pa.string())
    left, right = _lengths(ref), _lengths(alt)
    first_of_record = np.flatnonzero(np.diff(chunk.record, prepend=-1))
    counted = np.diff(first_of_record, append=len(chunk)) if len(first_of_record) else first_of_record
    longer = _any(~star & ~symbolic & (left != right), first_of_record, counted)
    unlike = _any(~star & (symbolic | (_bytes_at(ref, 0) != _bytes_at(alt, 0))), first_of_record, counted)
    cut = longer & ~unlike & ~symbolic
    ref, text = (_cut(one, cut, np.zeros(len(chunk), bool)) for one in (ref, alt))
    left, right = left - cut, right - cut
    alone = np.repeat(counted == 1, counted) & ~symbolic & (left != right) & (left > 0) & (right > 0)
    changed = [(at, minimal(ref[at].as_py(), text[at].as_py())[2]) for at in np.flatnonzero(alone).tolist()]
    changed += [(at, structural_name(text[at].as_py())) for at in np.flatnonzero(symbolic).tolist()]
    if changed:
        texts = text.to_pylist()
        for at, one in changed:
            texts[at] = one
        text = pa.array(texts, pa.string())
    text = pc.if_else(pc.equal(text, ""), "-", text)
    if chunk.symbol is None:
        return text
    named = [symbol and structural_name(symbol) for symbol in chunk.symbol.to_pylist()]
    return pc.coalesce(pa.array(named, pa.string()), text)


def _lengths(texts: pa.StringArray) -> np.ndarray:
    found: np.ndarray = pc.binary_length(texts).to_numpy().astype(np.int64)
    return found


def _bytes_at(texts: pa.StringArray, at: int) -> np.ndarray:
    """First (0) or last (-1) bytes of texts, none of them empty: (n,) uint8."""
    data, starts = bytes_of(texts)
    found: np.ndarray = data[starts[:-1] if at == 0 else starts[1:] - 1]
    return found


def _any(flags: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Whether a flag is set for any allele of the record of each allele.

    Args:
        flags: (n,) bool.
        first: index of the first allele of each record that has any.
        counts: alleles of each of these records.

    Returns:
        (n,) bool.
    """
    if not len(flags):
        return flags
    return np.repeat(np.logical_or.reduceat(flags, first), counts)


def _cut(texts: pa.StringArray, before: np.ndarray, behind: np.ndarray) -> pa.StringArray:
    """Drop the first base where ``before``, (n,) bool, is true, and the last one where ``behind`` is."""
    if before.any():
        texts = pc.if_else(pa.array(before), pc.utf8_slice_codeunits(texts, 1), texts)
    if behind.any():
        texts = pc.if_else(pa.array(behind), pc.utf8_slice_codeunits(texts, 0, -1), texts)
    return texts


@dataclass
class Pairs:
    """Alleles with transcripts that they touch or flank, in the order of CSQ's entries.

    Attributes:
        allele: (n,) int64, index among the alleles of the chunk.
        transcript: (n,) int64, index among the transcripts of the contig; -1 for an allele with no transcript near it,
            which has one pair.
    """

    allele: np.ndarray
    transcript: np.ndarray

    def __len__(self) -> int:
        return len(self.allele)

    def keys(self) -> np.ndarray:
        """A number for each pair, the same for pairs of the same allele and transcript: (n,) int64."""
        keys: np.ndarray = self.allele * (int(self.transcript.max(initial=-1)) + 2) + self.transcript + 1
        return keys


def find_pairs(placements: Sequence[Alleles], models: ContigModels) -> Pairs:
    """Find for each allele the transcripts that it touches or that lie within ``models.flank`` bases of it.

    Args:
        placements: the alleles as they are placed for transcripts of both strands, or for those of each.
        models: transcripts of the contig.
    """
    alleles = placements[0]
    found = [_around(placed, models) for placed in placements]
    allele, transcript = (np.concatenate(column) for column in zip(*found, strict=True))
    alone = np.ones(len(alleles), dtype=bool)
    alone[allele] = False
    lonely = np.flatnonzero(alone)
    rank = models.name_rank[transcript] + 1
    allele = np.concatenate([allele, lonely])
    transcript = np.concatenate([transcript, np.full(len(lonely), -1)])
    rank = np.concatenate([rank, np.zeros(len(lonely), dtype=np.int64)])
    key = (alleles.record[allele] * (models.size + 1) + rank) * (len(alleles) + 1) + allele
    order = np.argsort(key)
    return Pairs(allele[order], transcript[order])


def spans(placements: Sequence[Alleles], pairs: Pairs, models: ContigModels) -> tuple[np.ndarray, np.ndarray]:
    """First and last base of the allele of each of n pairs, as it is placed for the transcript: (n,) int64, 1-based.

    Args:
        placements: see :func:`find_pairs`.
        pairs: of the alleles.
        models: transcripts of the contig, at least one.
    """
    start, end = placements[0].start[pairs.allele], placements[0].end[pairs.allele]
    for placed in placements[1:]:
        at = np.flatnonzero(models.strand[pairs.transcript] == placed.strand)
        start[at], end[at] = placed.start[pairs.allele[at]], placed.end[pairs.allele[at]]
    return start, end


def _around(alleles: Alleles, models: ContigModels) -> tuple[np.ndarray, np.ndarray]:
    """Alleles with the transcripts of their strand that they touch or flank: indices, (m,) int64 each."""
    allele, transcript = _near(alleles, models)
    start, end = alleles.start[allele], alleles.end[allele]
    first, last = models.start[transcript], models.end[transcript]
    near = (end >= first - models.flank) & (start <= last + models.flank)
    kept = near & (models.strand[transcript] != -alleles.strand)
    allele, transcript = allele[kept], transcript[kept]
    if not models.copies:
        return allele, transcript
    nearest = _nearest(alleles, models, allele, transcript)
    return allele[nearest], transcript[nearest]


def _nearest(alleles: Alleles, models: ContigModels, allele: np.ndarray, transcript: np.ndarray) -> np.ndarray:
    """Choose among the copies that a transcript has around a circular contig the one nearest to the allele.

    Args:
        alleles: of the chunk.
        models: transcripts of the contig.
        allele: (n,) int64, indices of alleles.
        transcript: (n,) int64, indices of transcripts.

    Returns:
        indices into ``allele`` and ``transcript``, ascending, int64.
    """
    before = models.start[transcript] - alleles.end[allele]
    behind = alleles.start[allele] - models.end[transcript]
    distance = np.maximum(np.maximum(before, behind), 0)
    name = models.same_name[transcript]
    order = np.lexsort((transcript, distance, name, allele))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(allele[order]) != 0) | (np.diff(name[order]) != 0)
    found: np.ndarray = np.sort(order[first])
    return found


def _near(alleles: Alleles, models: ContigModels) -> tuple[np.ndarray, np.ndarray]:
    """Indices of alleles and transcripts up to ``models.flank`` bases apart, and a few more: (m,) int64 each."""
    none = np.zeros(0, dtype=np.int64)
    if not models.size or not len(alleles):
        return none, none
    flank = models.flank
    low, high = np.minimum(alleles.start, alleles.end), np.maximum(alleles.start, alleles.end)
    long = np.flatnonzero(high - low > LONG)
    short = np.flatnonzero(high - low <= LONG)
    found = [(none, none)]
    if len(short):
        short = short[np.argsort(low[short], kind="stable")]  # moved alleles are not in the order of their records
        starts = low[short]
        window = np.flatnonzero((models.start <= high[short].max() + flank) & (models.end >= low[short].min() - flank))
        begin = np.searchsorted(starts, models.start[window] - flank - LONG - 1, "left")
        until = np.searchsorted(starts, models.end[window] + flank + 1, "right")
        count = np.maximum(until - begin, 0)
        total = np.cumsum(count)
        at = np.arange(total[-1] if len(total) else 0) - np.repeat(total - count, count) + np.repeat(begin, count)
        found.append((short[at], np.repeat(window, count)))
    for one in long:
        near = np.flatnonzero((models.start <= high[one] + flank) & (models.end >= low[one] - flank))
        found.append((np.full(len(near), one), near))
    return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])
