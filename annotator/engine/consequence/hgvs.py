"""HGVS descriptions as data, and their text.

A description is worked out as numbers, residues and the kind of the change (:class:`HgvsC`, :class:`HgvsP`), so that an
isoform can take over that of another by adding to its numbers, and is written when all rows of a chunk are known. The
functions that write them take columns, one element a description, whichever way each was worked out; they return parts
that are joined with the name of the sequence in front (``ENST00000357654.9:c.``).

Sources: https://hgvs-nomenclature.org/stable/background/numbering/ and https://hgvs-nomenclature.org/stable/recommendations/,
in the forms that VEP writes (``hgvs_transcript`` and ``hgvs_protein`` of ``TranscriptVariationAllele``,
``format_hgvs_string`` of ``Utils::Sequence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of
from annotator.engine.reference.genetic_code import THREE_LETTERS

Parts = list[pa.Array | pa.Scalar | str]
_RESIDUES = np.zeros((256, 3), dtype=np.uint8)
"""Texts of residues by their one-letter code, padded with zeros: three letters, ``?`` for an unknown one, and ``%3D``,
which is VEP's ``=`` in CSQ, for one that is the same."""
for _letter, _text in {**THREE_LETTERS, "?": "?", "=": "%3D"}.items():
    _RESIDUES[ord(_letter), : len(_text)] = np.frombuffer(_text.encode("ascii"), np.uint8)


class Position(NamedTuple):
    """A base of a transcript.

    Attributes:
        base: counted from 1: from the first base of the coding sequence, in ``n.`` from that of the transcript, or,
            ``after_stop``, from the first base behind the coding sequence. Negative in the 5' UTR, never 0.
        offset: bases from ``base`` into an intron, negative in front of an exon; 0 in an exon.
        after_stop: whether it lies behind the coding sequence (``*``).
    """

    base: int
    offset: int = 0
    after_stop: bool = False

    def renumbered(self, by: int) -> Position:
        """The same base where the coding sequence has ``by`` more bases in front of it; UTRs count from its ends."""
        return self if self.after_stop or self.base < 0 else Position(self.base + by, self.offset)


class HgvsC(NamedTuple):
    """A change of a transcript (``c.`` or ``n.``).

    Attributes:
        start: first base.
        end: last base; the same for a single one.
        kind: ``>``, ``del``, ``dup``, ``inv``, ``ins`` or ``delins``.
        ref: the base that is substituted; empty for other kinds.
        alt: bases of a substitution, an insertion or a deletion-insertion; empty for other kinds.
    """

    start: Position
    end: Position
    kind: str
    ref: str = ""
    alt: str = ""

    def renumbered(self, by: int) -> HgvsC:
        """The same change where the coding sequence has ``by`` more bases in front of it."""
        if not by:
            return self
        return HgvsC(self.start.renumbered(by), self.end.renumbered(by), self.kind, self.ref, self.alt)


class HgvsP(NamedTuple):
    """A change of a protein (``p.``). Residues are one-letter codes.

    Attributes:
        first: residue at ``start``; all that are named where VEP names several (``p.AlaGly3=``).
        start: number of the first residue, from 1.
        last: residue at ``end``; empty for a description with one position.
        end: number of the last residue.
        kind: empty for a substitution and a frameshift, else ``=``, ``?``, ``del``, ``dup``, ``ins`` or ``delins``.
        alt: new residues; empty for ``=``, ``?``, ``del`` and ``dup``.
        tail: ``fs`` or ``ext`` where the protein ends at another stop, else empty.
        to_stop: residues to that stop; 0 where it is not found.
    """

    first: str
    start: int
    last: str
    end: int
    kind: str
    alt: str = ""
    tail: str = ""
    to_stop: int = 0

    def renumbered(self, by: int) -> HgvsP:
        """The same change of a protein that has ``by`` more residues in front of it."""
        if not by:
            return self
        numbers = self.start + by, self.last, self.end + by
        return HgvsP(self.first, *numbers, self.kind, self.alt, self.tail, self.to_stop)


class HgvsPColumns(NamedTuple):
    """The fields of many :class:`HgvsP` as columns, one element a description; None for one that is empty in all."""

    first: pa.StringArray
    start: pa.Int64Array
    last: pa.StringArray | None = None
    end: pa.Int64Array | None = None
    kind: pa.StringArray | None = None
    alt: pa.StringArray | None = None
    tail: pa.StringArray | None = None
    to_stop: pa.Int64Array | None = None

    def filter(self, chosen: np.ndarray) -> HgvsPColumns:
        """Those for which ``chosen``, ``(n,) bool``, is true."""
        if chosen.all():
            return self
        mask = pa.array(chosen)
        return HgvsPColumns(*(column if column is None else column.filter(mask) for column in self))


def position_parts(base: np.ndarray, offset: np.ndarray | None, after_stop: np.ndarray | None) -> Parts:
    """Texts of positions (``12``, ``-40+977``, ``*5``).

    Args:
        base: ``(n,) int64``, as in :class:`Position`.
        offset: ``(n,) int64``; None where all are 0.
        after_stop: ``(n,) bool``; None where none is.
    """
    parts: Parts = [numbers(base)]
    if after_stop is not None:
        parts.insert(0, pa.array(["", "*"]).take(pa.array(after_stop.astype(np.int8))))
    if offset is not None:
        sign = pa.array(["", "+"]).take(pa.array((offset > 0).astype(np.int8)))
        parts += [sign, pc.if_else(pa.array(offset == 0), "", numbers(offset))]
    return parts


def interval_parts(start: pa.StringArray, end: pa.StringArray) -> Parts:
    """Texts of intervals by those of their ends: one position where both are the same."""
    return [start, pc.if_else(pc.equal(start, end), "", pc.binary_join_element_wise("_", end, ""))]


def protein_parts(p: HgvsPColumns) -> Parts:
    """Texts of changes of proteins."""
    parts: Parts = [three_letters(p.first), p.start.cast(pa.string())]
    if p.last is not None and p.end is not None:
        second = pc.binary_join_element_wise("_", three_letters(p.last), p.end.cast(pa.string()), "")
        parts.append(pc.if_else(pc.equal(p.last, ""), "", second))
    if p.kind is not None:
        parts.append(p.kind)
    if p.alt is not None:
        parts.append(three_letters(p.alt))
    if p.tail is not None and p.to_stop is not None:
        residues = pc.if_else(pc.equal(p.to_stop, 0), "?", p.to_stop.cast(pa.string()))
        parts.append(pc.if_else(pc.equal(p.tail, ""), "", pc.binary_join_element_wise(p.tail, "Ter", residues, "")))
    return parts


def hgvsc_texts(changes: Sequence[HgvsC | None], names: pa.StringArray) -> pa.StringArray:
    """Whole descriptions of changes of transcripts.

    Args:
        changes: ``n`` of them; None where there is no description.
        names: ``(n,)``, of transcripts, with ``:c.`` or ``:n.``.

    Returns:
        ``(n,)``, empty where there is none.
    """
    there = [one for one in changes if one is not None]
    if not there:
        return _placed([], changes, names)
    starts, ends, kinds, refs, alts = zip(*there, strict=True)
    base, offset, after_stop = (np.array(column) for column in zip(*starts, *ends, strict=True))
    parts = position_parts(base, offset if offset.any() else None, after_stop if after_stop.any() else None)
    positions = pc.binary_join_element_wise(*parts, "")
    start, end = positions.slice(0, len(there)), positions.slice(len(there))
    edits = (pa.array(column, pa.string()) for column in (refs, kinds, alts))
    return _placed([*interval_parts(start, end), *edits], changes, names)


def hgvsp_texts(changes: Sequence[HgvsP | None], names: pa.StringArray) -> pa.StringArray:
    """Whole descriptions of changes of proteins, with ``=`` as VEP writes it in CSQ (``%3D``).

    As :func:`hgvsc_texts`; ``names`` are of proteins, with ``:p.``.
    """
    there = [one for one in changes if one is not None]
    if not there:
        return _placed([], changes, names)
    columns = HgvsPColumns(*map(pa.array, zip(*there, strict=True)))
    columns = columns._replace(kind=pc.replace_substring(columns.kind, "=", "%3D"))
    return _placed(protein_parts(columns), changes, names)


def _placed(parts: Parts, changes: Sequence[HgvsC | HgvsP | None], names: pa.StringArray) -> pa.StringArray:
    """Descriptions with their names in front, between empty texts for what has none."""
    mask = pa.array([one is not None for one in changes], pa.bool_())
    blank = pa.array([""] * len(changes), pa.string())
    if not parts:
        return blank
    return pc.replace_with_mask(blank, mask, pc.binary_join_element_wise(names.filter(mask), *parts, ""))


def three_letters(residues: pa.StringArray) -> pa.StringArray:
    """Peptides in three-letter amino acids, from those in one-letter ones."""
    data, offsets = bytes_of(residues)
    letters = _RESIDUES[data]
    kept = letters != 0
    ends = np.zeros(len(data) + 1, dtype=np.int32)
    np.cumsum(kept.sum(axis=1), out=ends[1:])
    return pa.StringArray.from_buffers(len(residues), pa.py_buffer(ends[offsets]), pa.py_buffer(letters[kept]))


def single_residues(residues: np.ndarray) -> pa.StringArray:
    """A column of one-letter residues from their bytes, ``(n,) uint8``; empty for 0."""
    there = residues != 0
    ends = np.zeros(len(residues) + 1, dtype=np.int32)
    np.cumsum(there, out=ends[1:])
    return pa.StringArray.from_buffers(len(residues), pa.py_buffer(ends), pa.py_buffer(residues[there]))


def numbers(values: np.ndarray) -> pa.StringArray:
    """Whole numbers as text."""
    return pa.array(values).cast(pa.string())
