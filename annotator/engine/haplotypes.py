"""Neighbouring variants on one chromosome seen together: ``bcftools csq`` on phased genotypes, and its answers.

csq fails a whole file at one allele that it cannot take, so it never sees the user's file but a slim one: alleles of
plain bases that some sample carries, on the reference's own contigs, with genotypes and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine.blocks import Records
from annotator.engine.genotypes import carried, genotypes_of, gives_haplotypes, renumber
from annotator.engine.reading import Block
from annotator.engine.reference import Reference

#: Entries of BCSQ for one record, and whether they speak of all of its alleles.
Answer = tuple[bytes, bool]
#: Ordinal of a record, its place, its answer.
_Line = tuple[int, tuple[bytes, bytes], Answer]
#: QUAL of the slim file for records of which csq does not see all alleles.
_PARTIAL = b"1"


def slim_header(reference: Reference, samples: int) -> bytes:
    """The header of the slim file."""
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={contig.name},length={contig.length}>" for contig in reference.contigs]
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    names = "\t".join(str(at) for at in range(samples))
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + names)
    return ("\n".join(lines) + "\n").encode()


def slim_lines(records: Records) -> bytes | None:
    """The slim file's lines for a block; None when a genotype does not say which alleles lie together."""
    alleles = records.alleles
    wanted = (records.skip < 0) & (np.bincount(alleles.record, alleles.plain, len(records)) > 0)
    starts = np.cumsum(records.allele_count) - records.allele_count
    plain, asked, alts = alleles.plain.tolist(), alleles.asked.tolist(), alleles.alt.to_pylist()
    refs, rests = records.ref.to_pylist(), records.fields[8].to_pylist()
    lines = []
    for index in np.flatnonzero(wanted).tolist():
        genotypes = genotypes_of(rests[index])
        if genotypes is None:
            continue
        if not gives_haplotypes(genotypes):
            return None
        first = int(starts[index])
        of_record = range(int(records.allele_count[index]))
        seen = carried([at for at in of_record if plain[first + at]], genotypes)
        if not seen:
            continue
        contig = records.contigs[records.chrom[index]]
        assert contig is not None
        columns = [
            contig.encode(),
            b"%d" % records.pos[index],
            b"%d" % records.ordinal[index],
            refs[index],
            b",".join([alts[first + at] for at in seen]),
            b"." if len(seen) == sum(asked[first : first + len(of_record)]) else _PARTIAL,
            b".\t.\tGT",
            renumber(genotypes, seen),
        ]
        lines.append(b"\t".join(columns) + b"\n")
    return b"".join(lines)


class Answers:
    """Answers of csq, asked for block by block."""

    def __init__(self, path: Path) -> None:
        self._lines = self._read(path)
        self._waiting: dict[int, Answer] = {}
        self._next: _Line | None = None

    @staticmethod
    def _read(path: Path) -> Iterator[_Line]:
        with path.open("rb", buffering=1 << 18) as stream:
            for line in stream:
                if line.startswith(b"#"):
                    continue
                fields = line.split(b"\t", 8)
                info = fields[7].rstrip(b"\n")
                if info.startswith(b"BCSQ="):
                    yield int(fields[2]), (fields[0], fields[1]), (info[5:], fields[5] != _PARTIAL)

    def of(self, block: Block) -> dict[int, Answer]:
        """Answers for the records of a block by their ordinals; blocks come in order."""
        end = block.line + block.count
        beyond: tuple[bytes, bytes] | None = None
        # csq may change the order of records of one position, so all of the first position beyond are read.
        lines = self._lines if self._next is None else chain([self._next], self._lines)
        self._next = None
        for ordinal, place, answer in lines:
            if beyond not in (None, place):
                self._next = (ordinal, place, answer)
                break
            self._waiting[ordinal] = answer
            if ordinal >= end:
                beyond = place
        found = {ordinal: answer for ordinal, answer in self._waiting.items() if ordinal < end}
        self._waiting = {ordinal: answer for ordinal, answer in self._waiting.items() if ordinal >= end}
        return found


def joined_entries(local: pa.BinaryArray, ordinal: np.ndarray, answers: dict[int, Answer]) -> pa.BinaryArray:
    """BCSQ of each record: what the haplotypes say, else what the record by itself does.

    Args:
        local: entries of each record by itself.
        ordinal: of each record.
        answers: entries of the haplotypes.
    """
    if not answers:
        return local
    texts = local.to_pylist()
    for index, number in enumerate(ordinal.tolist()):
        if number not in answers:
            continue
        entries, complete = answers[number]
        own = texts[index]
        if not complete and own:
            there = dict.fromkeys(entries.split(b","))
            entries = b",".join([entries, *(entry for entry in own.split(b",") if entry not in there)])
        texts[index] = entries
    return pa.array(texts, pa.binary())
