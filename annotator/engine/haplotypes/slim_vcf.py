"""Neighbouring variants on one chromosome seen together: ``bcftools csq`` on phased genotypes, and its answers.

csq fails a whole file at one allele that it cannot take, so it never sees the user's file but a slim one: alleles of
plain bases that some sample carries, on the reference's own contigs, with genotypes and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine.consequence import GeneModels
from annotator.engine.haplotypes.phase_sets import WITH_SETS, sets_of, with_sets
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.block_parser import Records
from annotator.engine.vcf.genotypes import carried, genotypes_of, gives_haplotypes, renumber
from annotator.engine.vcf.reader import Block

Answer = tuple[bytes, bool]
"""Entries of BCSQ for one record, and whether they speak of all of its alleles."""
_Line = tuple[int, tuple[bytes, bytes], Answer]
"""Ordinal of a record, its place, its answer."""
_VERSION = re.compile(r"\.\d+$")
_NUMBER = re.compile(rb"\d+")
_PARTIAL = b"1"
"""QUAL of the slim file for records of which csq does not see all alleles."""


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
        sets = sets_of(rests[index]) if b"PS" in rests[index].partition(b"\t")[0] else None
        columns = [
            contig.encode(),
            b"%d" % records.pos[index],
            b"%d" % records.ordinal[index],
            refs[index],
            b",".join([alts[first + at] for at in seen]),
            b"." if len(seen) == sum(asked[first : first + len(of_record)]) else _PARTIAL,
            b".\t.\t" + (b"GT" if sets is None else WITH_SETS),
            renumber(genotypes, seen) if sets is None else with_sets(renumber(genotypes, seen), sets),
        ]
        lines.append(b"\t".join(columns) + b"\n")
    return b"".join(lines)


class TranscriptNames:
    """Names of transcripts, and numbers of codons, as CSQ has them, in entries that csq wrote.

    csq knows transcripts by their identifiers in the models' file, which have no version, and counts codons from the
    first whole one.

    Args:
        models: of the reference.
    """

    def __init__(self, models: GeneModels) -> None:
        self._models = models
        self._contig = b""
        self._names: dict[bytes, tuple[bytes, bool]] = {}

    def entries(self, contig: bytes, text: bytes) -> bytes:
        """The entries of a record of a contig, named and numbered again."""
        if contig != self._contig:
            self._contig, self._names = contig, self._of(contig.decode())
        return b",".join([self._entry(entry) for entry in text.split(b",")]) if self._names else text

    def _of(self, contig: str) -> dict[bytes, tuple[bytes, bool]]:
        """Full name, and whether codons are counted otherwise, by csq's name of each transcript that needs it."""
        models = self._models.contig(contig)
        names = models.strings("id").to_pylist()
        known = set(names)
        found: dict[bytes, tuple[bytes, bool]] = {}
        for name, partial in zip(names, (models.start_frame > 0).tolist(), strict=True):
            bare = _VERSION.sub("", name)
            if partial:
                found[name.encode()] = name.encode(), True
            if bare not in known:
                found[bare.encode()] = name.encode(), partial
        return found

    def _entry(self, entry: bytes) -> bytes:
        fields = entry.split(b"|")
        known = self._names.get(fields[2]) if len(fields) > 2 else None
        if known is None:
            return entry
        fields[2], partial = known
        if partial and len(fields) > 5:
            fields[5] = _NUMBER.sub(lambda found: b"%d" % (int(found[0]) + 1), fields[5])
        return b"|".join(fields)


class Answers:
    """Answers of csq, asked for block by block."""

    def __init__(self, path: Path, names: TranscriptNames) -> None:
        self._names = names
        self._lines = self._read(path)
        self._waiting: dict[int, Answer] = {}
        self._next: _Line | None = None

    def _read(self, path: Path) -> Iterator[_Line]:
        with path.open("rb", buffering=1 << 18) as stream:
            for line in stream:
                if line.startswith(b"#"):
                    continue
                fields = line.split(b"\t", 8)
                info = fields[7].rstrip(b"\n")
                if info.startswith(b"BCSQ="):
                    entries = self._names.entries(fields[0], info[5:])
                    yield int(fields[2]), (fields[0], fields[1]), (entries, fields[5] != _PARTIAL)

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


def joined_entries(
    local: pa.BinaryArray, ordinal: np.ndarray, answers: dict[int, Answer], unread: frozenset[str] = frozenset()
) -> pa.BinaryArray:
    """BCSQ of each record: that of the haplotypes, or else that of the record alone.

    Args:
        local: entries of each record alone.
        ordinal: of each record.
        answers: entries of the haplotypes.
        unread: transcripts that csq does not see; for these each record is judged on its own.
    """
    if not answers:
        return local
    texts = local.to_pylist()
    for index, number in enumerate(ordinal.tolist()):
        if number not in answers:
            continue
        entries, complete = answers[number]
        own = texts[index]
        if own and (unread or not complete):
            there = dict.fromkeys(entries.split(b","))
            more = (one for one in own.split(b",") if one not in there and (not complete or _is_of(one, unread)))
            entries = b",".join([entries, *more])
        texts[index] = entries
    return pa.array(texts, pa.binary())


def _is_of(entry: bytes, transcripts: frozenset[str]) -> bool:
    """Whether an entry may be of some transcripts; one of an intron names its gene alone."""
    fields = entry.decode().split("|")
    name = fields[2] if len(fields) > 2 else ""
    return not name or name in transcripts or name.rpartition(".")[0] in transcripts
