"""Alleles of a block that lie in coding sequence and that some chromosome is known to carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of, cut
from annotator.engine.consequence import ContigModels, GeneModels
from annotator.engine.consequence.compound import Edit
from annotator.engine.haplotypes.carriers import Carriers, carriers_of
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.transcript_choice import TranscriptChoice
from annotator.engine.vcf.block_parser import Records
from annotator.engine.vcf.reader import Block


@dataclass(frozen=True)
class CodingAllele:
    """An allele of plain bases that touches nothing but coding sequence of some exon.

    Attributes:
        ordinal: number of its record.
        number: index in ALT, from 0.
        pos: POS of the record.
        edit: what it changes.
        name: ``pos:ref>alt``, as in the record.
        carriers: chromosomes that carry it.
    """

    ordinal: int
    number: int
    pos: int
    edit: Edit
    name: str
    carriers: Carriers


class CodingSequence:
    """The coding parts of exons of a reference, whatever the transcript.

    Args:
        reference: of which the models are read.
    """

    def __init__(self, reference: Reference, choice: TranscriptChoice) -> None:
        self._reference = reference
        self._models = GeneModels.load(reference.compiled, choice)
        self._contig: tuple[str, np.ndarray, np.ndarray] | None = None

    def canonical(self, name: str) -> str | None:
        """The reference's name of a contig; None where it has no such contig."""
        return self._reference.canonical(name)

    def contig(self, name: str) -> ContigModels:
        """The transcripts of a contig, as the consequence caller has them."""
        one = self._reference.contig(name)
        return self._models.contig(name, one.length, one.circular)

    def touched(self, name: str, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Which ranges of bases of a contig touch coding sequence: ``(n,) bool``.

        Args:
            name: of the contig.
            first: (n,) integers, first base of each, 1-based.
            last: (n,) integers, last base of each, inclusive.
        """
        if self._contig is None or self._contig[0] != name:
            self._contig = name, *self._stretches(self.contig(name))
        _, starts, ends = self._contig
        if not len(starts):
            return np.zeros(len(first), bool)
        at = np.searchsorted(ends, first)
        found: np.ndarray = starts[np.minimum(at, len(starts) - 1)] <= last
        return found & (at < len(starts))

    @staticmethod
    def _stretches(models: ContigModels) -> tuple[np.ndarray, np.ndarray]:
        """First and last base of the stretches of coding sequence, merged where they overlap, ascending."""
        owner = models.exon_owner
        first = np.maximum(models.exon_start, models.coding_start[owner])
        last = np.minimum(models.exon_end, models.coding_end[owner])
        kept = models.is_coding[owner] & (first <= last)
        first, last = first[kept], last[kept]
        order = np.argsort(first)
        first, last = first[order], np.maximum.accumulate(last[order])
        apart = np.ones(len(first), bool)
        apart[1:] = first[1:] > last[:-1]
        closing = np.append(apart[1:], True)[: len(first)]
        return first[apart], last[closing]


def coding_lines(block: Block, numbered: bool, coding: CodingSequence) -> tuple[Block, np.ndarray]:
    """The lines of a block that touch coding sequence, so that the others need not be parsed.

    Args:
        block: of the file.
        numbered: each line starts with its number in the user's file and a tab.
        coding: of the reference.

    Returns:
        These lines, and ``(n,) int64``, the ordinal of each. Lines with too few columns are not among them: the other
        pass reports them.
    """
    text = block.text
    data = np.frombuffer(text, np.uint8)
    ends, tabs = np.flatnonzero(data == ord("\n")), np.flatnonzero(data == ord("\t"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    at = np.searchsorted(tabs, starts) + np.arange(4 + numbered)[:, None]
    at = np.append(tabs, len(data))[np.minimum(at, len(tabs))]
    lines = np.flatnonzero(at[-1] < ends)
    starts, ends, at = starts[lines], ends[lines], at[:, lines]
    chrom = cut(text, at[0] + 1 if numbered else starts, at[-4]).dictionary_encode()
    column = cut(text, at[-4] + 1, at[-3])
    number = pc.match_substring_regex(column, "^[0-9]{1,10}$")
    pos = pc.if_else(number, column, b"0").cast(pa.string()).cast(pa.int64()).to_numpy()
    last = pos + np.maximum(at[-1] - at[-2] - 1, 1)
    kept = np.zeros(len(ends), bool)
    for code, name in enumerate(chrom.dictionary.to_pylist()):
        contig = coding.canonical(name.decode("latin-1"))
        if contig is not None:
            here = chrom.indices.to_numpy() == code
            kept[here] = coding.touched(contig, pos[here], last[here])
    chosen = np.flatnonzero(kept)
    bounds = zip(starts[chosen].tolist(), ends[chosen].tolist(), strict=True)
    kept_text = b"".join([text[first : end + 1] for first, end in bounds])
    return Block(block.line, len(chosen), kept_text), block.line + lines[chosen]


def coding_alleles(records: Records, coding: CodingSequence) -> dict[str, list[CodingAllele]]:
    """The alleles of a block that may change a protein together with others, by contig, in the order of the records."""
    alleles = records.alleles
    owner = alleles.record
    wanted = alleles.plain & alleles.asked & (records.skip[owner] < 0)
    if records.fields[8].null_count == len(records) or not wanted.any():
        return {}
    size = np.diff(bytes_of(records.ref)[1])
    for code, name in enumerate(records.contigs):
        here = np.flatnonzero(records.chrom == code)
        if not len(here):
            continue
        touched = np.zeros(len(records), bool)
        if name is not None:
            # An insertion lies behind its base, and touches the next one.
            touched[here] = coding.touched(name, records.pos[here], records.pos[here] + size[here])
        wanted &= touched[owner] | (records.chrom[owner] != code)
    genotyped = pc.match_substring_regex(records.fields[8], "^GT[:\t]").fill_null(False)
    wanted &= genotyped.to_numpy(zero_copy_only=False)[owner]
    at = np.flatnonzero(wanted)
    chosen = np.unique(owner[at])
    if not len(chosen):
        return {}
    rests = records.fields[8].take(pa.array(chosen))
    found: dict[str, list[CodingAllele]] = {}
    carried = carriers_of(rests, records.ordinal[chosen])
    index = np.searchsorted(chosen, owner[at])
    columns = (column.tolist() for column in (records.ordinal[owner[at]], records.pos[owner[at]]))
    rows = zip(index.tolist(), owner[at].tolist(), at.tolist(), alleles.number[at].tolist(), *columns, strict=True)
    for row, record, allele, number, ordinal, pos in rows:
        carriers = carried.get((row, number + 1))
        if carriers is None:
            continue
        ref, alt = records.ref[record].as_py().decode("ascii"), alleles.alt[allele].as_py().decode("ascii")
        contig = records.contigs[records.chrom[record]]
        assert contig is not None
        one = CodingAllele(ordinal, number, pos, Edit.of(pos, ref, alt), f"{pos}:{ref}>{alt}", carriers)
        found.setdefault(contig, []).append(one)
    return found
