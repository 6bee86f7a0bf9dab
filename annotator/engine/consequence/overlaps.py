"""The join of alleles and transcripts: trimmed alleles of a chunk, and the transcripts that each touches or flanks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.allele import DELETION, INSERTION, OTHER, SUBSTITUTION, SYMBOLIC, Allele, minimal
from annotator.engine.consequence.chunk import AlleleChunk
from annotator.engine.consequence.scalar.structural import structural_name
from annotator.engine.reference.gene_models import ContigModels

LONG = 2000
"""Alleles that touch more bases than this are joined one by one: a long one would widen the search for all others."""


@dataclass
class Alleles:
    """Trimmed alleles of a chunk as columns, one element an allele; see :mod:`annotator.engine.consequence.allele`.

    Attributes:
        record: (n,) int64, index of the record in the chunk, ascending.
        pos: (n,) int64, POS of the record, 1-based and ascending; no allele begins before it.
        start: (n,) int64, first base that is replaced, 1-based; ``end + 1`` for an insertion.
        end: (n,) int64, last base that is replaced, inclusive.
        ref: n strings, bases that are replaced.
        alt: n strings, bases that replace them, or the symbol.
        kind: (n,) int8, kind of all alleles of the record: ``INSERTION``, ``DELETION`` ... of the module ``allele``.
        text: n strings, CSQ's Allele.
        sized: (n,) bool, false for symbolic alleles whose length is not known exactly.
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

    @classmethod
    def of(cls, chunk: AlleleChunk) -> Alleles:
        """Trim the alleles of a chunk, those of a record together, as VEP does."""
        ref, alt = chunk.ref.cast(pa.string()), chunk.alt.cast(pa.string())
        ref_length, alt_length = _lengths(ref), _lengths(alt)
        ref_first, alt_first = _first_bytes(ref), _first_bytes(alt)
        symbolic = np.isin(alt_first, np.frombuffer(b"<[]*.", dtype=np.uint8))
        symbolic |= pc.match_substring_regex(alt, r"[\[\]<.]").to_numpy(zero_copy_only=False)
        star = alt_first == ord("*")
        first_of_record = np.flatnonzero(np.diff(chunk.record, prepend=-1))
        counted = np.where(first_of_record.size, np.diff(first_of_record, append=len(chunk)), 0)
        longer = _any(~star & ~symbolic & (ref_length != alt_length), first_of_record, counted)
        unlike = _any(~star & (symbolic | (ref_first != alt_first)), first_of_record, counted)
        cut = (longer & ~unlike & ~symbolic).astype(np.int64)
        start = chunk.pos.astype(np.int64) + cut
        end = np.where(symbolic & ~star, np.maximum(chunk.end, chunk.pos), chunk.pos + ref_length - 1).astype(np.int64)
        # A symbolic allele begins behind POS, a breakend too.
        start = np.where(symbolic & ~star, chunk.pos + 1, start)
        end = np.where(symbolic & (start > end), start, end)
        ref, alt = _cut(ref, cut), _cut(alt, cut)
        left, right = ref_length - cut, alt_length - cut
        alone = np.repeat(counted == 1, counted) & ~symbolic & (left != right) & (left > 0) & (right > 0)
        if alone.any():
            ref, alt = _trim(np.flatnonzero(alone), ref, alt, start, end)
            left, right = _lengths(ref), _lengths(alt)
        odd = _any(symbolic, first_of_record, counted)
        kind = np.full(len(chunk), OTHER, dtype=np.int8)
        kind[~_any(~((ref_length == 1) & (alt_length == 1)), first_of_record, counted)] = SUBSTITUTION
        kind[~_any(~((left == 0) & (right > 0)), first_of_record, counted)] = INSERTION
        kind[~_any(~((left > 0) & (right == 0)), first_of_record, counted)] = DELETION
        kind[odd] = OTHER
        kind[symbolic] = SYMBOLIC
        text = pc.if_else(pa.array(right == 0), "-", alt)
        if symbolic.any():
            names = text.to_pylist()
            for at in np.flatnonzero(symbolic):
                names[at] = structural_name(names[at])
            text = pa.array(names, pa.string())
        if chunk.symbol is not None:
            named = [symbol and structural_name(symbol) for symbol in chunk.symbol.to_pylist()]
            text = pc.coalesce(pa.array(named, pa.string()), text)
        record, pos = chunk.record.astype(np.int64), chunk.pos.astype(np.int64)
        sized = chunk.end > 0 if chunk.exact is None else (chunk.end > 0) & chunk.exact
        return cls(record, pos, start, end, ref, alt, kind, text, sized)

    def __len__(self) -> int:
        return len(self.record)

    def one(self, at: int) -> Allele:
        """One allele, by its index."""
        ref, alt = self.ref[at].as_py(), self.alt[at].as_py()
        return Allele(int(self.start[at]), int(self.end[at]), ref, alt, int(self.kind[at]), bool(self.sized[at]))


def _lengths(texts: pa.StringArray) -> np.ndarray:
    found: np.ndarray = pc.binary_length(texts).to_numpy().astype(np.int64)
    return found


def _first_bytes(texts: pa.StringArray) -> np.ndarray:
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts)]
    data = np.frombuffer(texts.buffers()[2] or b"\0", dtype=np.uint8)
    found: np.ndarray = data[np.minimum(offsets, len(data) - 1)]
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


def _trim(
    chosen: np.ndarray, ref: pa.StringArray, alt: pa.StringArray, start: np.ndarray, end: np.ndarray
) -> tuple[pa.StringArray, pa.StringArray]:
    """Trim chosen alleles, each the only one of its record, at both ends; ``start`` and ``end`` change in place."""
    refs, alts = ref.to_pylist(), alt.to_pylist()
    for at in chosen.tolist():
        begin, refs[at], alts[at] = minimal(refs[at], alts[at])
        start[at] += begin
        end[at] = start[at] + len(refs[at]) - 1
    return pa.array(refs, pa.string()), pa.array(alts, pa.string())


def _cut(texts: pa.StringArray, cut: np.ndarray) -> pa.StringArray:
    """Drop the first base where ``cut``, (n,) int64, is not 0."""
    if not cut.any():
        return texts
    return pc.if_else(pa.array(cut > 0), pc.utf8_slice_codeunits(texts, 1), texts)


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


def find_pairs(alleles: Alleles, models: ContigModels) -> Pairs:
    """Find for each allele the transcripts that it touches or that lie within ``models.flank`` bases of it."""
    allele, transcript = _near(alleles, models)
    start, end = alleles.start[allele], alleles.end[allele]
    first, last = models.start[transcript], models.end[transcript]
    kept = (end >= first - models.flank) & (start <= last + models.flank)
    allele, transcript = allele[kept], transcript[kept]
    if models.copies:
        nearest = _nearest(alleles, models, allele, transcript)
        allele, transcript = allele[nearest], transcript[nearest]
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
    long = np.flatnonzero(high - alleles.pos > LONG)
    short = np.flatnonzero(high - alleles.pos <= LONG)
    found = [(none, none)]
    if len(short):
        starts = alleles.pos[short]
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
