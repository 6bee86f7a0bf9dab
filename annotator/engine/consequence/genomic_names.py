"""Names of alleles on the genome: class of the variant, HGVS (``g.``, ``m.``) and SPDI.

Every allele is trimmed alone, so that its names depend neither on how the file spells it nor on the other alleles
of its record.

Sources: https://hgvs-nomenclature.org/stable/recommendations/DNA/ (of equivalent descriptions the most 3' one on the
forward strand); Holmes et al., "SPDI: data model for variants and applications at NCBI", Bioinformatics 36(6), 2020,
with the Variant Overprecision Correction Algorithm; ``SO_variation_class`` of ensembl-variation for the classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.byte_columns import bytes_of, every, letters
from annotator.engine.consequence.allele import OTHER, PLAIN, minimal
from annotator.engine.consequence.chunk import AlleleChunk
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.hgvs_c import Change, set_kind
from annotator.engine.consequence.three_prime_shift import rotate, shift_length
from annotator.engine.reference.transcript import Fetch

_WINDOW = 64
"""Bases beside an allele that are read first; twice as many each time while it can be shifted over all of them."""
_CLASSES = pa.array(["SNV", "insertion", "deletion", "indel", "", "substitution"])
"""Classes of alleles of plain bases, by the numbers of their kinds in :mod:`allele`; then that of several bases that
are replaced by as many."""
_SUBSTITUTION_CLASS = 5
_PLAIN = letters(b"ACGT")
_BREAKEND = re.compile(r"[\[\].]")
_ELEMENTS = {"ALU": "Alu", "HERV": "HERV", "LINE1": "LINE1", "L1": "LINE1", "SVA": "SVA"}
"""Mobile elements as terms of the Sequence Ontology begin with them."""
_SYMBOLIC = (
    (re.compile(r"<DUP:TANDEM"), "tandem_duplication"),
    (re.compile(r"<CNV:TR"), "tandem_repeat"),
    (re.compile(r"<DEL|<CN=?0>"), "deletion"),
    (re.compile(r"<DUP|<CN=?2>"), "duplication"),
    (re.compile(r"<INS"), "insertion"),
    (re.compile(r"<INV"), "inversion"),
    (re.compile(r"<CNV|<CN=?\d"), "copy_number_variation"),
)
"""Classes of symbolic alleles, by their starts."""


class Trimmed(NamedTuple):
    """An allele without the bases that REF and ALT share.

    Attributes:
        start: first base that is replaced, 1-based; of an insertion the base behind it.
        ref: bases that are replaced.
        alt: bases that replace them.
    """

    start: int
    ref: str
    alt: str


def variant_class(ref: str, alt: str) -> str:
    """The class of an allele, a term of the Sequence Ontology, as VEP's VARIANT_CLASS.

    Args:
        ref: as in the file, in upper case.
        alt: likewise; may be symbolic.
    """
    if not PLAIN.issuperset(alt):
        return _symbolic_class(alt.upper())
    _, ref, alt = minimal(ref, alt)
    if len(ref) == len(alt):
        return "SNV" if len(ref) == 1 else "substitution"
    if ref and alt:
        return "indel"
    return "deletion" if ref else "insertion"


def _symbolic_class(alt: str) -> str:
    if _BREAKEND.search(alt):
        return "chromosome_breakpoint"
    if element := re.match(r"<(INS|DEL):ME(?::([A-Z0-9]+))?", alt):
        return f"{_ELEMENTS.get(element[2], 'mobile_element')}_{'insertion' if element[1] == 'INS' else 'deletion'}"
    return next((name for pattern, name in _SYMBOLIC if pattern.match(alt)), "sequence_alteration")


class GenomicNames:
    """Names the alleles of one contig.

    Args:
        prefix: name of the contig and its kind of coordinates, ``NC_000022.11:g.``.
        fetch: bases of the contig, around the origin of a circular one.
        circumference: length of a circular contig in bases, 0 for a linear one.
    """

    def __init__(self, prefix: str, fetch: Fetch, circumference: int = 0) -> None:
        self._prefix = prefix
        self._name = prefix.rpartition(":")[0]
        self._fetch = fetch
        self._circumference = circumference

    @staticmethod
    def classes(chunk: AlleleChunk, alleles: Alleles) -> pa.StringArray:
        """The class of each allele, as :func:`variant_class` has it.

        Args:
            chunk: the alleles as they are in the file.
            alleles: the same, trimmed.
        """
        alike = _lengths(alleles.ref) == _lengths(alleles.alt)
        of_kind = np.where((alleles.kind == OTHER) & alike, _SUBSTITUTION_CLASS, alleles.kind)
        found = _CLASSES.take(pa.array(of_kind))
        data, starts = bytes_of(chunk.alt)
        return _replaced(found, chunk, ~every(_PLAIN[data], starts), lambda _, ref, alt: variant_class(ref, alt))

    def hgvs(self, chunk: AlleleChunk) -> pa.StringArray:
        """The HGVS description of each allele; empty for symbolic ones."""
        position = pa.array(chunk.pos).cast(pa.string())
        single = pc.binary_join_element_wise(self._prefix, position, _text(chunk.ref), ">", _text(chunk.alt), "")
        return _each(chunk, single, self.hgvs_of)

    def spdi(self, chunk: AlleleChunk) -> pa.StringArray:
        """The SPDI of each allele; empty for symbolic ones."""
        position = pa.array(chunk.pos.astype(np.int64) - 1).cast(pa.string())
        single = pc.binary_join_element_wise(self._name, position, _text(chunk.ref), _text(chunk.alt), ":")
        return _each(chunk, single, self.spdi_of)

    def hgvs_of(self, pos: int, ref: str, alt: str) -> str:
        """The HGVS description of one allele as it is in the file; empty where there is none."""
        if not PLAIN.issuperset(alt) or not PLAIN.issuperset(ref):
            return ""
        start, ref, alt = _trimmed(pos, ref, alt)
        if not ref or not alt:
            by = self._shift(start + len(ref), ref or alt, 1)
            start, ref, alt = start + by, rotate(ref, by) if ref else "", rotate(alt, by) if alt else ""
        change = Change(start, start + len(ref) - 1, ref, alt)
        set_kind(change, lambda low, high: self._bases(low, high - low + 1))
        if not self._circumference and min(change.start, change.end) < 1:
            return ""  # nothing is in front of the first base
        first, last = (self._around(one) for one in (change.start, change.end))
        if change.kind == ">":
            return f"{self._prefix}{first}{ref}>{alt}"
        place = str(first) if first == last else f"{first}_{last}"
        return f"{self._prefix}{place}{change.kind}{alt if change.kind in ('ins', 'delins') else ''}"

    def spdi_of(self, pos: int, ref: str, alt: str) -> str:
        """The SPDI of one allele as it is in the file: an insertion or deletion over all places where it can be."""
        if not PLAIN.issuperset(alt) or not PLAIN.issuperset(ref):
            return ""
        start, ref, alt = _trimmed(pos, ref, alt)
        if not ref or not alt:
            left, right = self._shift(start - 1, ref or alt, -1), self._shift(start + len(ref), ref or alt, 1)
            before, behind = self._bases(start - left, left), self._bases(start + len(ref), right)
            start, ref, alt = start - left, before + ref + behind, before + alt + behind
        return f"{self._name}:{self._around(start) - 1}:{ref}:{alt}"

    def _around(self, position: int) -> int:
        return (position - 1) % self._circumference + 1 if self._circumference else position

    def _shift(self, beside: int, unit: str, direction: int) -> int:
        """By how many bases an insertion or deletion can be shifted.

        Args:
            beside: the base beside it in that direction.
            unit: bases that are inserted or deleted.
            direction: 1 for higher positions, -1 for lower ones.
        """
        room = self._circumference or (beside if direction < 0 else LARGEST_POSITION)
        width = min(_WINDOW, room)
        while True:
            bases = self._bases(beside if direction > 0 else beside - width + 1, width)
            shift = shift_length(unit[::direction], bases[::direction])
            if shift < width or width == room:
                return shift
            width = min(2 * width, room)

    def _bases(self, start: int, count: int) -> str:
        """So many bases from a position on; none in front of a linear contig."""
        return self._fetch(start, count).decode("ascii") if count > 0 and (start > 0 or self._circumference) else ""


def _trimmed(pos: int, ref: str, alt: str) -> Trimmed:
    shared, ref, alt = minimal(ref, alt)
    return Trimmed(pos + shared, ref, alt)


def _text(column: pa.BinaryArray) -> pa.StringArray:
    return column.cast(pa.string())


def _each(chunk: AlleleChunk, texts: pa.StringArray, text: Callable[[int, str, str], str]) -> pa.StringArray:
    """A text for each allele: given for substitutions of one base, worked out for the others.

    Args:
        chunk: the alleles.
        texts: those that are right for substitutions of one base.
        text: gives that of another allele by POS, REF and ALT.
    """
    data, starts = bytes_of(chunk.alt)
    single = (_lengths(chunk.ref) == 1) & (_lengths(chunk.alt) == 1) & every(_PLAIN[data], starts)
    return _replaced(texts, chunk, ~single, text)


def _lengths(texts: pa.Array) -> np.ndarray:
    found: np.ndarray = pc.binary_length(texts).to_numpy()
    return found


def _replaced(
    texts: pa.StringArray, chunk: AlleleChunk, others: np.ndarray, text: Callable[[int, str, str], str]
) -> pa.StringArray:
    """Texts of alleles, of which some are worked out one by one.

    Args:
        texts: of the alleles.
        chunk: the alleles.
        others: ``(n,) bool``, which texts are to be replaced.
        text: gives that of an allele by POS, REF and ALT.
    """
    at = np.flatnonzero(others)
    if not len(at):
        return texts
    index = pa.array(at)
    ref, alt = (_text(one.take(index)).to_pylist() for one in (chunk.ref, chunk.alt))
    new = [text(*row) for row in zip(chunk.pos[at].tolist(), ref, alt, strict=True)]
    return pc.replace_with_mask(texts, pa.array(others), pa.array(new, pa.string()))
